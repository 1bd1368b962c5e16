package client

import (
	"slices"
	"time"

	"snbroker/mqttsn"
)

// handlePublish takes a message. The owner has it before the gateway is told
// so.
func (c *Client) handlePublish(now time.Time, m *mqttsn.Publish) bool {
	if m.QoS == mqttsn.QoSMinusOne {
		return false // goes the other way only
	}
	if m.QoS == mqttsn.QoS2 && slices.Contains(c.inbound, m.MsgID) {
		c.sendPubRec(now, m.MsgID)
		return true
	}
	// m is the Decoder's, and so is not to be read after Handle.
	qos, topic, id := m.QoS, m.TopicID, m.MsgID
	t, rc := c.topicOf(m)
	if rc == mqttsn.ReturnAccepted && qos == mqttsn.QoS2 && len(c.inbound) >= MaxInbound {
		rc = mqttsn.ReturnCongestion
	}
	if rc != mqttsn.ReturnAccepted {
		c.sendPubAck(now, topic, id, rc)
		return true
	}
	if qos == mqttsn.QoS2 {
		c.inbound = append(c.inbound, id)
	}
	emit(c, &c.cfg.Scratch.message, Message{
		Topic: t, Payload: m.Data, QoS: qos, Retain: m.Retain, Dup: m.Dup,
	})
	switch qos {
	case mqttsn.QoS1:
		c.sendPubAck(now, topic, id, mqttsn.ReturnAccepted)
	case mqttsn.QoS2:
		c.sendPubRec(now, id)
	}
	return true
}

// topicOf names the topic, or says what the gateway is to be told: an unknown
// id is refused at every QoS, so that it is registered anew. SN §6.10
func (c *Client) topicOf(m *mqttsn.Publish) (Topic, mqttsn.ReturnCode) {
	if m.TopicIDType == mqttsn.TopicReserved {
		return Topic{}, mqttsn.ReturnNotSupported
	}
	if m.TopicIDType == mqttsn.TopicPredefined {
		if name, ok := c.cfg.Predefined[m.TopicID]; ok {
			return Topic{Name: name, ID: m.TopicID, Type: m.TopicIDType}, mqttsn.ReturnAccepted
		}
	}
	if t, ok := c.topics.find(m.TopicIDType, m.TopicID); ok {
		if t.Type == mqttsn.TopicNormal {
			t.ID = 0 // an event's topic can be published to
		}
		return t, mqttsn.ReturnAccepted
	}
	if m.TopicIDType == mqttsn.TopicShort {
		return Topic{Name: m.TopicID.Short(), ID: m.TopicID, Type: m.TopicIDType}, mqttsn.ReturnAccepted
	}
	return Topic{}, mqttsn.ReturnInvalidTopicID
}

// handlePubRel ends a QoS 2 exchange, and is answered even if there is none:
// the PUBCOMP of one that was may have been lost.
func (c *Client) handlePubRel(now time.Time, m *mqttsn.PubRel) bool {
	if i := slices.Index(c.inbound, m.MsgID); i >= 0 {
		c.inbound = slices.Delete(c.inbound, i, i+1)
	}
	c.sendPubComp(now, m.MsgID)
	return true
}
