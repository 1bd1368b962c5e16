package client

import "time"

// Ping asks the gateway for a sign of life; Pong follows. Pings that are not
// sent yet are one. Keep alive needs no Ping: it is seen to.
func (c *Client) Ping(now time.Time) (Token, error) {
	if c.state != StateActive {
		return 0, ErrState
	}
	if c.wantPing == 0 {
		c.wantPing = c.nextToken()
	}
	t := c.wantPing
	c.pump(now)
	return t, nil
}

// pingDue is when silence has lasted long enough: something has to be sent
// within each KeepAlive, and anything will do. SN §6.11
func (c *Client) pingDue() time.Time { return c.lastSent.Add(c.cfg.KeepAlive) }

func (c *Client) handlePingResp() bool {
	switch c.pending.step {
	case stepPing:
		c.done()
		if t := c.wantPing; t != 0 {
			c.wantPing = 0
			emit(c, &c.cfg.Scratch.pong, Pong{t})
		}
	case stepWake:
		c.done()
		c.state = StateAsleep
		emit(c, &c.cfg.Scratch.awakeEnded, AwakeEnded{Complete: true})
	default:
		return false
	}
	return true
}
