package sub

import (
	"context"
	"errors"
	"fmt"
	"syscall"
	"time"

	"snbroker/mqttsn/client"
)

// The pause before connecting again: it doubles with each attempt that fails, or
// that does not last.
const (
	firstPause = time.Second
	lastPause  = 30 * time.Second
)

// retry counts the pauses.
type retry struct{ pause time.Duration }

// heldFor tells how long the last connection was good for.
func (r *retry) heldFor(d time.Duration) {
	if d > lastPause {
		r.pause = 0
	}
}

// wait pauses; an error says that ctx is over.
func (r *retry) wait(ctx context.Context) error {
	r.pause = min(max(2*r.pause, firstPause), lastPause)
	timer := time.NewTimer(r.pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// gone tells whether err says that the gateway was there, and is not any more.
func gone(err error) bool {
	var silent *client.NoAnswerError
	return errors.Is(err, client.ErrGatewayDisconnected) || errors.Is(err, syscall.ECONNREFUSED) || errors.As(err, &silent)
}

// connectAgain tries until there is a connection, or ctx is over.
func (c *command) connectAgain(ctx context.Context, cfg client.Config, again *retry) (*client.Conn, error) {
	for {
		if err := again.wait(ctx); err != nil {
			return nil, err
		}
		conn, err := c.device.Connect(ctx, c.env.Stderr, cfg)
		switch {
		case err == nil:
			return conn, nil
		case ctx.Err() != nil:
			return nil, ctx.Err()
		}
		fmt.Fprintln(c.env.Stderr, err)
	}
}
