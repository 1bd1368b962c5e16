package gateway

import (
	"sync"
	"sync/atomic"
	"time"

	"snbroker/internal/mqtt"
)

// beginTurn takes everything in the Gateway for the caller.
func (g *Gateway) beginTurn() {
	g.inbox.attended.Add(1)
	g.turn.Lock()
	g.now = 1 + instant(time.Since(g.epoch)) // 0 is no time
}

// endTurn runs what the turn made ready until nothing is left, and hands the
// answers to the links. What the turn owes to others is told with the turn let
// go: it may be a publisher's message to a hundred sockets. pause is
// what the Backend wishes the next turn to wait.
func (g *Gateway) endTurn() (pause time.Duration) {
	for {
		if debts := g.backend.Flush(); debts != nil {
			g.turn.Unlock()
			pause = max(pause, debts.Tell())
			g.turn.Lock()
		}
		if !g.takeInbox() && len(g.ready) == 0 {
			break
		}
		g.deliverReady()
		if len(g.ready) > 0 {
			break // a long backlog: others have their turn first
		}
	}
	g.flush()
	g.inbox.attended.Add(-1)
	again := len(g.ready) > 0 || g.inbox.waiting() || g.timers.earliest() < g.inbox.wakeAt.Load()
	g.turn.Unlock()
	if again {
		g.wakePump()
	}
	return pause
}

func (g *Gateway) flush() {
	for i, l := range g.ends {
		l.Flush()
		l.dirty = false
		g.ends[i] = nil
	}
	g.ends = g.ends[:0]
}

// deliverReady gives every session that has something to pull its chance. A
// session with a long backlog comes again after the others.
func (g *Gateway) deliverReady() {
	g.ready, g.listed = g.listed[:0], g.ready
	for i, s := range g.listed {
		g.listed[i] = nil
		s.listed = false
		s.deliver()
	}
}

// runPump handles deadlines, and what the Backend reports while no link's
// reader has the turn.
func (g *Gateway) runPump() {
	defer g.pump.Done()
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		g.beginTurn()
		g.woke(g.inbox.wakeAt.Load())
		g.advance()
		next := min(g.timers.earliest(), g.nextAdvert())
		g.inbox.wakeAt.Store(next)
		now := g.now
		g.endTurn()
		wait := time.Hour
		if next = g.inbox.wakeAt.Load(); next != never {
			wait = max(0, min(wait, time.Duration(next-now)))
		}
		timer.Reset(wait)
		select {
		case <-g.wake:
		case <-timer.C:
		case <-g.quit:
			return
		}
	}
}

func (g *Gateway) wakePump() {
	select {
	case g.wake <- struct{}{}:
	default:
	}
}

// inbox is where the Backend reports, from any goroutine.
type inbox struct {
	mu       sync.Mutex
	events   []event
	taken    []event      // the other half, being worked through
	attended atomic.Int32 // how many have a turn, or wait for one, and will look
	wakeAt   wakeTime     // when the pump wakes by itself
}

type eventKind uint8

const (
	eventReady eventKind = iota
	eventDone
	eventClosed
	eventChecked
)

type event struct {
	session *session
	kind    eventKind
	reason  mqtt.ReasonCode
	token   Token
	checked *credentials // of eventChecked
}

// report adds an event and sees to it that somebody takes it.
func (g *Gateway) report(e event) {
	g.inbox.mu.Lock()
	g.inbox.events = append(g.inbox.events, e)
	g.inbox.mu.Unlock()
	if g.inbox.attended.Load() == 0 {
		g.wakePump()
	}
}

func (b *inbox) waiting() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.events) > 0
}

// takeInbox handles what was reported; false says that there was nothing.
func (g *Gateway) takeInbox() bool {
	b := &g.inbox
	b.mu.Lock()
	b.events, b.taken = b.taken[:0], b.events
	b.mu.Unlock()
	for i := range b.taken {
		e := &b.taken[i]
		e.session.reported(e)
		*e = event{}
	}
	return len(b.taken) > 0
}

type wakeTime struct{ v atomic.Int64 }

func (w *wakeTime) Load() instant   { return instant(w.v.Load()) }
func (w *wakeTime) Store(t instant) { w.v.Store(int64(t)) }
