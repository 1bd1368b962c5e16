package auth

import (
	"context"
	"errors"
	"sync/atomic"
)

var errBusy = errors.New("auth: too many logins are waiting")

const (
	defaultWorkers = 2
	defaultWaiting = 256
)

// pool bounds how many hashes are computed at a time and how many callers wait
// for their turn. Callers lend their goroutine, so it has none to stop.
type pool struct {
	slots   chan struct{}
	waiting atomic.Int64
	limit   int64
}

func newPool(c Config) *pool {
	workers, waiting := poolSize(c)
	return &pool{slots: make(chan struct{}, workers), limit: int64(waiting)}
}

func poolSize(c Config) (workers, waiting int) {
	workers, waiting = c.Workers, c.Waiting
	if workers <= 0 {
		workers = defaultWorkers
	}
	if waiting == 0 {
		waiting = defaultWaiting
	}
	return workers, max(waiting, 0)
}

func (p *pool) fits(c Config) bool {
	workers, waiting := poolSize(c)
	return cap(p.slots) == workers && p.limit == int64(waiting)
}

// do runs f when it is its turn: first come, first served, because a channel
// serves its senders so and a slot that is given back goes to the first of
// them, not to who comes by.
func (p *pool) do(ctx context.Context, f func()) error {
	select {
	case p.slots <- struct{}{}:
	default:
		if err := p.wait(ctx); err != nil {
			return err
		}
	}
	defer func() { <-p.slots }()
	f()
	return nil
}

func (p *pool) wait(ctx context.Context) error {
	defer p.waiting.Add(-1)
	if p.waiting.Add(1) > p.limit {
		return errBusy
	}
	select {
	case p.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
