package client

import (
	"slices"
	"time"

	"snbroker/mqttsn"
)

// Connect begins a connection; Connected, Refused or Disconnected follows. In
// any state it starts afresh, except that from sleep it carries on the session:
// it then goes without CleanSession and Will, whatever the Config, because to
// set these would throw away what was kept for the sleeper. SN §6.14
func (c *Client) Connect(now time.Time) error {
	if err := c.cfg.validate(); err != nil {
		return err
	}
	c.resuming = c.state == StateAsleep || c.state == StateAwake ||
		c.resuming && c.state == StateConnecting
	c.wantDisconnect, c.wantSleep = false, false
	c.state = StateConnecting
	c.begin(now, stepConnect)
	return nil
}

func (c *Client) handleConnAck(m *mqttsn.ConnAck) bool {
	switch c.pending.step {
	case stepConnect, stepWillTopic, stepWillMsg:
	default:
		return false // a repeated one, or one that Disconnect has overtaken
	}
	c.done()
	if m.ReturnCode != mqttsn.ReturnAccepted {
		c.state = StateDisconnected
		emit(c, &c.cfg.Scratch.refused, Refused{m.ReturnCode})
		return true
	}
	resumed := c.resuming
	c.resuming = false
	c.state = StateActive
	var lost request
	if c.cfg.CleanSession && !resumed {
		lost = c.forgetSession()
	}
	emit(c, &c.cfg.Scratch.connected, Connected{Resumed: resumed})
	if lost.token != 0 {
		emit(c, &c.cfg.Scratch.published, Published{
			Token:     lost.token,
			Uncertain: lost.stage == stageSent,
		})
	}
	return true
}

// forgetSession does what the gateway did. An exchange of QoS 2 cannot go on:
// it is returned, to be reported. One of QoS 1 can, being sent again.
func (c *Client) forgetSession() (lost request) {
	c.topics = slices.DeleteFunc(c.topics, func(k Topic) bool {
		return k.Type == mqttsn.TopicNormal
	})
	c.inbound = nil
	if len(c.queue) == 0 {
		return request{}
	}
	if r := &c.queue[0]; r.kind == kindPublish && r.qos == mqttsn.QoS2 && r.stage != stageNew {
		return c.pop()
	}
	return request{}
}

// The will dialogue is led by the gateway; either side may repeat. A prompt
// that comes again is answered again, but counts as a try, so that two peers
// at odds about the order do not go on for ever.

func (c *Client) handleWillTopicReq(now time.Time) bool {
	switch c.pending.step {
	case stepConnect:
		c.begin(now, stepWillTopic)
	case stepWillTopic, stepWillMsg:
		c.pending.step = stepWillTopic
		c.retry(now)
	default:
		return false
	}
	return true
}

func (c *Client) handleWillMsgReq(now time.Time) bool {
	switch c.pending.step {
	case stepWillTopic:
		c.begin(now, stepWillMsg)
	case stepWillMsg:
		c.retry(now)
	default:
		return false
	}
	return true
}
