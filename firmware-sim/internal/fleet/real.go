package fleet

import (
	"context"
	"errors"
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

	mu    sync.Mutex // the turn
	armed time.Duration
	busy  time.Duration // spent within turns
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
		to, err := lines.Resolve(g)
		if err == nil {
			err = lines.Probe(to)
		}
		if err != nil {
			r.shut()
			return nil, err
		}
		l, err := lines.New(to, receiver{r, i})
		if err != nil {
			r.shut()
			return nil, err
		}
		r.lines = append(r.lines, l)
	}
	var err error
	if r.client, err = program.Dial(ctx, broker, cfg.Prefix+"program-"+cfg.Run, (*handler)(r)); err == nil {
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
	r.busy += time.Since(r.start) - r.Fleet.Now()
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
	}
	return sum
}

// Busy is how much time was spent within turns: of devices, system calls for
// what they send, and the checks.
func (r *Real) Busy() time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.busy
}

// CheckRetained has a new subscriber get what is retained, and judges that. It
// waits until there has been nothing for a moment. Then it removes it.
func (r *Real) CheckRetained(ctx context.Context) error {
	var topics []string
	r.Turn(func(f *Fleet) { topics = f.ledger.ExpectRetained() })
	if len(topics) == 0 {
		return nil
	}
	c := &collector{real: r, came: make(chan struct{}, 1)}
	p, err := program.Dial(ctx, r.broker, r.Fleet.cfg.Prefix+"second-"+r.Fleet.cfg.Run, c)
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

// Close ends all goroutines.
func (r *Real) Close() {
	close(r.quit)
	<-r.ended
	r.mu.Lock()
	defer r.mu.Unlock()
	r.shut()
}

// outside is how the fleet sees Real.
type outside Real

func (o *outside) Open(gateway int) (Line, error) {
	id, err := o.lines[gateway].Open()
	if err == nil && id >= 1<<gatewayShift {
		err = lines.ErrTooMany
	}
	return LineOf(gateway, uint32(id)), err
}

func (o *outside) Close(l Line) {
	gateway, number := l.Split()
	o.lines[gateway].Close(lines.ID(number))
}

func (o *outside) Send(l Line, b []byte) {
	gateway, number := l.Split()
	o.lines[gateway].Send(lines.ID(number), b)
}

func (o *outside) Publish(topic string, payload []byte, qos uint8) (uint16, error) {
	return o.client.Publish(topic, payload, qos, false)
}

// receiver takes what comes from one gateway.
type receiver struct {
	real    *Real
	gateway int
}

func (v receiver) Received(batch []lines.Datagram) {
	r := v.real
	r.mu.Lock()
	defer r.mu.Unlock()
	r.begin()
	for _, d := range batch {
		r.Fleet.Received(LineOf(v.gateway, uint32(d.Line)), d.Data)
	}
	r.end()
}

// handler takes what comes to the program.
type handler Real

func (h *handler) Messages(all []program.Message) {
	(*Real)(h).Turn(func(f *Fleet) {
		for _, m := range all {
			f.Message(m.Topic, m.Payload, m.Retain)
		}
	})
}

func (h *handler) Acknowledged(ids []uint16) {
	(*Real)(h).Turn(func(f *Fleet) {
		for _, id := range ids {
			f.Acknowledged(id)
		}
	})
}

// collector takes retained messages, and tells that there were some.
type collector struct {
	real *Real
	came chan struct{}
}

func (c *collector) Messages(all []program.Message) {
	c.real.Turn(func(f *Fleet) {
		for _, m := range all {
			if m.Retain {
				f.ledger.IsRetained(f.now, m.Topic, m.Payload)
			}
		}
	})
	select {
	case c.came <- struct{}{}:
	default:
	}
}

func (c *collector) Acknowledged([]uint16) {}

// Play runs the scenario to its end, which comes early if ctx ends. It returns
// an error if the run could not go on; what was judged is in the Ledger.
func (r *Real) Play(ctx context.Context) error {
	defer r.Close()
	if err := r.publishing(ctx); err != nil {
		return err // what is under way is not lost
	}
	r.drain()
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
	check := time.NewTicker(20 * time.Millisecond)
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
		over := false
		r.Turn(func(f *Fleet) { over = f.stopped() })
		if over {
			return r.silence()
		}
	}
}

// silence is an error if no gateway has ever said anything.
func (r *Real) silence() error {
	if t := r.Traffic(); t.Received > 0 || t.Sent+t.Refused == 0 {
		return nil
	}
	return errors.New("no gateway has answered: is one listening there? Does a firewall let UDP pass?")
}

// drain waits until nothing is under way, or the scenario's time for that is
// over.
func (r *Real) drain() {
	r.until(r.Fleet.cfg.Scenario.Drain, func(f *Fleet) bool { return f.Outstanding() == 0 })
}

// until waits for something, for so long at most.
func (r *Real) until(limit time.Duration, done func(*Fleet) bool) {
	const often = 50 * time.Millisecond
	for ; limit > 0; limit -= often {
		is := false
		r.Turn(func(f *Fleet) { is = done(f) })
		if is {
			return
		}
		time.Sleep(min(often, limit))
	}
}
