// Package smallgw is an MQTT-SN gateway in memory with its broker, for fleets in
// virtual time. It is as truthful as it is small: sleep, wills, every QoS both
// ways, retained messages, forwarders. It has no storage, no bounds, no
// discovery and no access control.
//
// Like a fleet, it does no I/O and has no clock.
package smallgw

import (
	"time"

	"snbroker/firmware-sim/internal/due"
	"snbroker/mqttsn"
)

// Config is what a gateway is told.
type Config struct {
	TRetry     time.Duration
	NRetry     int
	Predefined map[mqttsn.TopicID]string
	// Send sends a datagram to a device's line. It must not call back.
	Send func(line uint32, datagram []byte)
	// Message brings what the program has subscribed to. It must not call back.
	Message func(topic string, payload []byte)
	// Tamper, if not nil, sees each message to a device before it leaves, and
	// may withhold it: for tests of those who judge gateways.
	Tamper func(clientID string, m mqttsn.Message) (withhold bool)
}

// Gateway is one with all its sessions.
type Gateway struct {
	cfg      Config
	now      time.Duration
	sessions map[string]*session
	addrs    map[addr]*session
	due      due.Queue[*session]
	filters  []string              // the program's
	exact    map[string][]*session // who subscribed to a topic by its name
	wild     []*session            // who has subscriptions with wildcards
	retained map[string]message
	decoder  mqttsn.Decoder
	buf      []byte
}

// addr is where a session's device is: a line, and a node behind a forwarder.
type addr struct {
	line uint32
	node string
}

// message is one from a publisher to its subscribers.
type message struct {
	topic   string
	payload []byte
	qos     mqttsn.QoS
	retain  bool
}

// New is a gateway without devices.
func New(cfg Config) *Gateway {
	return &Gateway{
		cfg: cfg, sessions: make(map[string]*session), addrs: make(map[addr]*session),
		exact: make(map[string][]*session), retained: make(map[string]message),
	}
}

// Next is when Advance wants to be called.
func (g *Gateway) Next() time.Duration { return g.due.Next() }

// Advance does what is due.
func (g *Gateway) Advance(now time.Duration) {
	g.now = now
	for g.due.Next() <= now {
		e := g.due.Pop()
		if s := e.What; e.At == s.scheduled {
			s.scheduled = 0
			s.advance()
		}
	}
}

// Receive takes a datagram.
func (g *Gateway) Receive(now time.Duration, line uint32, datagram []byte) {
	g.now = now
	from := addr{line: line}
	if t, ok := mqttsn.PeekType(datagram); ok && t == mqttsn.TypeEncapsulated {
		e, err := mqttsn.DecodeEncapsulated(datagram)
		if err != nil {
			return
		}
		from.node, datagram = string(e.NodeID), e.Message
	}
	m, err := g.decoder.Decode(datagram)
	if err != nil {
		return
	}
	switch m := m.(type) {
	case *mqttsn.Connect:
		g.connect(from, m)
		return
	case *mqttsn.PingReq:
		if len(m.ClientID) > 0 {
			g.wake(from, string(m.ClientID))
			return
		}
	case *mqttsn.Publish:
		if m.QoS == mqttsn.QoSMinusOne {
			if name, ok := g.connectionless(m); ok {
				g.deliver(message{name, clone(m.Data), mqttsn.QoS0, m.Retain})
			}
			return
		}
	}
	s := g.addrs[from]
	if s == nil {
		if isRequest(m.Type()) {
			g.send(from, "", &mqttsn.Disconnect{})
		}
		return
	}
	s.heard()
	s.handle(m)
	s.schedule()
}

// isRequest tells whether a message wants an answer.
func isRequest(t mqttsn.MsgType) bool {
	switch t {
	case mqttsn.TypePublish, mqttsn.TypeRegister, mqttsn.TypeSubscribe, mqttsn.TypeUnsubscribe, mqttsn.TypePingReq, mqttsn.TypeDisconnect, mqttsn.TypePubRel:
		return true
	}
	return false
}

func clone(b []byte) []byte { return append(make([]byte, 0, len(b)), b...) }

func (g *Gateway) connectionless(m *mqttsn.Publish) (string, bool) {
	if m.TopicIDType == mqttsn.TopicShort {
		return m.TopicID.Short(), true
	}
	name, ok := g.cfg.Predefined[m.TopicID]
	return name, ok && m.TopicIDType == mqttsn.TopicPredefined
}

func (g *Gateway) send(to addr, id string, m mqttsn.Message) {
	if g.cfg.Tamper != nil && g.cfg.Tamper(id, m) {
		return
	}
	b := g.buf[:0]
	if to.node != "" {
		b, _ = mqttsn.AppendEncapsulation(b, 0, to.node) // it came like this
	}
	b, err := m.AppendBinary(b)
	if err != nil {
		return // longer than a message can be
	}
	g.buf = b
	g.cfg.Send(to.line, b)
}

// What follows is for tests of those who judge gateways.

// Forget ends a session as if it had never been.
func (g *Gateway) Forget(clientID string) {
	if s := g.sessions[clientID]; s != nil {
		s.end()
	}
}

// ForgetQueue loses the messages that are kept for a device.
func (g *Gateway) ForgetQueue(clientID string) {
	if s := g.sessions[clientID]; s != nil {
		s.queue, s.flight = nil, flight{}
	}
}

// ForgetReceived loses the ids of QoS 2 messages that a device has not released.
func (g *Gateway) ForgetReceived(clientID string) {
	if s := g.sessions[clientID]; s != nil {
		s.received = nil
	}
}

// ForgetWill loses a device's will.
func (g *Gateway) ForgetWill(clientID string) {
	if s := g.sessions[clientID]; s != nil {
		s.will = nil
	}
}

// Lose takes a device for lost, and publishes its will.
func (g *Gateway) Lose(clientID string) {
	if s := g.sessions[clientID]; s != nil {
		s.lost()
	}
}

// Retain changes what is retained, behind everybody's back.
func (g *Gateway) Retain(topic string, payload []byte) {
	g.retained[topic] = message{topic: topic, payload: payload}
}
