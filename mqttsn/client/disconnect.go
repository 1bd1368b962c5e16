package client

import "time"

// Disconnect ends the connection; Disconnected follows. It does not wait for
// what is queued or outstanding: that stays, for the next connection. Without
// a connection it does nothing, and no event follows.
func (c *Client) Disconnect(now time.Time) {
	if c.state == StateDisconnected || c.pending.step == stepDisconnect {
		return
	}
	c.done()
	// From sleep and from a connection that is only half there, DISCONNECT is
	// right all the same: the gateway may be ahead of us.
	c.wantDisconnect = true
	c.pump(now)
}

func (c *Client) handleDisconnect() bool {
	switch {
	case c.pending.step == stepDisconnect:
		c.end(Disconnected{Reason: ReasonRequested})
	case c.pending.step == stepSleep:
		c.fallAsleep()
	case c.state.listens():
		// Not answered, so that two peers cannot go on for ever. SN §6.12
		c.end(Disconnected{Reason: ReasonGateway})
	default:
		// Connecting already: meant for what we sent before.
		return false
	}
	return true
}
