package client

import (
	"fmt"
	"time"
)

// Sleep tells the gateway to keep what comes for the device, for d, which is
// rounded up to seconds; FellAsleep follows. It waits for what is queued,
// unless congestion holds that. From an awake or asleep device it changes the
// time.
//
// Before d is over the device must be heard of, by Wake, Sleep or Connect, or
// the gateway takes it for lost.
func (c *Client) Sleep(now time.Time, d time.Duration) error {
	if d <= 0 || d > maxDuration {
		return fmt.Errorf("%w: sleep is not within 1s and %v", ErrConfig, maxDuration)
	}
	switch c.state {
	case StateActive:
		c.sleepFor = seconds(d)
		c.wantSleep = true
		c.pump(now)
	case StateAsleep, StateAwake:
		c.sleepFor = seconds(d)
		c.begin(now, stepSleep)
	default:
		return ErrState
	}
	return nil
}

func (c *Client) fallAsleep() {
	c.done()
	c.state = StateAsleep
	c.wantSleep = false
	emit(c, &c.cfg.Scratch.fellAsleep, FellAsleep{time.Duration(c.sleepFor) * time.Second})
}

// Wake asks a sleeping device's gateway for what it kept; Messages follow, and
// then AwakeEnded. Requests stay queued: to send, Connect. SN §6.14
func (c *Client) Wake(now time.Time) error {
	if c.state != StateAsleep || c.pending.step != stepNone {
		return ErrState
	}
	c.state = StateAwake
	c.begin(now, stepWake)
	return nil
}
