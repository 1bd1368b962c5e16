package smallgw

import (
	"time"

	"snbroker/mqttsn"
)

// session is what is remembered of a device.
type session struct {
	gateway *Gateway
	id      string
	addr    addr
	state   state
	clean   bool
	keep    time.Duration // silence that is agreed on: keep alive, or sleep
	asleep  time.Duration

	names    []string // by topic id, from 1
	known    []bool   // by the device
	subs     []subscription
	will     *mqttsn.WillTopic
	words    []byte
	offered  *mqttsn.WillTopic // within the dialogue
	received []mqttsn.MsgID    // QoS 2, not released yet

	queue     []message
	flight    flight
	lastID    mqttsn.MsgID
	quiet     time.Duration // when the device is lost; 0 is never
	scheduled time.Duration
}

type subscription struct {
	filter string
	qos    mqttsn.QoS
}

type state uint8

const (
	gone state = iota
	connecting
	active
	sleeping
	awake
)

// tolerance is how much longer than agreed a device may be silent.
const tolerance = 1.5

func (g *Gateway) connect(from addr, m *mqttsn.Connect) {
	id := string(m.ClientID)
	s := g.sessions[id]
	if s != nil && m.CleanSession {
		s.end()
		s = nil
	}
	if s == nil {
		s = &session{gateway: g, id: id}
		g.sessions[id] = s
	}
	if s.addr != from || g.addrs[from] != s {
		if g.addrs[s.addr] == s {
			delete(g.addrs, s.addr)
		}
		s.addr = from
		g.addrs[from] = s
	}
	if s.state != sleeping && s.state != awake {
		clear(s.known) // a device that starts may know no id any more
	}
	s.clean = m.CleanSession
	s.keep = time.Duration(m.Duration) * time.Second
	s.state = connecting
	s.heard()
	if m.Will {
		s.send(&mqttsn.WillTopicReq{})
	} else {
		s.accept()
	}
	s.schedule()
}

// accept ends the dialogue of CONNECT.
func (s *session) accept() {
	s.state = active
	if s.flight.stage != idle {
		s.flight.again()
	}
	s.send(&mqttsn.ConnAck{})
	s.pump()
}

// wake is PINGREQ with a ClientID, perhaps from a new address.
func (g *Gateway) wake(from addr, id string) {
	s := g.sessions[id]
	if s == nil || s.state == gone || s.state == connecting {
		g.send(from, id, &mqttsn.Disconnect{})
		return
	}
	if s.addr != from {
		delete(g.addrs, s.addr)
		s.addr = from
		g.addrs[from] = s
	}
	s.heard()
	switch s.state {
	case active:
		s.send(&mqttsn.PingResp{})
	case sleeping:
		s.state = awake
		if s.flight.stage != idle {
			s.flight.again()
		}
		s.pump()
	}
	s.schedule()
}

// heard restarts the supervision.
func (s *session) heard() {
	limit := s.keep
	if s.state == sleeping || s.state == awake {
		limit = s.asleep
	}
	s.quiet = 0
	if limit > 0 {
		s.quiet = s.gateway.now + time.Duration(float64(limit)*tolerance)
	}
}

func (s *session) send(m mqttsn.Message) { s.gateway.send(s.addr, s.id, m) }

// schedule makes sure that advance is called in time.
func (s *session) schedule() {
	next := s.quiet
	if s.flight.stage != idle && s.state != sleeping && (next == 0 || s.flight.deadline < next) {
		next = s.flight.deadline
	}
	// Traffic only moves deadlines later: looked at too early does no harm.
	if next > 0 && (s.scheduled == 0 || next < s.scheduled) {
		s.scheduled = next
		s.gateway.due.Push(next, s)
	}
}

func (s *session) advance() {
	now := s.gateway.now
	if s.state == gone {
		return
	}
	if s.quiet > 0 && now >= s.quiet {
		s.lost()
		return
	}
	if s.flight.stage != idle && s.state != sleeping && now >= s.flight.deadline {
		s.retry()
	}
	s.schedule()
}

// lost is the end of a device that is silent.
func (s *session) lost() {
	w, words := s.will, s.words
	s.left()
	if w != nil && len(w.WillTopic) > 0 {
		s.gateway.deliver(message{string(w.WillTopic), words, w.QoS, w.Retain})
	}
}

// left is the end of a connection, and of a session that is clean.
func (s *session) left() {
	s.state, s.quiet = gone, 0
	if s.gateway.addrs[s.addr] == s {
		delete(s.gateway.addrs, s.addr)
	}
	if s.clean {
		s.end()
	}
}

func (s *session) end() {
	g := s.gateway
	s.state, s.quiet = gone, 0
	subs := s.subs
	s.subs = nil
	for _, sub := range subs {
		g.unindex(s, sub.filter)
	}
	if g.addrs[s.addr] == s {
		delete(g.addrs, s.addr)
	}
	if g.sessions[s.id] == s {
		delete(g.sessions, s.id)
	}
}
