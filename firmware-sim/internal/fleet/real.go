package fleet

import (
	"context"
	"fmt"
	"sync"
	"time"

	"snbroker/firmware-sim/internal/lines"
	"snbroker/firmware-sim/internal/program"
)

// Real plays a fleet against gateways and a broker on the network, by the clock
// on the wall. Whoever has something for the fleet takes its turn: the readers
// of the sockets, the reader of the program's connection, and one timer.
type Real struct {
	Fleet *Fleet

	broker string
	start  time.Time
	lines  []lines.Lines
	client *program.Client
	timer  *time.Timer
	ended  chan struct{} // closed when the timer's goroutine has ended
	quit   chan struct{}

	mu    sync.Mutex    // the turn
	armed time.Duration // what the timer is set to
}

// Dial opens the way to the gateways, and connects the program.
func Dial(ctx context.Context, cfg Config, gateways []string, broker string) (*Real, error) {
	cfg.Gateways = len(gateways)
	cfg.Start = time.Now()
	r := &Real{broker: broker, start: cfg.Start, ended: make(chan struct{}), quit: make(chan struct{})}
	r.Fleet = New(cfg, (*outside)(r))
	r.mu.Lock() // until all is there
	defer r.mu.Unlock()
	for i, g := range gateways {
		l, err := lines.Open(ctx, g, cfg.Credentials, receiver{r, i})
		if err == nil {
			r.lines = append(r.lines, l)
			err = r.Fleet.limit(g, l.Limits())
		}
		if err != nil {
			r.shut()
			return nil, err
		}
	}
	patience := time.Duration(0)
	if cfg.Gateway != nil {
		patience = cfg.Scenario.Restart.Within
	}
	var err error
	if r.client, err = program.Dial(ctx, broker, cfg.Prefix+"program-"+cfg.Run, patience, (*handler)(r)); err == nil {
		r.mu.Unlock() // retained messages may come
		err = r.client.Subscribe(ctx, r.Fleet.Filters(), 2)
		r.mu.Lock()
	}
	if err != nil {
		r.shut()
		return nil, fmt.Errorf("the program at the broker %s: %w", broker, err)
	}
	r.start = time.Now()
	r.Fleet.cfg.Start, r.Fleet.clock = r.start, r.start
	r.timer = time.NewTimer(0)
	go r.tick()
	return r, nil
}

// limit keeps the fleet to what the lines to a gateway carry.
func (f *Fleet) limit(gateway string, l lines.Limits) error {
	f.cfg.MTU = min(f.cfg.MTU, l.MTU)
	for _, p := range f.pops {
		if p.Forwarder > 0 && !l.Forwarder {
			return &lines.TargetError{Gateway: gateway, Err: fmt.Errorf("there is one forwarder on this line already, with all devices behind it: take forwarder out of the population %s", p.Name)}
		}
	}
	return nil
}

// shut closes the lines; the turn is the caller's, and let go of meanwhile.
func (r *Real) shut() {
	r.mu.Unlock()
	for _, l := range r.lines {
		l.Shut()
	}
	if r.client != nil {
		r.client.Close()
	}
	r.mu.Lock()
}

// Turn has f look at the fleet, or act on it, while nobody else does.
func (r *Real) Turn(f func(*Fleet)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.begin()
	f(r.Fleet)
	r.end()
}

func (r *Real) begin() { r.Fleet.At(time.Since(r.start)) }

// end sends what has gathered, and sets the timer if there is need to. Deadlines
// are met to the next step, so that what is due at about the same time leaves
// together.
func (r *Real) end() {
	for _, l := range r.lines {
		l.Flush()
	}
	if next := r.Fleet.Next(); next < r.armed && r.timer != nil {
		r.arm(next)
	}
}

const step = time.Millisecond

func (r *Real) arm(next time.Duration) {
	next = (next + step - 1) / step * step
	r.armed = next
	r.timer.Reset(max(0, next-time.Since(r.start)))
}

// tick is the goroutine that does what is due, until Close.
func (r *Real) tick() {
	defer close(r.ended)
	for {
		select {
		case <-r.quit:
			return
		case <-r.timer.C:
		}
		r.mu.Lock()
		r.begin()
		r.Fleet.Advance(r.Fleet.Now())
		r.armed = 1<<63 - 1
		r.end()
		r.mu.Unlock()
	}
}

// Err is why the run cannot go on, or nil.
func (r *Real) Err() error {
	if err := r.client.Err(); err != nil {
		return fmt.Errorf("the program at the broker %s: %w", r.broker, err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, l := range r.lines {
		if err := l.Err(); err != nil {
			return err
		}
	}
	return r.Fleet.Err()
}

// Traffic is what the sockets counted.
func (r *Real) Traffic() (sum lines.Stats) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, l := range r.lines {
		s := l.Stats()
		sum.Sent += s.Sent
		sum.Received += s.Received
		sum.Refused += s.Refused
		sum.Dropped += s.Dropped
		sum.Overrun += s.Overrun
		sum.Noise += s.Noise
		sum.Lost += s.Lost
		sum.Reopened += s.Reopened
		sum.Handshakes += s.Handshakes
		sum.HandshakesFailed += s.HandshakesFailed
		sum.Resumed += s.Resumed
	}
	return sum
}

// Close ends all goroutines.
func (r *Real) Close() {
	close(r.quit)
	<-r.ended
	r.mu.Lock()
	defer r.mu.Unlock()
	r.shut()
}
