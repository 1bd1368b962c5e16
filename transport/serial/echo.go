package serial

import (
	"sync"
	"time"
)

// echoes knows messages that were sent, on lines where they come back: RS-485
// transceivers that hear while they speak. They come back in order, before
// anything else; one that was damaged on its way does not come at all.
type echoes struct {
	mu      sync.Mutex
	pending []echo
}

type echo struct {
	sum  uint64
	sent time.Time
}

const (
	// mostEchoes bounds the memory. More are not under way on a line at a time.
	mostEchoes = 64
	// echoPatience is how long an echo may take: a queue of the slowest line's.
	echoPatience = 5 * time.Second
)

func (l *Link) noteEcho(sum uint64) {
	if !l.cfg.Echo {
		return
	}
	e := &l.echoes
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.pending) == mostEchoes {
		e.pending = append(e.pending[:0], e.pending[1:]...)
	}
	e.pending = append(e.pending, echo{sum, time.Now()})
}

// returned tells whether a message is one that was sent, and forgets it and those
// before it.
func (e *echoes) returned(sum uint64) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	for i, p := range e.pending {
		if p.sum == sum && time.Since(p.sent) < echoPatience {
			e.pending = append(e.pending[:0], e.pending[i+1:]...)
			return true
		}
	}
	return false
}
