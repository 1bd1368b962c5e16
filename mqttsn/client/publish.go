package client

import (
	"time"

	"snbroker/mqttsn"
)

// Publish sends a message; Published follows unless the Token is zero. The
// payload must stay as it is until then. QoSMinusOne needs no connection, but
// a Predefined or Short topic, and is done at once.
func (c *Client) Publish(now time.Time, t Topic, payload []byte, qos mqttsn.QoS, retain bool) (Token, error) {
	if err := c.publishable(t); err != nil {
		return 0, err
	}
	switch {
	case qos > mqttsn.QoSMinusOne:
		return 0, ErrQoS
	case len(payload) > c.cfg.MaxMessage-9:
		return 0, ErrTooLong
	case qos == mqttsn.QoSMinusOne:
		if t.Type == mqttsn.TopicNormal {
			return 0, ErrTopic
		}
		c.sendPublish(now, &mqttsn.Publish{
			QoS: qos, Retain: retain, TopicIDType: t.Type, TopicID: t.ID, Data: payload,
		})
		return 0, nil
	}
	r := request{kind: kindPublish, topic: t, payload: payload, qos: qos, retain: retain}
	if qos == mqttsn.QoS0 && c.free(now) {
		if id, ok := c.idOf(t); ok {
			c.sendRequest(now, &r, id, false)
			return 0, nil
		}
	}
	return c.enqueue(now, r)
}

// free is when a request would go out at once.
func (c *Client) free(now time.Time) bool {
	return c.state == StateActive && c.pending.step == stepNone && !c.wantDisconnect &&
		len(c.queue) == 0 && !now.Before(c.heldUntil)
}

func (c *Client) publishable(t Topic) error {
	if !t.valid() || t.Type != mqttsn.TopicPredefined && hasWildcard(t.Name) {
		return ErrTopic
	}
	if len(t.Name) > c.cfg.MaxMessage-8 {
		return ErrTooLong
	}
	return nil
}

func (c *Client) idOf(t Topic) (mqttsn.TopicID, bool) {
	if t.Type != mqttsn.TopicNormal {
		return t.ID, true
	}
	return c.topics.id(t.Name)
}

// startPublish goes on where the request stands, which after a reconnection
// need not be the beginning.
func (c *Client) startPublish(now time.Time, r *request) {
	if r.stage == stageReleased {
		c.begin(now, stepPubRel)
		return
	}
	id, ok := c.idOf(r.topic)
	if !ok {
		c.begin(now, stepRegister)
		return
	}
	if r.qos == mqttsn.QoS0 {
		c.sendRequest(now, r, id, false)
		t := c.pop().token
		emit(c, &c.cfg.Scratch.published, Published{Token: t})
		return
	}
	again := r.stage == stageSent
	if !again {
		r.stage = stageSent
		r.msgID = c.nextMsgID()
	}
	c.pending = procedure{step: stepPublish, tries: 1, begun: now, deadline: now.Add(c.cfg.TRetry)}
	c.transmit(now, again)
}

// sent is the head of the queue if it is a PUBLISH with this id, the answer to
// which is outstanding at one of the steps.
func (c *Client) sent(id mqttsn.MsgID, at ...step) *request {
	for _, s := range at {
		if c.pending.step == s && c.queue[0].msgID == id {
			return &c.queue[0]
		}
	}
	return nil
}

// handlePubAck acknowledges QoS 1, and refuses any QoS.
func (c *Client) handlePubAck(now time.Time, m *mqttsn.PubAck) bool {
	r := c.sent(m.MsgID, stepPublish)
	if r == nil {
		return c.handleLateRefusal(now, m)
	}
	rc := m.ReturnCode
	switch {
	case rc == mqttsn.ReturnAccepted && r.qos == mqttsn.QoS2:
		return false // QoS 2 is acknowledged by PUBREC
	case rc == mqttsn.ReturnCongestion:
		// It was not and will not be processed, so that what goes out after
		// the wait is no duplicate.
		r.stage = stageNew
		c.done()
		c.hold(now, r.token, mqttsn.TypePublish)
		return true
	case rc == mqttsn.ReturnInvalidTopicID && r.topic.Type == mqttsn.TopicNormal && !r.repaired:
		c.topics.forgetName(r.topic.Name)
		r.repaired = true
		r.stage = stageNew
		c.done() // pump registers, then publishes
		return true
	}
	t := c.pop().token
	emit(c, &c.cfg.Scratch.published, Published{Token: t, ReturnCode: rc})
	return true
}

// handleLateRefusal: a PUBLISH of QoS 0 was refused. That message is lost, as
// QoS 0 may be; the next one need not be.
func (c *Client) handleLateRefusal(now time.Time, m *mqttsn.PubAck) bool {
	if m.MsgID != 0 {
		return false
	}
	switch m.ReturnCode {
	case mqttsn.ReturnInvalidTopicID:
		c.topics.forgetID(m.TopicID)
	case mqttsn.ReturnCongestion:
		c.hold(now, 0, mqttsn.TypePublish)
	default:
		return false
	}
	return true
}

func (c *Client) handlePubRec(now time.Time, m *mqttsn.PubRec) bool {
	if r := c.sent(m.MsgID, stepPublish, stepPubRel); r != nil {
		if r.qos != mqttsn.QoS2 {
			return false
		}
		if r.stage == stageReleased {
			c.transmit(now, false) // a duplicate; its timer runs already
			return true
		}
		r.stage = stageReleased
		c.begin(now, stepPubRel)
		return true
	}
	// Of an exchange that is over here: let the gateway finish too.
	c.sendPubRel(now, m.MsgID)
	return true
}

func (c *Client) handlePubComp(m *mqttsn.PubComp) bool {
	if c.sent(m.MsgID, stepPubRel) == nil {
		return false
	}
	t := c.pop().token
	emit(c, &c.cfg.Scratch.published, Published{Token: t})
	return true
}
