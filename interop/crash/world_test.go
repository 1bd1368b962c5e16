package crash

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"
)

// What the device "a0" publishes to, and the sleeper "s0" subscribes to, by
// predefined topic ids.
const (
	predefinedPublisher = "a0"
	predefinedOut       = "d/a0/pre"
	predefinedReader    = "s0"
	predefinedIn        = "p/t1/0"
)

// world is the load and what is known of it.
type world struct {
	t       *testing.T
	seed    uint64
	program *program
	over    context.CancelFunc // ends the load

	mu        sync.Mutex
	streams   map[string]*stream
	traces    map[string]*trace
	audiences []*audience
	wills     wills
	forgotten []string // clients that have ended their sessions
	order     int      // how many messages were begun
	cycle     int      // how often the program was killed
	life      int      // of the program; 0 while it is down
	lives     int
	loading   bool // publishers publish
	finishing bool // nobody begins or leaves any more
	breaches  int
	counts    struct{ sent, acked, arrived, again, connects, wakes, retained int }

	background sync.WaitGroup // clients and devices
}

func newWorld(t *testing.T, seed uint64) *world {
	return &world{t: t, seed: seed, streams: make(map[string]*stream), traces: make(map[string]*trace), wills: wills{make(map[string]fate), make(map[string]int)}}
}

// rand is chance for one client.
func (w *world) rand(name string) *rand.Rand {
	h := uint64(0)
	for _, c := range name {
		h = h*31 + uint64(c)
	}
	return rand.New(rand.NewPCG(w.seed, h))
}

func (w *world) stream(topic string, kept bool) *stream {
	s := &stream{topic: topic, kept: kept}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.streams[topic] = s
	return s
}

func (w *world) listen(a *audience) *audience {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.audiences = append(w.audiences, a)
	return a
}

// dismiss ends what a has to get.
func (w *world) dismiss(a *audience) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for i, x := range w.audiences {
		if x == a {
			w.audiences = append(w.audiences[:i], w.audiences[i+1:]...)
			return
		}
	}
}

// breach reports a rule that was broken. The caller holds the lock.
func (w *world) breach(client, message, rule string) {
	if w.breaches++; w.breaches <= 10 {
		w.t.Errorf("seed %d, cycle %d, client %s, %s: the rule is that %s\n%v", w.seed, w.cycle, client, message, rule, w.traces[client])
		for id, of := range w.traces { // whoever published it
			if id != client && (strings.Contains(message, "/"+id+"/") || strings.HasPrefix(message, "will of "+id+" ")) {
				w.t.Errorf("client %s:\n%v", id, of)
			}
		}
	}
	w.over()
}

func (w *world) broken(client, message, rule string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.breach(client, message, rule)
}

func (w *world) isLoading() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.loading
}

func (w *world) isFinishing() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.finishing
}

// alive returns which life of the program it is, 0 if it is dead or dying.
func (w *world) alive() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.life
}

func (w *world) setLife(up bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.life = 0
	if up {
		w.lives++
		w.life = w.lives
	} else {
		w.wills.crashed()
	}
}

// crash kills the program and starts it again: once, or twice in quick
// succession, or also while it starts.
func (w *world) crash(r *rand.Rand) error {
	w.setLife(false)
	if err := w.kill(); err != nil {
		return err
	}
	for range r.IntN(4) / 2 * r.IntN(3) { // none in two thirds of all
		next, err := w.program.start()
		if err != nil {
			return err
		}
		if r.IntN(2) == 0 {
			if err := next.await(); err != nil {
				return err
			}
		}
		select {
		case <-time.After(time.Duration(r.IntN(40)) * time.Millisecond):
		case <-next.ended:
		}
		if err := w.kill(); err != nil {
			return err
		}
	}
	return w.start()
}

func (w *world) kill() error {
	last := w.program.last
	if err := last.kill(); err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cycle++
	if err := w.program.keep(w.cycle); err != nil {
		return err
	}
	if line := last.complaint(); line != "" {
		return fmt.Errorf("the program complains: %s", line)
	}
	return nil
}

// start starts the program and waits until it serves.
func (w *world) start() error {
	next, err := w.program.start()
	if err != nil {
		return err
	}
	w.setLife(true) // before it serves: what it lets in belongs to this life
	return next.await()
}

// unfinished tells what is still to come, "" if nothing is.
func (w *world) unfinished() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, s := range w.streams {
		if s.acked != s.begun {
			return fmt.Sprintf("the acknowledgement of message %d of %s (%d were sent)", s.acked+1, s.topic, s.begun)
		}
	}
	for _, a := range w.audiences {
		if missing := a.complete(); missing != "" {
			return missing
		}
		if a.wants("will/") {
			if key := w.wills.missing(a); key != "" {
				return fmt.Sprintf("%s: the will of %s", a.name, key)
			}
		}
	}
	return ""
}

// await waits until done returns "", and says what is missing if it never does.
func (w *world) await(ctx context.Context, done func() string) string {
	deadline := time.Now().Add(2 * patience)
	for {
		missing := done()
		if missing == "" || ctx.Err() != nil || time.Now().After(deadline) {
			return missing
		}
		pause(ctx, 10*time.Millisecond)
	}
}

// pause is the load's pace.
func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
