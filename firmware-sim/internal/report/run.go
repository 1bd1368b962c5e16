// Package report tells what came of a run: as text, JSON, JUnit's XML, CSV, and
// a page with charts.
package report

import (
	"fmt"
	"time"

	"snbroker/firmware-sim/internal/fleet"
	"snbroker/firmware-sim/internal/radio"
	"snbroker/firmware-sim/internal/scenario"
	"snbroker/firmware-sim/internal/tally"
	"snbroker/firmware-sim/internal/truth"
	"snbroker/mqttsn"
)

// Run is all that is told. Nothing in it depends on the wall clock: two runs in
// virtual time with one seed are told alike.
type Run struct {
	Scenario    string
	About       string
	Devices     int
	Seed        uint64
	World       string        // where it was played
	Length      time.Duration // of the scenario, as far as it was played
	Interrupted bool
	Err         error // why it could not go on

	Verdicts    []Verdict
	Rules       []Broken
	Violations  []truth.Violation // the first ones
	Metrics     []Value
	Populations []fleet.Population
	Latencies   []Latency
	Counts      []Count
	Retries     []Count // by what was not answered
	Points      []fleet.Point
	Step        time.Duration
	Slowest     []fleet.Device
}

// Value is a metric's.
type Value struct {
	Metric scenario.Metric
	X      float64
}

// Verdict is a demand of the scenario and what came of it.
type Verdict struct {
	Assertion scenario.Assertion
	X         float64
	OK        bool
}

// Broken is how often a rule was not kept to.
type Broken struct {
	Rule  truth.Rule
	Count uint64
}

// Latency is a distribution.
type Latency struct {
	Name, About string
	*tally.Histogram
}

// Count is a number with a name.
type Count struct {
	Name string
	N    uint64
}

// Make collects what a fleet has come to. The fleet must not change meanwhile.
func Make(f *fleet.Fleet, s *scenario.Scenario, seed uint64, world string) *Run {
	st := f.Stats()
	r := &Run{
		Scenario: s.Name, About: s.About, Devices: s.Devices, Seed: seed, World: world, Length: f.Until(),
		Violations: f.Ledger().Found(), Populations: f.Populations(),
		Points: f.Series().Points, Step: f.Series().Step(), Slowest: f.Slowest(20),
		Latencies: []Latency{
			{"to the program", "from a device's publish to the program at the broker", &st.EndToEnd},
			{"acknowledged", "from a device's publish to the end of the exchange", &st.Acknowledged},
			{"command", "from the program's publish to the device; sleepers take theirs when they wake", &st.Command},
			{"answer", "from the program's command to its answer at the program", &st.Answer},
			{"connect", "from CONNECT to CONNACK", &st.Connect},
			{"wake", "from a sleeper's PINGREQ to PINGRESP, with what was kept in between", &st.WakeFlush},
			{"update", "a whole download", &st.Downloads},
		},
		Counts: []Count{
			{"datagrams up", st.Up}, {"datagrams down", st.Down},
			{"connections given up", st.GiveUps}, {"connections ended by the gateway", st.Ended},
			{"refused connects and subscriptions", st.Refusals}, {"congestion", st.Congested},
			{"wakes without PINGRESP", st.WakesLost}, {"messages that had no room", st.Skipped},
			{"reboots", st.Reboots}, {"power losses", st.PowerLosses}, {"new addresses", st.Moves}, {"storms", st.Storms}, {"restarts of the gateway", st.Restarts},
			{"malformed datagrams from the gateway", st.Malformed}, {"datagrams of no use", st.Ignored},
			{"datagrams to nobody", st.Strays}, {"messages of earlier runs", st.Foreign},
		},
	}
	for c := radio.Lost; c < radio.Causes; c++ {
		r.Counts = append(r.Counts, Count{"radio: " + c.String(), st.Lost[c]})
	}
	for t, n := range st.Retries {
		if n > 0 {
			r.Retries = append(r.Retries, Count{fmt.Sprint(mqttsn.MsgType(t)), n})
		}
	}
	for rule := range truth.Rules {
		r.Rules = append(r.Rules, Broken{rule, f.Ledger().Count(rule)})
	}
	for _, m := range scenario.Metrics {
		r.Metrics = append(r.Metrics, Value{m, r.metric(m.Name, st)})
	}
	for _, a := range s.Assert {
		x := r.metric(a.Metric.Name, st)
		r.Verdicts = append(r.Verdicts, Verdict{a, x, a.Holds(x)})
	}
	return r
}

// metric computes a metric of scenario.Metrics.
func (r *Run) metric(name string, st *fleet.Stats) float64 {
	var up, down truth.Totals
	var wills uint64
	for _, p := range r.Populations {
		add(&up, p.Up)
		add(&down, p.Down)
		wills += p.Wills.Fired
	}
	part := func(h *tally.Histogram, p float64) float64 { return h.At(p).Seconds() }
	switch name {
	case "violations":
		return float64(r.Broken())
	case "loss":
		return float64(up.Lost + down.Lost)
	case "duplicates":
		return float64(up.Duplicates + down.Duplicates)
	case "dropped":
		return float64(up.Dropped + down.Dropped)
	case "refused":
		return float64(up.Refused + down.Refused)
	case "uncertain":
		return float64(up.Uncertain + down.Uncertain)
	case "delivered":
		return ratio(up.Arrived+down.Arrived, up.Sent+down.Sent)
	case "sent":
		return float64(up.Sent)
	case "commands":
		return float64(down.Arrived)
	case "rate":
		return float64(up.Arrived+down.Arrived) / max(r.Length.Seconds(), 1e-3)
	case "retries":
		return float64(st.Repeated())
	case "give_ups":
		return float64(st.GiveUps)
	case "p50":
		return part(&st.EndToEnd, 0.5)
	case "p99":
		return part(&st.EndToEnd, 0.99)
	case "p999":
		return part(&st.EndToEnd, 0.999)
	case "acknowledged":
		return part(&st.Acknowledged, 0.99)
	case "command":
		return part(&st.Command, 0.99)
	case "answer":
		return part(&st.Answer, 0.99)
	case "connect":
		return part(&st.Connect, 0.99)
	case "wake_flush":
		return part(&st.WakeFlush, 0.99)
	case "download":
		return st.Downloads.Max().Seconds()
	case "downloads":
		return float64(st.Downloads.Count())
	case "wills":
		return float64(wills)
	case "battery":
		return r.battery()
	}
	panic("report: no metric " + name)
}

func add(sum *truth.Totals, t truth.Totals) {
	sum.Sent += t.Sent
	sum.Arrived += t.Arrived
	sum.Duplicates += t.Duplicates
	sum.Late += t.Late
	sum.Lost += t.Lost
	sum.Dropped += t.Dropped
	sum.Refused += t.Refused
	sum.Uncertain += t.Uncertain
}

func ratio(part, of uint64) float64 {
	if of == 0 {
		return 1
	}
	return float64(part) / float64(of)
}

// battery is the shortest life of those that have one.
func (r *Run) battery() float64 {
	least := 0.0
	for _, p := range r.Populations {
		if p.Years > 0 && (least == 0 || p.Years < least) {
			least = p.Years
		}
	}
	return least
}

// Broken is how often any rule was broken.
func (r *Run) Broken() (n uint64) {
	for _, b := range r.Rules {
		n += b.Count
	}
	return n
}

// Failure is why the run has failed, or nil: no rule was broken, and all is as
// the scenario demands.
func (r *Run) Failure() error {
	missed := 0
	for _, v := range r.Verdicts {
		if !v.OK {
			missed++
		}
	}
	switch n := r.Broken(); {
	case r.Err != nil:
		return r.Err
	case n > 0:
		return fmt.Errorf("%d times a rule was not kept to; the first: %v", n, r.Violations[0])
	case missed == 1:
		return fmt.Errorf("one demand of the scenario is not met")
	case missed > 0:
		return fmt.Errorf("%d demands of the scenario are not met", missed)
	}
	return nil
}
