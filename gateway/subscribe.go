package gateway

import (
	"strings"

	"snbroker/internal/mqtt"
	"snbroker/mqttsn"
)

// subscribe handles SUBSCRIBE by name, predefined id or short name (SN §6.9).
// Whatever is wrong with it is a return code, never silence.
func (s *session) subscribe(m *mqttsn.Subscribe, raw []byte) {
	g := s.g
	token := Token{Request: mqttsn.TypeSubscribe, QoS: m.QoS, MsgID: m.MsgID}
	if m.QoS > mqttsn.QoS2 {
		s.subAck(token, mqttsn.ReturnNotSupported)
		return
	}
	filter, rc := s.filter(m.TopicIDType, m.TopicID, m.TopicName)
	if rc != mqttsn.ReturnAccepted {
		s.subAck(token, rc)
		return
	}
	switch topics := &s.memory.topics; {
	case m.TopicIDType == mqttsn.TopicPredefined:
		token.TopicID = m.TopicID
		s.use(filter, mqttsn.TopicPredefined, m.TopicID)
	case m.TopicIDType == mqttsn.TopicShort:
		if known := topics.Lookup(filter); (known == nil || known.Type == mqttsn.TopicNormal) && topics.Aliases() >= g.cfg.MaxTopics {
			s.subAck(token, mqttsn.ReturnCongestion)
			return
		}
		s.use(filter, mqttsn.TopicShort, m.TopicID) // its SUBACK has id 0
	case !strings.ContainsAny(filter, "+#"):
		// The id must be known before the first PUBLISH with it, so SUBACK
		// carries it; a wildcard's topics are registered as they come up.
		_, name, shared := mqtt.SplitShared(filter)
		id, ok := s.topicID(name)
		if !ok {
			s.subAck(token, mqttsn.ReturnCongestion)
			return
		}
		token.TopicID = id
		if !shared {
			filter, _ = topics.Name(id) // one string for all who hold it
		}
		if other := topics.Lookup(name); other.Type != mqttsn.TopicNormal {
			s.reject(other.Type, other.ID) // the device asks for the name's own id
		}
	}
	if s.lastRequest.repeatedSubscribe(g.hash(afterFlags(raw)), m) {
		// Its SUBACK got lost. To subscribe once more would bring the
		// retained messages a second time.
		g.stats.Duplicates++
		if s.conn.Sync(token) {
			s.subscribed(token, mqtt.ReasonCode(m.QoS))
		}
		return
	}
	reason, done := s.conn.Subscribe(filter, mqtt.QoS(m.QoS), token)
	if reason.IsError() {
		s.lastRequest = lastRequest{} // its repetition may come before the answer leaves
	}
	if done {
		s.subscribed(token, reason)
	}
}

// subscribed answers a SUBSCRIBE that the Backend has taken in or refused. The
// SUBACK leaves before anything that is delivered.
func (s *session) subscribed(token Token, reason mqtt.ReasonCode) {
	if rc := returnCode(reason); rc != mqttsn.ReturnAccepted {
		s.lastRequest = lastRequest{}               // its repetition is to be taken in
		s.reject(mqttsn.TopicNormal, token.TopicID) // the device is not told the id
		s.subAck(token, rc)
		return
	}
	token.QoS = mqttsn.QoS(reason)
	s.subAck(token, mqttsn.ReturnAccepted)
	s.list()
}

func (s *session) subAck(token Token, rc mqttsn.ReturnCode) {
	ack := mqttsn.SubAck{QoS: token.QoS, TopicID: token.TopicID, MsgID: token.MsgID, ReturnCode: rc}
	if rc != mqttsn.ReturnAccepted {
		ack.QoS, ack.TopicID = 0, 0
	}
	s.g.tx.subAck = ack
	s.send(&s.g.tx.subAck)
}

func (s *session) unsubscribe(m *mqttsn.Unsubscribe) {
	token := Token{Request: mqttsn.TypeUnsubscribe, MsgID: m.MsgID}
	filter, rc := s.filter(m.TopicIDType, m.TopicID, m.TopicName)
	if rc != mqttsn.ReturnAccepted || s.conn.Unsubscribe(filter, token) {
		s.answer(token, mqtt.ReasonSuccess) // UNSUBACK has no return code
	}
}

// filter returns the topic filter that a SUBSCRIBE or UNSUBSCRIBE names.
func (s *session) filter(kind mqttsn.TopicIDType, id mqttsn.TopicID, name []byte) (string, mqttsn.ReturnCode) {
	switch kind {
	case mqttsn.TopicNormal: // in these messages: a name follows
		if !mqtt.ValidTopicFilter(name) {
			return "", mqttsn.ReturnNotSupported
		}
		return string(name), mqttsn.ReturnAccepted
	case mqttsn.TopicPredefined, mqttsn.TopicShort:
		// Wildcards make no sense in short names (SN §6.7).
		filter, rc := s.g.commonName(s.id, kind, id)
		return strings.Clone(filter), rc
	}
	return "", mqttsn.ReturnNotSupported
}

// afterFlags returns what follows a SUBSCRIBE's flags.
func afterFlags(raw []byte) []byte {
	if raw[0] == 1 { // the long form
		return raw[5:]
	}
	return raw[3:]
}
