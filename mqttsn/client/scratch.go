package client

import "snbroker/mqttsn"

// Scratch is what a Client uses only while one of its methods runs. The
// Clients of one loop can share one, which leaves each some hundred octets.
// The zero value is ready.
type Scratch struct {
	decoder mqttsn.Decoder
	buf     []byte // the last datagram sent

	// depth is how many calls of Handle are under way. The event structs
	// below are for the outermost; a call from within one gets its own, as
	// the outer handler may not be done reading.
	depth int

	connected    Connected
	refused      Refused
	disconnected Disconnected
	fellAsleep   FellAsleep
	awakeEnded   AwakeEnded
	registered   Registered
	published    Published
	subscribed   Subscribed
	unsubscribed Unsubscribed
	willUpdated  WillUpdated
	pong         Pong
	congested    Congested
	message      Message
}

// emit hands e to the owner. It is the last thing that a procedure does with
// the Client's state, since the owner may call back from within.
func emit[E any, P interface {
	*E
	Event
}](c *Client, slot *E, e E) {
	s := c.cfg.Scratch
	if s.depth > 0 {
		slot = new(E)
	}
	*slot = e
	s.depth++
	c.output.Handle(P(slot))
	s.depth--
	var zero E
	*slot = zero // lets go of the datagram
}
