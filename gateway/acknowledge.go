package gateway

import (
	"snbroker/broker"
	"snbroker/internal/mqtt"
	"snbroker/mqttsn"
)

// finish ends the exchange and goes on with the next delivery.
func (s *session) finish() {
	s.endExchange()
	s.list()
}

// awaits returns the exchange if it is about the delivery with this id. A
// delivery that was sent before may be answered while its topic is registered
// anew: the answer was on its way when the device connected again.
func (s *session) awaits(id mqttsn.MsgID) *exchange {
	x := s.out
	if x == nil || mqttsn.MsgID(x.delivery.PacketID) != id || x.registering() && !x.delivery.Dup {
		return nil
	}
	return x
}

// registering tells whether the device is to answer a REGISTER first.
func (x *exchange) registering() bool {
	return x.step == awaitRegAck || x.step == awaitRecord || x.step == awaitProof
}

// regAck takes the answer to a REGISTER; the PUBLISH follows.
func (s *session) regAck(m *mqttsn.RegAck) {
	x := s.out
	if x == nil || !x.registering() || x.step == awaitRecord || x.msgID != m.MsgID {
		s.guessed()
		return // of an earlier try
	}
	if !s.believed() {
		return
	}
	s.proved = true
	if x.step == awaitProof {
		s.proven()
		return
	}
	topic := s.memory.topics.Normal(x.delivery.Message.Topic)
	switch m.ReturnCode {
	case mqttsn.ReturnAccepted:
		x.answered()
		s.confirm(topic)
		if !s.sends() {
			return // late: the PUBLISH has to wait for the next wake
		}
		d := x.delivery
		s.sendPublish(&d, topic)
		if s.out == nil {
			s.list()
		}
	case mqttsn.ReturnCongestion:
		s.congested()
	default:
		// SN §6.10: the device does not want this topic; its wildcard
		// subscription stands.
		s.mute(topic)
		s.conn.Discard(x.delivery, broker.DropRefused)
		s.finish()
	}
}

// pubAck takes the answer to a PUBLISH: that it has arrived, or why not.
func (s *session) pubAck(m *mqttsn.PubAck) {
	x := s.awaits(m.MsgID)
	if x == nil || x.step == awaitPubComp {
		if m.ReturnCode == mqttsn.ReturnInvalidTopicID && m.MsgID == 0 {
			s.forgotten(m.TopicID) // of a QoS 0 message
		}
		return
	}
	if x.step == awaitPubRec && x.due == never {
		return // its PUBREC waits for the disk: it has the message
	}
	switch m.ReturnCode {
	case mqttsn.ReturnAccepted:
		if x.delivery.QoS == mqtt.QoS1 {
			x.answered()
			s.conn.PubAck(x.delivery.PacketID)
			s.finish()
		}
	case mqttsn.ReturnCongestion:
		s.congested()
	case mqttsn.ReturnInvalidTopicID:
		if x.registering() {
			return // that is being mended
		}
		s.reject(x.kind, x.topic)
		repairs := x.repairs + 1
		d := x.delivery
		s.endExchange()
		if repairs > maxRepairs {
			s.conn.Discard(d, broker.DropRefused)
			s.list()
			return
		}
		s.start(&d)
		if s.out != nil {
			s.out.repairs = repairs
		} else {
			s.list()
		}
	default:
		s.conn.Discard(x.delivery, broker.DropRefused)
		s.finish()
	}
}

// forgotten notes that the device does not know a topic id that a QoS 0 message
// had. The answer does not tell which type the id was of.
func (s *session) forgotten(id mqttsn.TopicID) {
	topics := &s.memory.topics
	if _, ok := topics.Name(id); ok {
		s.reject(mqttsn.TopicNormal, id)
		return
	}
	s.reject(mqttsn.TopicPredefined, id)
}

// congested leaves a device alone that cannot take more for now.
func (s *session) congested() {
	s.hold = s.g.now.after(s.g.cfg.TWait)
	if s.out != nil {
		s.out.tries = 0 // it has answered
	}
	s.flushEnded()
	s.schedule()
}

func (s *session) pubRec(m *mqttsn.PubRec) {
	switch x := s.awaits(m.MsgID); {
	case x == nil && s.out != nil && mqttsn.MsgID(s.out.delivery.PacketID) == m.MsgID:
		return // of an earlier message: this one is not sent yet
	case x == nil:
		// Released before, or not sent yet by this connection: either way the
		// device has the message.
	case x.step == awaitPubComp:
		x.transmit()
		return
	case x.delivery.QoS != mqtt.QoS2:
		return
	case x.step == awaitPubRec:
		x.answered()
		x.tries, x.due = 0, never // a slow disk is not the device's fault
	}
	if !s.conn.PubRec(uint16(m.MsgID)) && s.out != nil {
		return // after a restart it may be behind that one, and come again
	}
	if s.conn.Sync(Token{Request: mqttsn.TypePubRec, MsgID: m.MsgID}) {
		s.release(m.MsgID)
	}
}

// release sends PUBREL for a message that the device has, which is known to the
// disk: after a restart it must not be sent again.
func (s *session) release(id mqttsn.MsgID) {
	x := s.awaits(id)
	if x == nil {
		s.g.tx.pubRel.MsgID = id
		s.send(&s.g.tx.pubRel)
		return
	}
	if x.step == awaitPubComp {
		return // it came twice
	}
	x.delivery.Message = nil
	x.step, x.tries = awaitPubComp, 0
	x.transmit()
}

func (s *session) pubComp(m *mqttsn.PubComp) {
	if x := s.awaits(m.MsgID); x != nil && x.step == awaitPubComp {
		x.answered()
		s.conn.PubComp(x.delivery.PacketID)
		s.finish()
	}
}
