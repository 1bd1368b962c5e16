package gateway

import (
	"strings"

	"snbroker/internal/mqtt"
	"snbroker/mapping"
	"snbroker/mqttsn"
)

// register gives a topic name an id (SN §6.5). A name that has one keeps it: a
// repeated REGISTER is answered as the first.
func (s *session) register(m *mqttsn.Register) {
	token := Token{Request: mqttsn.TypeRegister, MsgID: m.MsgID}
	if !mqtt.ValidTopicName(m.TopicName) {
		s.regAckFor(token, mqttsn.ReturnNotSupported)
		return
	}
	id, ok := s.topicID(alias(m.TopicName))
	if !ok {
		s.regAckFor(token, mqttsn.ReturnCongestion)
		return
	}
	token.TopicID = id
	if s.conn.Sync(token) { // after a restart the id must not mean another topic
		s.regAckFor(token, mqttsn.ReturnAccepted)
	}
}

func (s *session) regAckFor(token Token, rc mqttsn.ReturnCode) {
	s.g.tx.regAck = mqttsn.RegAck{TopicID: token.TopicID, MsgID: token.MsgID, ReturnCode: rc}
	s.send(&s.g.tx.regAck)
}

// topicID returns the normal id of name, which the device is about to be told;
// false if it has too many. name may alias a read buffer.
func (s *session) topicID(name string) (mqttsn.TopicID, bool) {
	topics := &s.memory.topics
	topic := topics.Normal(name)
	if topic == nil {
		var ok bool
		if topic, ok = s.newTopic(strings.Clone(name)); !ok {
			s.g.cfg.Log.Warn("device has too many topic ids", "client", s.id, "limit", s.g.cfg.MaxTopics)
			return 0, false
		}
	}
	s.confirm(topic)
	return topic.ID, true
}

// newTopic gives name an id; false if the device has too many.
func (s *session) newTopic(name string) (*mapping.Topic, bool) {
	m := s.memory
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.topics.Register(name, s.g.cfg.MaxTopics)
}

// confirm notes that the device knows, or is about to be told, a normal id.
func (s *session) confirm(topic *mapping.Topic) {
	if topic.Confirmed && !topic.Muted {
		return
	}
	known := topic.Confirmed
	s.memory.mu.Lock()
	topic.Confirmed, topic.Muted = true, false
	s.memory.mu.Unlock()
	if !known {
		s.keepTopic(topic)
	}
}

// recorded sends the REGISTER that waited for the disk.
func (s *session) recorded(id mqttsn.MsgID) {
	x := s.out
	if x == nil || x.step != awaitRecord || x.msgID != id {
		return
	}
	if x.step = awaitRegAck; s.sends() {
		x.transmit()
	} else {
		x.due = s.g.now // at once, when it may be sent
	}
}

// mute notes that the device does not want a topic (SN §6.10).
func (s *session) mute(topic *mapping.Topic) {
	s.memory.mu.Lock()
	topic.Muted = true
	s.memory.mu.Unlock()
}
