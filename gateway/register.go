package gateway

import (
	"strings"

	"snbroker/internal/mqtt"
	"snbroker/mqttsn"
)

// register gives a topic name an id (SN §6.5). A name that has one keeps it: a
// repeated REGISTER is answered as the first.
func (s *session) register(m *mqttsn.Register) {
	ack := &s.g.tx.regAck
	*ack = mqttsn.RegAck{MsgID: m.MsgID}
	switch {
	case !mqtt.ValidTopicName(m.TopicName):
		ack.ReturnCode = mqttsn.ReturnNotSupported
	default:
		id, ok := s.topicID(alias(m.TopicName))
		if !ok {
			ack.ReturnCode = mqttsn.ReturnCongestion
		}
		ack.TopicID = id
	}
	s.send(ack)
}

// topicID returns the normal id of name, which the device is about to be told;
// false if it has too many. name may alias a read buffer.
func (s *session) topicID(name string) (mqttsn.TopicID, bool) {
	topics := &s.memory.topics
	topic := topics.Normal(name)
	if topic == nil {
		var ok bool
		if topic, ok = topics.Register(strings.Clone(name), s.g.cfg.MaxTopics); !ok {
			s.g.cfg.Log.Warn("device has too many topic ids", "client", s.id, "limit", s.g.cfg.MaxTopics)
			return 0, false
		}
	}
	topic.Confirmed, topic.Muted = true, false
	return topic.ID, true
}
