package client

import (
	"time"

	"snbroker/mqttsn"
)

// procedure is the request that has no answer yet. What it is about is in the
// Client: the queue's head, or for the steps that are not of the queue its
// configuration and state. So it can be dropped at any time, and begun again.
type procedure struct {
	step     step
	tries    uint8
	msgID    mqttsn.MsgID // of REGISTER, SUBSCRIBE, UNSUBSCRIBE
	deadline time.Time
	begun    time.Time
}

// step is what was sent last, and so what is repeated.
type step uint8

const (
	stepNone step = iota

	stepConnect
	stepWillTopic
	stepWillMsg
	stepPing
	stepWake
	stepSleep
	stepDisconnect

	// of the queue's head
	stepRegister
	stepPublish
	stepPubRel
	stepSubscribe
	stepUnsubscribe
	stepWillTopicUpd
	stepWillMsgUpd
)

func (s step) message() mqttsn.MsgType {
	return [...]mqttsn.MsgType{
		stepConnect:      mqttsn.TypeConnect,
		stepWillTopic:    mqttsn.TypeWillTopic,
		stepWillMsg:      mqttsn.TypeWillMsg,
		stepPing:         mqttsn.TypePingReq,
		stepWake:         mqttsn.TypePingReq,
		stepSleep:        mqttsn.TypeDisconnect,
		stepDisconnect:   mqttsn.TypeDisconnect,
		stepRegister:     mqttsn.TypeRegister,
		stepPublish:      mqttsn.TypePublish,
		stepPubRel:       mqttsn.TypePubRel,
		stepSubscribe:    mqttsn.TypeSubscribe,
		stepUnsubscribe:  mqttsn.TypeUnsubscribe,
		stepWillTopicUpd: mqttsn.TypeWillTopicUpd,
		stepWillMsgUpd:   mqttsn.TypeWillMsgUpd,
	}[s]
}

// begin sends the first request of a step, which becomes the outstanding one.
func (c *Client) begin(now time.Time, s step) {
	c.pending = procedure{step: s, tries: 1, begun: now, deadline: now.Add(c.cfg.TRetry)}
	switch s {
	case stepRegister, stepSubscribe, stepUnsubscribe:
		c.pending.msgID = c.nextMsgID()
	}
	c.transmit(now, false)
}

// done ends the outstanding request.
func (c *Client) done() { c.pending = procedure{} }

// retry sends the outstanding request again, or gives up. SN §6.13
func (c *Client) retry(now time.Time) {
	p := &c.pending
	if int(p.tries) > c.cfg.NRetry {
		c.giveUp(now)
		return
	}
	p.tries++
	p.deadline = now.Add(c.cfg.TRetry)
	c.counters.Repeated++
	c.transmit(now, true)
}

func (c *Client) giveUp(now time.Time) {
	p := c.pending
	switch p.step {
	case stepWake:
		// Not a loss yet: the gateway may be out of reach only now, and
		// supervises the sleep, not this. SN §6.14
		c.done()
		c.state = StateAsleep
		emit(c, &c.cfg.Scratch.awakeEnded, AwakeEnded{})
	case stepDisconnect:
		c.end(Disconnected{Reason: ReasonRequested})
	default:
		c.end(Disconnected{
			Reason:  ReasonNoAnswer,
			Request: p.step.message(),
			Tries:   int(p.tries),
			Waited:  now.Sub(p.begun),
		})
	}
}

// end is the end of a connection. The queue stays, and so do the topic ids and
// the half-done QoS 2 exchanges, until CONNACK tells whether they still count.
func (c *Client) end(e Disconnected) {
	c.done()
	c.state = StateDisconnected
	c.wantDisconnect, c.wantSleep, c.wantPing = false, false, 0
	c.heldUntil = time.Time{}
	emit(c, &c.cfg.Scratch.disconnected, e)
}

// hold is the answer to congestion. Only the operation refused has to wait;
// holding all of them is simpler, and kinder to a gateway that is short of
// something. SN §6.5, §6.6, §6.9
func (c *Client) hold(now time.Time, t Token, request mqttsn.MsgType) {
	c.heldUntil = now.Add(c.cfg.TWait)
	emit(c, &c.cfg.Scratch.congested, Congested{Token: t, Request: request, Until: c.heldUntil})
}
