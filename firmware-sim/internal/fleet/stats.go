package fleet

import (
	"time"

	"snbroker/firmware-sim/internal/radio"
	"snbroker/firmware-sim/internal/scenario"
	"snbroker/firmware-sim/internal/tally"
)

// Stats is what has been counted.
type Stats struct {
	States [States]int64

	Up, Down  uint64 // datagrams, before the radio
	Lost      [radio.Causes]uint64
	Strays    uint64      // datagrams to nobody
	Malformed uint64      // datagrams of the gateway that are none
	Ignored   uint64      // that were of no use
	Retries   [256]uint64 // by MsgType

	Arrived, Commands uint64 // messages at the program, and at devices
	Skipped           uint64 // messages that a device had no room for, or that were too long
	Foreign           uint64 // messages of an earlier run
	Refusals          uint64 // CONNECT and SUBSCRIBE with a ReturnCode
	Congested         uint64
	GiveUps           uint64 // connections, for want of an answer
	Ended             uint64 // connections, by the gateway
	WakesLost         uint64 // wakes without PINGRESP

	Reboots, PowerLosses, Moves, Storms uint64
	Restarts                            uint64 // of the gateway

	Connect, WakeFlush tally.Histogram
	Acknowledged       tally.Histogram // from publish to the end of the exchange
	EndToEnd           tally.Histogram // from the device to the program
	Command            tally.Histogram // from the program to the device
	Answer             tally.Histogram // from the command to its answer at the program
	Downloads          tally.Histogram
}

// Repeated is how many requests were sent again.
func (s *Stats) Repeated() (n uint64) {
	for _, r := range s.Retries {
		n += r
	}
	return n
}

// Series is what happened over time, in steps of equal length.
type Series struct {
	Points []Point

	step    time.Duration
	before  Stats
	latency tally.Histogram
}

// Point is one step.
type Point struct {
	At                time.Duration // its end
	States            [States]int64
	Arrived, Commands uint64
	Retries           uint64
	P50, P99          time.Duration // of what arrived within it
}

// points is how many a run has, about.
const points = 120

func (s *Series) start(sc *scenario.Scenario) {
	s.step = max(sc.Duration/points, 100*time.Millisecond)
}

// Step is how long a point is.
func (s *Series) Step() time.Duration { return s.step }

func (s *Series) sample(f *Fleet) {
	now := &f.stats
	s.Points = append(s.Points, Point{
		At: f.now, States: now.States,
		Arrived: now.Arrived - s.before.Arrived, Commands: now.Commands - s.before.Commands,
		Retries: now.Repeated() - s.before.Repeated(),
		P50:     s.latency.At(0.5), P99: s.latency.At(0.99),
	})
	s.before.Arrived, s.before.Commands, s.before.Retries = now.Arrived, now.Commands, now.Retries
	s.latency = tally.Histogram{}
}
