package client

import "snbroker/mqttsn"

// Outstanding is the request whose answer is waited for, with the receiver on.
// It is false if there is none.
func (c *Client) Outstanding() (mqttsn.MsgType, bool) {
	if c.pending.step == stepNone {
		return 0, false
	}
	return c.pending.step.message(), true
}
