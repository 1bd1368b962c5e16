package client

import (
	"time"

	"snbroker/mqttsn"
)

// Client is one device. Its methods return at once, and take the time that it
// is: it never goes backwards. It is not safe for use by several goroutines.
type Client struct {
	cfg    Config
	output Output

	state    State
	sleepFor uint16         // seconds: of the sleep asked for or being slept
	msgID    mqttsn.MsgID   // the last one given out
	token    Token          // the last one given out
	topics   topics         // ids agreed on
	inbound  []mqttsn.MsgID // QoS 2, received and not yet released

	// What is to be done, in the order of nextProcedure.
	wantDisconnect bool
	wantPing       Token
	queue          []request
	wantSleep      bool

	pending   procedure // the one request outstanding
	resuming  bool      // the CONNECT under way ends sleep
	heldUntil time.Time // congestion: the queue does not move before
	lastSent  time.Time // for keep alive

	counters Counters
}

// Counters count datagrams since New.
type Counters struct {
	Sent     uint32
	Repeated uint32 // of those sent, the ones sent again for want of an answer
	Received uint32
	Ignored  uint32 // of those received, malformed or of no use then
}

// New returns a device that is Disconnected.
func New(cfg Config, output Output) *Client {
	cfg.setDefaults()
	return &Client{cfg: cfg, output: output, msgID: cfg.FirstMsgID - 1}
}

// State is where the device stands.
func (c *Client) State() State { return c.state }

// Counters is how many datagrams there were.
func (c *Client) Counters() Counters { return c.counters }

// Queued is how many requests wait, the outstanding one included.
func (c *Client) Queued() int { return len(c.queue) }

// Next is when Advance wants to be called, or zero if there is no need. Every
// method may change it.
func (c *Client) Next() time.Time {
	if c.pending.step != stepNone {
		return c.pending.deadline
	}
	if c.state != StateActive {
		return time.Time{}
	}
	var next time.Time
	if c.cfg.KeepAlive > 0 {
		next = c.pingDue()
	}
	if len(c.queue) > 0 && (next.IsZero() || c.heldUntil.Before(next)) {
		next = c.heldUntil
	}
	return next
}

// Advance does what is due at now. Calling it too early or too often is
// harmless.
func (c *Client) Advance(now time.Time) {
	switch {
	case c.pending.step != stepNone:
		if !now.Before(c.pending.deadline) {
			c.retry(now)
		}
	case c.state == StateActive && c.cfg.KeepAlive > 0 && !now.Before(c.pingDue()):
		c.begin(now, stepPing)
	}
	c.pump(now)
}

// Receive takes a datagram from the gateway. The error, which needs no action,
// is mqttsn.Error for a malformed one and ErrIgnored for one that a device has
// no use for now.
func (c *Client) Receive(now time.Time, datagram []byte) error {
	c.counters.Received++
	m, err := c.cfg.Scratch.decoder.Decode(datagram)
	if err == nil && !c.handle(now, m) {
		err = ErrIgnored
	}
	if err != nil {
		c.counters.Ignored++
		return err
	}
	// The gateway is busy with us: T_retry starts again at each message of an
	// awake period. SN §6.14
	if c.pending.step == stepWake {
		c.pending.tries = 1
		c.pending.deadline = now.Add(c.cfg.TRetry)
	}
	c.pump(now)
	return nil
}

// handle is the table of what a device does with each message. False means
// nothing: a message out of turn, out of state or in the wrong direction.
func (c *Client) handle(now time.Time, m mqttsn.Message) bool {
	switch m := m.(type) {
	case *mqttsn.ConnAck:
		return c.handleConnAck(m)
	case *mqttsn.WillTopicReq:
		return c.handleWillTopicReq(now)
	case *mqttsn.WillMsgReq:
		return c.handleWillMsgReq(now)
	case *mqttsn.Disconnect:
		return c.handleDisconnect()
	}
	if !c.state.listens() {
		return false
	}
	switch m := m.(type) {
	case *mqttsn.Register:
		return c.handleRegister(now, m)
	case *mqttsn.RegAck:
		return c.handleRegAck(now, m)
	case *mqttsn.Publish:
		return c.handlePublish(now, m)
	case *mqttsn.PubAck:
		return c.handlePubAck(now, m)
	case *mqttsn.PubRec:
		return c.handlePubRec(now, m)
	case *mqttsn.PubRel:
		return c.handlePubRel(now, m)
	case *mqttsn.PubComp:
		return c.handlePubComp(m)
	case *mqttsn.SubAck:
		return c.handleSubAck(now, m)
	case *mqttsn.UnsubAck:
		return c.handleUnsubAck(m)
	case *mqttsn.PingReq:
		c.sendPingResp(now)
		return true
	case *mqttsn.PingResp:
		return c.handlePingResp()
	case *mqttsn.WillTopicResp:
		return c.handleWillTopicResp(now, m)
	case *mqttsn.WillMsgResp:
		return c.handleWillMsgResp(now, m)
	}
	return false
}

// pump sends what can be sent now.
func (c *Client) pump(now time.Time) {
	for c.pending.step == stepNone {
		if c.wantDisconnect {
			c.begin(now, stepDisconnect)
			return
		}
		if c.state != StateActive {
			return
		}
		held := now.Before(c.heldUntil)
		switch {
		case c.wantPing != 0:
			c.begin(now, stepPing)
		case len(c.queue) > 0 && !held:
			c.start(now, &c.queue[0])
		case c.wantSleep:
			c.begin(now, stepSleep)
		default:
			return
		}
	}
}

func (c *Client) nextMsgID() mqttsn.MsgID {
	if c.msgID++; c.msgID == 0 { // means: none
		c.msgID = 1
	}
	return c.msgID
}

func (c *Client) nextToken() Token {
	if c.token++; c.token == 0 {
		c.token = 1
	}
	return c.token
}
