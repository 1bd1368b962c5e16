package fleet

import (
	"context"
	"errors"
	"fmt"
	"syscall"
	"time"

	"snbroker/firmware-sim/internal/program"
)

// CheckRetained has a new subscriber get what is retained, and judges that. It
// waits until there has been nothing for a moment. Then it removes it.
func (r *Real) CheckRetained(ctx context.Context) error {
	var topics []string
	r.Turn(func(f *Fleet) { topics = f.ledger.ExpectRetained() })
	if len(topics) == 0 {
		return nil
	}
	c := &collector{real: r, came: make(chan struct{}, 1)}
	p, err := r.dialSecond(ctx, c)
	if err != nil {
		return err
	}
	defer p.Close()
	if err := p.Subscribe(ctx, r.Fleet.Filters(), 1); err != nil {
		return err
	}
	const quiet = 500 * time.Millisecond
	for waiting := true; waiting; {
		select {
		case <-c.came:
		case <-time.After(quiet):
			waiting = false
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	r.Turn(func(f *Fleet) {
		f.ledger.AllRetained(f.now)
		f.clearing = true
	})
	for _, t := range topics {
		if _, err := p.Publish(t, nil, 0, true); err != nil {
			return err
		}
	}
	return nil
}

// dialSecond connects, if need be when the broker is back: it may have been
// restarted just now.
func (r *Real) dialSecond(ctx context.Context, c *collector) (*program.Client, error) {
	for {
		p, err := program.Dial(ctx, r.broker, r.Fleet.cfg.Prefix+"second-"+r.Fleet.cfg.Run, 0, c)
		if !errors.Is(err, syscall.ECONNREFUSED) {
			return p, err
		}
		select {
		case <-time.After(100 * time.Millisecond):
		case <-ctx.Done():
			return nil, err
		}
	}
}

// Play runs the scenario to its end, which comes early if ctx ends. It returns
// an error if the run could not go on; what was judged is in the Ledger.
func (r *Real) Play(ctx context.Context) error {
	defer r.Close()
	if err := r.publishing(ctx); err != nil {
		return err // what is under way is not lost
	}
	r.drain()
	r.overload()
	r.Turn((*Fleet).Judge)
	limit, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if err := r.CheckRetained(limit); err != nil {
		return fmt.Errorf("the second program, which looks at what is retained: %w", err)
	}
	const goodbyes = 50_000 // a second
	over := time.Second * time.Duration(len(r.Fleet.devices)) / goodbyes
	r.Turn(func(f *Fleet) { f.Leave(over) })
	r.until(over+3*time.Second, func(f *Fleet) bool { return f.Connected() == 0 })
	r.until(200*time.Millisecond, func(*Fleet) bool { return false }) // for wills, which are not due
	return r.Err()
}

// publishing waits for the end of the scenario.
func (r *Real) publishing(ctx context.Context) error {
	check := time.NewTicker(100 * time.Millisecond)
	defer check.Stop()
	for {
		select {
		case <-r.client.Done():
			return r.Err()
		case <-ctx.Done():
			r.Turn((*Fleet).Stop)
			return nil
		case <-check.C:
		}
		if err := r.Err(); err != nil {
			return err
		}
		if err := r.restart(ctx); err != nil {
			return err
		}
		over := false
		r.Turn(func(f *Fleet) { over = f.stopped() })
		if over {
			return r.silence()
		}
		r.overload()
	}
}

// overload finds out whether this machine drops datagrams.
func (r *Real) overload() {
	if t := r.Traffic(); t.Dropped+t.Overrun+t.Noise+t.Lost > 0 {
		r.Turn((*Fleet).Lossy)
	}
}

// silence is an error if no gateway has ever said anything.
func (r *Real) silence() error {
	tried := false
	r.Turn(func(f *Fleet) { tried = f.stats.Up > 0 })
	if !tried || r.Traffic().Received > 0 {
		return nil
	}
	return errors.New("no gateway has answered: is one listening there? Does a firewall let UDP pass? Are rate and framing of a serial line the gateway's?")
}

// drain waits until nothing is under way, or the scenario's time for that is
// over.
func (r *Real) drain() {
	r.until(r.Fleet.cfg.Scenario.Drain, func(f *Fleet) bool { return f.Outstanding() == 0 })
}

// until waits for something, for so long at most.
func (r *Real) until(limit time.Duration, done func(*Fleet) bool) {
	// To ask all of many devices takes some milliseconds.
	often := 50*time.Millisecond + time.Duration(len(r.Fleet.devices))*10*time.Microsecond
	for ; limit > 0; limit -= often {
		is := false
		r.Turn(func(f *Fleet) { is = done(f) })
		if is {
			return
		}
		time.Sleep(min(often, limit))
	}
}
