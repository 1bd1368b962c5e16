package gateway

import (
	"snbroker/broker"
	"snbroker/internal/mqtt"
	"snbroker/mqttsn"
)

// willTopicUpd replaces the will's topic, QoS and retain flag; the empty form
// deletes the will (SN §6.4). The message is changed on its own, so a new will
// begins with an empty one.
func (s *session) willTopicUpd(m *mqttsn.WillTopicUpd) {
	rc := mqttsn.ReturnAccepted
	switch {
	case len(m.WillTopic) == 0:
		s.setWill(nil)
	case m.QoS > mqttsn.QoS2 || !mqtt.ValidTopicName(m.WillTopic):
		rc = mqttsn.ReturnNotSupported
	case !s.mayLeave(s.conn.Identity(), m.WillTopic):
		rc = mqttsn.ReturnNotSupported // the will that there is stays
	default:
		w := &broker.Will{Topic: string(m.WillTopic), QoS: mqtt.QoS(m.QoS), Retain: m.Retain}
		if old := s.memory.will; old != nil {
			w.Payload = old.Payload
		}
		s.setWill(w)
	}
	if rc == mqttsn.ReturnAccepted && !s.conn.Sync(Token{Request: mqttsn.TypeWillTopicUpd}) {
		return
	}
	s.g.tx.willTopicResp.ReturnCode = rc
	s.send(&s.g.tx.willTopicResp)
}

// willMsgUpd replaces the will's message. Without a will there is no topic to
// publish it on.
func (s *session) willMsgUpd(m *mqttsn.WillMsgUpd) {
	rc := mqttsn.ReturnNotSupported
	if old := s.memory.will; old != nil {
		w := *old // the Backend may be reading the old one
		w.Payload = append([]byte(nil), m.WillMsg...)
		s.setWill(&w)
		rc = mqttsn.ReturnAccepted
	}
	if rc == mqttsn.ReturnAccepted && !s.conn.Sync(Token{Request: mqttsn.TypeWillMsgUpd}) {
		return
	}
	s.g.tx.willMsgResp.ReturnCode = rc
	s.send(&s.g.tx.willMsgResp)
}

// mayLeave tells whether the device may have a will on a topic. It learns a no now,
// not when it is lost.
func (s *session) mayLeave(who any, topic []byte) bool {
	reason := s.g.backend.MayLeave(who, s.id, alias(topic))
	if reason != mqtt.ReasonSuccess {
		s.g.complain("will refused", s.peer, s.id, "topic", string(topic), "reason", reason)
	}
	return reason == mqtt.ReasonSuccess
}

func (s *session) setWill(w *broker.Will) {
	s.memory.mu.Lock()
	s.memory.will = w
	s.memory.mu.Unlock()
	s.willed = s.willed || w != nil
	s.conn.SetWill(w)
	if w == nil {
		s.keepNoWill()
	}
}
