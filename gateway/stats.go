package gateway

import (
	"time"

	"snbroker/mqttsn"
)

// Stats counts what the gateway saw since it began.
type Stats struct {
	In, Out   [256]uint64              // messages by mqttsn.MsgType
	Malformed [mqttsn.NumErrors]uint64 // datagrams dropped, by mqttsn.Error
	Ignored   uint64                   // messages that mean nothing in their session's state
	Refused   uint64                   // messages of strangers
	Hushed    uint64                   // of these, not answered because of the rate limit

	QoSMinusOneDropped uint64        // not allowed on the listener, or to an unknown topic
	Duplicates         uint64        // requests that were answered again and not done again
	Retries            uint64        // messages sent to a device again
	RoundTrips         uint64        // messages answered at the first try
	RoundTripTime      time.Duration // that the answers took, together
	Lost               uint64        // devices given up
	Stalls             uint64        // times that the program was held up
	EncodeErrors       uint64
	TooFast            uint64 // PUBLISH messages beyond a rate
	Held               uint64 // messages not sent, because the address has proved nothing
	Challenges         uint64 // REGISTER messages that ask for that proof
	Guessed            uint64 // REGACK messages of such an address with a number that it was not sent
	Displaced          uint64 // devices that had proved nothing, and gave way to others
	AuthRefused        uint64 // CONNECT messages whose AUTH was wrong, or missing
	Expired            uint64 // devices ended, because their token's time was over
	// ConnectRefused counts CONNECT messages answered with a refusal, by mqttsn.ReturnCode.
	ConnectRefused [mqttsn.ReturnNotSupported + 1]uint64

	states [numStates]int
}

// Devices returns how many devices are in a state.
func (s *Stats) Devices(in State) int { return s.states[in] }

// present returns how many devices have a session in the gateway.
func (s *Stats) present() int {
	return s.states[Connecting] + s.states[Active] + s.states[Asleep] + s.states[Awake]
}

// Stats returns the present counts.
func (g *Gateway) Stats() Stats {
	g.turn.Lock()
	defer g.turn.Unlock()
	return g.stats
}
