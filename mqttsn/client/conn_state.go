package client

import (
	"context"
	"errors"
	"time"
)

// Connect ends sleep, so that requests go out again.
func (c *Conn) Connect(ctx context.Context) error {
	return c.change(ctx, "connect", c.client.Connect)
}

// Sleep tells the gateway to keep what comes for the device; it returns when
// the gateway has agreed. The device must be heard of again, by Wake, Sleep or
// Connect, before d is over.
func (c *Conn) Sleep(ctx context.Context, d time.Duration) error {
	return c.change(ctx, "sleep", func(now time.Time) error { return c.client.Sleep(now, d) })
}

// Wake takes what was kept, and returns when that was all and the device is
// asleep again.
func (c *Conn) Wake(ctx context.Context) error {
	return c.change(ctx, "wake", c.client.Wake)
}

// Close ends the connection, and returns when its goroutine has. It waits no
// longer than ctx for the gateway to confirm; an unconfirmed end is an error,
// but an end.
func (c *Conn) Close(ctx context.Context) error {
	c.mu.Lock()
	c.turn = nil // a change under way will not come to its end
	over := c.err != nil
	c.mu.Unlock()
	if over {
		<-c.done
		return nil
	}
	err := c.change(ctx, "disconnect", func(now time.Time) error {
		c.client.Disconnect(now)
		return nil
	})
	c.stop(ErrClosed)
	<-c.done
	if errors.Is(err, ErrClosed) {
		return nil // someone else's Close
	}
	return err
}
