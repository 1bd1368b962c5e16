package client

import (
	"time"

	"snbroker/mqttsn"
)

// Subscribe asks for the messages of a topic, which if Named may have
// wildcards; Subscribed follows.
func (c *Client) Subscribe(now time.Time, t Topic, qos mqttsn.QoS) (Token, error) {
	if qos > mqttsn.QoS2 {
		return 0, ErrQoS
	}
	return c.enqueueSub(now, request{kind: kindSubscribe, topic: t, qos: qos})
}

// Unsubscribe ends what Subscribe began; Unsubscribed follows.
func (c *Client) Unsubscribe(now time.Time, t Topic) (Token, error) {
	return c.enqueueSub(now, request{kind: kindUnsubscribe, topic: t})
}

func (c *Client) enqueueSub(now time.Time, r request) (Token, error) {
	if !r.topic.valid() || r.topic.Type == mqttsn.TopicShort && hasWildcard(r.topic.Name) {
		return 0, ErrTopic
	}
	if len(r.topic.Name) > c.cfg.MaxMessage-7 {
		return 0, ErrTooLong
	}
	return c.enqueue(now, r)
}

func (c *Client) handleSubAck(now time.Time, m *mqttsn.SubAck) bool {
	if c.pending.step != stepSubscribe || c.pending.msgID != m.MsgID {
		return false
	}
	switch m.ReturnCode {
	case mqttsn.ReturnCongestion:
		t := c.queue[0].token
		c.done()
		c.hold(now, t, mqttsn.TypeSubscribe)
		return true
	case mqttsn.ReturnAccepted:
		c.learnSubscription(c.queue[0].topic, m.TopicID)
	}
	t := c.pop().token
	emit(c, &c.cfg.Scratch.subscribed, Subscribed{Token: t, Granted: m.QoS, ReturnCode: m.ReturnCode})
	return true
}

// learnSubscription notes what will come in PUBLISH. SUBACK gives an id to a
// plain name; one to a filter would have no name to stand for.
func (c *Client) learnSubscription(t Topic, id mqttsn.TopicID) {
	if t.Type == mqttsn.TopicNormal {
		if !usable(id) || hasWildcard(t.Name) {
			return
		}
		t.ID = id
	}
	c.topics.learn(t, c.cfg.MaxTopics)
}

func (c *Client) handleUnsubAck(m *mqttsn.UnsubAck) bool {
	if c.pending.step != stepUnsubscribe || c.pending.msgID != m.MsgID {
		return false
	}
	// The ids stay: the name can still be published to.
	t := c.pop().token
	emit(c, &c.cfg.Scratch.unsubscribed, Unsubscribed{t})
	return true
}
