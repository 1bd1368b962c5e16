package client

import (
	"time"

	"snbroker/mqttsn"
)

// Register asks for the id of a topic name before it is needed; Registered
// follows. Publish does so by itself.
func (c *Client) Register(now time.Time, topicName string) (Token, error) {
	t := Named(topicName)
	if err := c.publishable(t); err != nil {
		return 0, err
	}
	return c.enqueue(now, request{kind: kindRegister, topic: t})
}

func (c *Client) handleRegAck(now time.Time, m *mqttsn.RegAck) bool {
	if c.pending.step != stepRegister || c.pending.msgID != m.MsgID {
		return false
	}
	r := &c.queue[0]
	rc := m.ReturnCode
	switch {
	case rc == mqttsn.ReturnCongestion:
		c.done()
		c.hold(now, r.token, mqttsn.TypeRegister)
		return true
	case rc == mqttsn.ReturnAccepted && !usable(m.TopicID):
		rc = mqttsn.ReturnInvalidTopicID // an id that no PUBLISH can carry
	}
	if rc == mqttsn.ReturnAccepted {
		c.topics.learn(Topic{Name: r.topic.Name, ID: m.TopicID}, c.cfg.MaxTopics)
		if r.kind == kindPublish {
			c.done() // pump goes on with the PUBLISH
			return true
		}
	}
	if r.kind == kindPublish {
		t := c.pop().token
		emit(c, &c.cfg.Scratch.published, Published{Token: t, ReturnCode: rc})
		return true
	}
	t := c.pop().token
	emit(c, &c.cfg.Scratch.registered, Registered{Token: t, TopicID: m.TopicID, ReturnCode: rc})
	return true
}

// handleRegister: the gateway is about to use an id for a name that a wildcard
// subscription covers, or that we knew before we reconnected. SN §6.10
func (c *Client) handleRegister(now time.Time, m *mqttsn.Register) bool {
	name := string(m.TopicName)
	rc := mqttsn.ReturnAccepted
	switch {
	case !usable(m.TopicID):
		rc = mqttsn.ReturnInvalidTopicID
	case name == "" || hasWildcard(name):
		rc = mqttsn.ReturnNotSupported
	case c.cfg.AcceptTopic != nil:
		rc = min(c.cfg.AcceptTopic(name), mqttsn.ReturnNotSupported)
	}
	if rc == mqttsn.ReturnAccepted {
		c.topics.learn(Topic{Name: name, ID: m.TopicID}, c.cfg.MaxTopics)
	} else if rc != mqttsn.ReturnCongestion {
		c.topics.forgetID(m.TopicID)
	}
	c.sendRegAck(now, m.TopicID, m.MsgID, rc)
	return true
}
