package smallgw

import (
	"time"

	"snbroker/mqttsn"
)

// flight is the one message to a device that is not acknowledged.
type flight struct {
	stage    stage
	id       mqttsn.MsgID
	tries    int
	deadline time.Duration
}

type stage uint8

const (
	idle stage = iota
	registering
	published
	released
)

// again has it start over, with the same id.
func (f *flight) again() {
	f.tries = 0
	f.deadline = 0 // now
}

// enqueue keeps a message for the device, if it subscribed to it.
func (s *session) enqueue(m message) {
	granted := -1
	for _, sub := range s.subs {
		if matches(sub.filter, m.topic) {
			granted = max(granted, int(sub.qos))
		}
	}
	if granted < 0 || s.state == gone && m.qos == mqttsn.QoS0 {
		return
	}
	m.qos = min(m.qos, mqttsn.QoS(granted))
	s.queue = append(s.queue, m)
	s.pump()
	s.schedule()
}

// pump sends what can be sent now. What ends an awake period is PINGRESP.
func (s *session) pump() {
	if s.state != active && s.state != awake {
		return
	}
	if s.flight.stage != idle {
		if s.flight.deadline == 0 {
			s.transmit()
		}
		return
	}
	for len(s.queue) > 0 {
		m := &s.queue[0]
		id := s.idOf(m.topic, false)
		if !s.known[id-1] {
			s.flight = flight{stage: registering, id: s.nextID()}
			s.transmit()
			return
		}
		if m.qos > mqttsn.QoS0 {
			s.flight = flight{stage: published, id: s.nextID()}
			s.transmit()
			return
		}
		s.send(&mqttsn.Publish{Retain: m.retain, TopicID: id, Data: m.payload})
		s.pop()
	}
	if s.state == awake {
		s.state = sleeping
		s.heard()
		s.send(&mqttsn.PingResp{})
	}
}

func (s *session) pop() {
	s.queue[0] = message{}
	s.queue = s.queue[1:]
	if len(s.queue) == 0 {
		s.queue = nil
	}
}

// transmit sends what is under way, for the first time or again.
func (s *session) transmit() {
	f := &s.flight
	f.tries++
	f.deadline = s.gateway.now + s.gateway.cfg.TRetry
	m := &s.queue[0]
	id := s.idOf(m.topic, false)
	switch f.stage {
	case registering:
		s.send(&mqttsn.Register{TopicID: id, MsgID: f.id, TopicName: []byte(m.topic)})
	case published:
		s.send(&mqttsn.Publish{Dup: f.tries > 1, QoS: m.qos, Retain: m.retain, TopicID: id, MsgID: f.id, Data: m.payload})
	case released:
		s.send(&mqttsn.PubRel{MsgID: f.id})
	}
}

// retry sends again, or gives the device up: one that is awake for now.
func (s *session) retry() {
	switch {
	case s.flight.tries <= s.gateway.cfg.NRetry:
		s.transmit()
	case s.state == awake:
		s.state = sleeping
		s.heard()
	default:
		s.lost()
	}
}

func (s *session) nextID() mqttsn.MsgID {
	if s.lastID++; s.lastID == 0 {
		s.lastID = 1
	}
	return s.lastID
}

// done is the end of an exchange.
func (s *session) done() {
	s.flight = flight{}
	s.pop()
	s.pump()
}

func (s *session) registered(m *mqttsn.RegAck) {
	if s.flight.stage != registering || s.flight.id != m.MsgID {
		return
	}
	if m.ReturnCode != mqttsn.ReturnAccepted {
		s.done() // the device does not want that name
		return
	}
	s.idOf(s.queue[0].topic, true)
	s.flight = flight{}
	s.pump()
}

func (s *session) acknowledged(m *mqttsn.PubAck) {
	if m.ReturnCode == mqttsn.ReturnInvalidTopicID {
		if i := int(m.TopicID) - 1; i >= 0 && i < len(s.known) {
			s.known[i] = false // it is registered again
		}
		if s.flight.stage == published && s.flight.id == m.MsgID {
			s.flight = flight{}
			s.pump()
		}
		return
	}
	if s.flight.stage == published && s.flight.id == m.MsgID {
		s.done()
	}
}

func (s *session) recorded(id mqttsn.MsgID) {
	if s.flight.stage == published && s.flight.id == id && s.queue[0].qos == mqttsn.QoS2 {
		s.flight = flight{stage: released, id: id}
		s.transmit()
		return
	}
	if s.flight.stage != released || s.flight.id != id {
		s.send(&mqttsn.PubRel{MsgID: id}) // let the device finish, too
	}
}
