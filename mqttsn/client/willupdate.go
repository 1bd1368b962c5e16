package client

import (
	"time"

	"snbroker/mqttsn"
)

// UpdateWill replaces the will, or deletes it if w is nil; WillUpdated
// follows. The next Connect uses it too. *w must not change.
func (c *Client) UpdateWill(now time.Time, w *Will) (Token, error) {
	if err := c.cfg.validateWill(w); err != nil {
		return 0, err
	}
	if w != nil && w.Topic == "" {
		w = nil
	}
	return c.enqueue(now, request{kind: kindWill, will: w})
}

func (c *Client) handleWillTopicResp(now time.Time, m *mqttsn.WillTopicResp) bool {
	if c.pending.step != stepWillTopicUpd {
		return false
	}
	if r := &c.queue[0]; m.ReturnCode == mqttsn.ReturnAccepted && r.will != nil {
		r.stage = stageReleased
		c.begin(now, stepWillMsgUpd)
		return true
	}
	return c.willAnswered(now, m.ReturnCode)
}

func (c *Client) handleWillMsgResp(now time.Time, m *mqttsn.WillMsgResp) bool {
	if c.pending.step != stepWillMsgUpd {
		return false
	}
	return c.willAnswered(now, m.ReturnCode)
}

func (c *Client) willAnswered(now time.Time, rc mqttsn.ReturnCode) bool {
	if rc == mqttsn.ReturnCongestion {
		t, request := c.queue[0].token, c.pending.step.message()
		c.done()
		c.hold(now, t, request)
		return true
	}
	r := c.pop()
	if rc == mqttsn.ReturnAccepted {
		c.cfg.Will = r.will
	}
	emit(c, &c.cfg.Scratch.willUpdated, WillUpdated{Token: r.token, ReturnCode: rc})
	return true
}
