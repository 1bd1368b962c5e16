package gateway

import (
	"snbroker/broker"
	"snbroker/internal/mqtt"
	"snbroker/mqttsn"
)

// publish takes in a PUBLISH at QoS 0, 1 or 2 (SN §6.6). A refusal is a PUBACK
// at any QoS, also in place of a PUBREC.
func (s *session) publish(m *mqttsn.Publish) {
	if s.g.tooFast(s.peer, s) {
		s.slowDown(m)
		return
	}
	token := Token{Request: mqttsn.TypePublish, QoS: m.QoS, TopicID: m.TopicID, MsgID: m.MsgID}
	name, rc := s.topicName(m)
	if rc != mqttsn.ReturnAccepted {
		if rc == mqttsn.ReturnInvalidTopicID || m.QoS != mqttsn.QoS0 {
			s.pubAckFor(token, rc)
		}
		return
	}
	if m.QoS != mqttsn.QoS0 && s.lastPublish.repeated(m, s.g) {
		s.g.stats.Duplicates++
		if s.conn.Sync(token) {
			s.published(token, mqtt.ReasonSuccess)
		}
		return
	}
	p := &s.g.publication
	*p = broker.Publication{Topic: name, Payload: m.Data, QoS: mqtt.QoS(m.QoS), Retain: m.Retain, PacketID: uint16(m.MsgID)}
	if m.QoS == mqttsn.QoS2 && m.MsgID == 0 {
		p.QoS = mqtt.QoS1 // no id to tell a repetition by
	}
	reason, done := s.conn.Publish(p, token)
	if reason.IsError() {
		s.lastPublish = lastPublish{} // its repetition may come before the answer leaves
	}
	if done {
		s.published(token, reason)
	}
}

// published answers a PUBLISH that the Backend has taken in or refused.
func (s *session) published(token Token, reason mqtt.ReasonCode) {
	rc := returnCode(reason)
	switch {
	case rc != mqttsn.ReturnAccepted:
		s.lastPublish = lastPublish{} // its repetition is to be taken in
		s.pubAckFor(token, rc)
	case token.QoS == mqttsn.QoS1:
		s.pubAckFor(token, rc)
	case token.QoS == mqttsn.QoS2:
		s.g.tx.pubRec.MsgID = token.MsgID
		s.send(&s.g.tx.pubRec)
	}
}

func (s *session) pubAckFor(token Token, rc mqttsn.ReturnCode) {
	s.g.tx.pubAck = mqttsn.PubAck{TopicID: token.TopicID, MsgID: token.MsgID, ReturnCode: rc}
	s.send(&s.g.tx.pubAck)
}

// pubRel ends a QoS 2 exchange; an id that is not known was released before,
// and its PUBCOMP got lost.
func (s *session) pubRel(m *mqttsn.PubRel) {
	token := Token{Request: mqttsn.TypePubRel, MsgID: m.MsgID}
	if s.conn.PubRel(m.MsgID, token) {
		s.answer(token, mqtt.ReasonSuccess)
	}
}

// topicName finds what a PUBLISH's topic id stands for. The name may be in the
// gateway's scratch space: it is valid until the next message.
func (s *session) topicName(m *mqttsn.Publish) (string, mqttsn.ReturnCode) {
	if m.TopicIDType == mqttsn.TopicNormal {
		if name, ok := s.memory.topics.Name(m.TopicID); ok {
			return name, mqttsn.ReturnAccepted
		}
		return "", mqttsn.ReturnInvalidTopicID
	}
	name, rc := s.g.commonName(s.id, m.TopicIDType, m.TopicID)
	if rc == mqttsn.ReturnAccepted && m.TopicIDType == mqttsn.TopicPredefined && s.memory.topics.Lookup(name) == nil {
		s.use(name, mqttsn.TopicPredefined, m.TopicID)
	}
	return name, rc
}

// commonName finds the name behind a predefined or short topic id.
func (g *Gateway) commonName(clientID string, kind mqttsn.TopicIDType, id mqttsn.TopicID) (string, mqttsn.ReturnCode) {
	switch kind {
	case mqttsn.TopicPredefined:
		if name, ok := g.cfg.Predefined.Name(clientID, id); ok {
			return name, mqttsn.ReturnAccepted
		}
		return "", mqttsn.ReturnInvalidTopicID
	case mqttsn.TopicShort:
		g.short = [2]byte{byte(id >> 8), byte(id)}
		if name := alias(g.short[:]); mqtt.ValidTopicName(name) {
			return name, mqttsn.ReturnAccepted
		}
	}
	return "", mqttsn.ReturnNotSupported
}

// publishMinusOne takes in a PUBLISH of a device without a connection (SN
// §6.8): to predefined and short topics only, and never answered.
func (g *Gateway) publishMinusOne(p peer, m *mqttsn.Publish) {
	name, rc, clientID := "", mqttsn.ReturnNotSupported, ""
	who := p.link.identify(p.addr)
	if s := g.byPeer[p]; s != nil {
		clientID = s.id
		s.heard = g.now // SN §6.14: any message
		if who == nil && s.conn != nil {
			who = s.conn.Identity()
		}
	}
	if g.tooFast(p, g.byPeer[p]) {
		return
	}
	why := "PUBLISH with QoS -1 not taken: its topic id is neither predefined nor a short name"
	switch {
	case !p.link.options.QoSMinusOne:
		why = "PUBLISH with QoS -1 not taken: qos_minus_one = false on this listener"
	case who == nil && !p.link.options.Anonymous:
		why = "PUBLISH with QoS -1 not taken: anonymous devices are not allowed on this listener"
	default:
		name, rc = g.commonName(clientID, m.TopicIDType, m.TopicID)
	}
	if rc != mqttsn.ReturnAccepted {
		g.stats.QoSMinusOneDropped++
		g.complain(why, p, clientID, "topic_id", m.TopicID)
		return
	}
	g.publication = broker.Publication{Topic: name, Payload: m.Data, Retain: m.Retain}
	g.backend.Publish(&g.publication, who, clientID)
}

// lastPublish remembers the last PUBLISH at QoS 1 or 2, to know a repetition of
// it: at QoS 1, where at least once would allow to publish it again, and at QoS
// 2, where a repetition that the network held back may come after its PUBREL.
type lastPublish struct {
	msgID   mqttsn.MsgID
	topicID mqttsn.TopicID
	hash    uint32
	at      instant
}

// repeated tells whether m is that message again, and remembers it. Only DUP
// tells a repetition from a device that always uses the same id.
func (l *lastPublish) repeated(m *mqttsn.Publish, g *Gateway) bool {
	next := lastPublish{m.MsgID, m.TopicID, uint32(g.hash(m.Data)), g.now}
	same := next.msgID == l.msgID && next.topicID == l.topicID && next.hash == l.hash
	again := same && m.Dup && l.at != 0 && g.now-l.at <= g.patience()
	*l = next
	return again
}
