package client

import (
	"slices"
	"time"

	"snbroker/mqttsn"
)

// request waits in the queue until it is done, its own outstanding messages
// included.
type request struct {
	kind     kind
	stage    stage
	repaired bool // registered anew once already, after PUBACK 0x02
	qos      mqttsn.QoS
	retain   bool
	msgID    mqttsn.MsgID // of a PUBLISH that is not stageNew
	token    Token
	topic    Topic
	payload  []byte
	will     *Will
}

type kind uint8

const (
	kindRegister kind = iota
	kindPublish
	kindSubscribe
	kindUnsubscribe
	kindWill
)

// stage is how far a request got. It outlives the connection.
type stage uint8

const (
	stageNew      stage = iota
	stageSent           // PUBLISH left, so that the next one is a duplicate
	stageReleased       // PUBREC came; or WILLTOPICRESP did
)

// enqueue appends a request and sends it if it is its turn.
func (c *Client) enqueue(now time.Time, r request) (Token, error) {
	if len(c.queue) >= c.cfg.QueueSize {
		return 0, ErrQueueFull
	}
	r.token = c.nextToken()
	c.queue = append(c.queue, r)
	c.pump(now)
	return r.token, nil
}

// start sends the head of the queue, or first the REGISTER that it needs.
func (c *Client) start(now time.Time, r *request) {
	switch r.kind {
	case kindRegister:
		c.begin(now, stepRegister)
	case kindPublish:
		c.startPublish(now, r)
	case kindSubscribe:
		c.begin(now, stepSubscribe)
	case kindUnsubscribe:
		c.begin(now, stepUnsubscribe)
	case kindWill:
		if r.stage == stageReleased {
			c.begin(now, stepWillMsgUpd)
		} else {
			c.begin(now, stepWillTopicUpd)
		}
	}
}

// pop takes the head off the queue, and with it the outstanding request.
func (c *Client) pop() request {
	r := c.queue[0]
	c.queue = slices.Delete(c.queue, 0, 1)
	if len(c.queue) == 0 && cap(c.queue) > 2 {
		c.queue = nil // an idle device does not pay for its busiest hour
	}
	c.done()
	return r
}

// Cancel takes a request out of the queue, without an event. It is false if
// there is no such request or its message has been sent: then the answer is
// still awaited.
func (c *Client) Cancel(t Token) bool {
	i := slices.IndexFunc(c.queue, func(r request) bool { return r.token == t })
	if i < 0 || t == 0 || c.queue[i].stage != stageNew || i == 0 && c.pending.step >= stepRegister {
		return false
	}
	c.queue = slices.Delete(c.queue, i, i+1)
	return true
}
