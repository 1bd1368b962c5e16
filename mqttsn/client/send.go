package client

import (
	"time"

	"snbroker/mqttsn"
)

// Messages are encoded by static calls, not through mqttsn.Message: so they
// stay on the stack. They cannot fail, what they are made of having been
// checked where it came in; one that did would leave an empty datagram, which
// is not sent.

func (c *Client) send(now time.Time, b []byte, _ error) {
	if len(b) == 0 {
		return
	}
	c.cfg.Scratch.buf = b[:0]
	c.lastSent = now
	c.counters.Sent++
	c.output.Send(b)
}

// transmit sends the outstanding request, for the first time or again.
func (c *Client) transmit(now time.Time, again bool) {
	buf := c.cfg.Scratch.buf
	var b []byte
	var err error
	switch c.pending.step {
	case stepConnect:
		b, err = c.appendConnect(buf)
		c.send(now, b, err)
		c.sendLogin(now)
		return
	case stepWillTopic:
		m := mqttsn.WillTopic{}
		if w := c.cfg.Will; w != nil {
			m = mqttsn.WillTopic{QoS: w.QoS, Retain: w.Retain, WillTopic: []byte(w.Topic)}
		}
		b, err = m.AppendBinary(buf)
	case stepWillMsg:
		m := mqttsn.WillMsg{}
		if w := c.cfg.Will; w != nil {
			m.WillMsg = w.Message
		}
		b, err = m.AppendBinary(buf)
	case stepPing:
		b, err = (&mqttsn.PingReq{}).AppendBinary(buf)
	case stepWake:
		b, err = (&mqttsn.PingReq{ClientID: []byte(c.cfg.ClientID)}).AppendBinary(buf)
	case stepSleep:
		b, err = (&mqttsn.Disconnect{Duration: c.sleepFor}).AppendBinary(buf)
	case stepDisconnect:
		b, err = (&mqttsn.Disconnect{}).AppendBinary(buf)
	default:
		c.transmitHead(now, &c.queue[0], again)
		return
	}
	c.send(now, b, err)
}

func (c *Client) appendConnect(buf []byte) ([]byte, error) {
	return (&mqttsn.Connect{
		Will:         c.cfg.Will != nil && !c.resuming,
		CleanSession: c.cfg.CleanSession && !c.resuming,
		ProtocolID:   mqttsn.ProtocolID,
		Duration:     seconds(c.cfg.KeepAlive),
		ClientID:     []byte(c.cfg.ClientID),
	}).AppendBinary(buf)
}

// sendLogin proves who the device is, if it has to: the gateway waits for it behind
// a CONNECT, and does not ask.
func (c *Client) sendLogin(now time.Time) {
	l := c.cfg.Login
	if l == nil {
		return
	}
	b, err := (&mqttsn.Auth{
		Method: []byte(mqttsn.AuthPlain), Data: mqttsn.AppendPlain(nil, l.Username, l.Password),
	}).AppendBinary(c.cfg.Scratch.buf)
	c.send(now, b, err)
}

func (c *Client) transmitHead(now time.Time, r *request, again bool) {
	buf := c.cfg.Scratch.buf
	var b []byte
	var err error
	switch c.pending.step {
	case stepRegister:
		b, err = (&mqttsn.Register{
			MsgID: c.pending.msgID, TopicName: []byte(r.topic.Name),
		}).AppendBinary(buf)
	case stepPublish:
		id, ok := c.idOf(r.topic)
		if !ok { // pushed out meanwhile
			c.begin(now, stepRegister)
			return
		}
		c.sendRequest(now, r, id, again)
		return
	case stepPubRel:
		b, err = (&mqttsn.PubRel{MsgID: r.msgID}).AppendBinary(buf)
	case stepSubscribe:
		b, err = (&mqttsn.Subscribe{
			QoS: r.qos, TopicIDType: r.topic.Type, MsgID: c.pending.msgID,
			TopicID: r.topic.ID, TopicName: []byte(r.topic.Name),
		}).AppendBinary(buf)
	case stepUnsubscribe:
		b, err = (&mqttsn.Unsubscribe{
			TopicIDType: r.topic.Type, MsgID: c.pending.msgID,
			TopicID: r.topic.ID, TopicName: []byte(r.topic.Name),
		}).AppendBinary(buf)
	case stepWillTopicUpd:
		m := mqttsn.WillTopicUpd{}
		if w := r.will; w != nil {
			m = mqttsn.WillTopicUpd{QoS: w.QoS, Retain: w.Retain, WillTopic: []byte(w.Topic)}
		}
		b, err = m.AppendBinary(buf)
	case stepWillMsgUpd:
		b, err = (&mqttsn.WillMsgUpd{WillMsg: r.will.Message}).AppendBinary(buf)
	}
	c.send(now, b, err)
}

// sendRequest sends the PUBLISH that r asks for.
func (c *Client) sendRequest(now time.Time, r *request, id mqttsn.TopicID, dup bool) {
	c.sendPublish(now, &mqttsn.Publish{
		Dup: dup, QoS: r.qos, Retain: r.retain,
		TopicIDType: r.topic.Type, TopicID: id, MsgID: r.msgID, Data: r.payload,
	})
}

func (c *Client) sendPublish(now time.Time, m *mqttsn.Publish) {
	b, err := m.AppendBinary(c.cfg.Scratch.buf)
	c.send(now, b, err)
}

func (c *Client) sendRegAck(now time.Time, topic mqttsn.TopicID, id mqttsn.MsgID, rc mqttsn.ReturnCode) {
	b, err := (&mqttsn.RegAck{TopicID: topic, MsgID: id, ReturnCode: rc}).AppendBinary(c.cfg.Scratch.buf)
	c.send(now, b, err)
}

func (c *Client) sendPubAck(now time.Time, topic mqttsn.TopicID, id mqttsn.MsgID, rc mqttsn.ReturnCode) {
	b, err := (&mqttsn.PubAck{TopicID: topic, MsgID: id, ReturnCode: rc}).AppendBinary(c.cfg.Scratch.buf)
	c.send(now, b, err)
}

func (c *Client) sendPubRec(now time.Time, id mqttsn.MsgID) {
	b, err := (&mqttsn.PubRec{MsgID: id}).AppendBinary(c.cfg.Scratch.buf)
	c.send(now, b, err)
}

func (c *Client) sendPubRel(now time.Time, id mqttsn.MsgID) {
	b, err := (&mqttsn.PubRel{MsgID: id}).AppendBinary(c.cfg.Scratch.buf)
	c.send(now, b, err)
}

func (c *Client) sendPubComp(now time.Time, id mqttsn.MsgID) {
	b, err := (&mqttsn.PubComp{MsgID: id}).AppendBinary(c.cfg.Scratch.buf)
	c.send(now, b, err)
}

func (c *Client) sendPingResp(now time.Time) {
	b, err := (&mqttsn.PingResp{}).AppendBinary(c.cfg.Scratch.buf)
	c.send(now, b, err)
}
