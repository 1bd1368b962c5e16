package serial

import (
	"sync/atomic"
	"time"
)

// polite is a port that lets others finish: it writes when nothing has come for
// the turnaround.
type polite struct {
	Port
	turnaround time.Duration
	begun      time.Time
	heard      atomic.Int64 // when octets last came, in nanoseconds since begun
	closed     chan struct{}
}

func newPolite(p Port, turnaround time.Duration) *polite {
	return &polite{Port: p, turnaround: turnaround, begun: time.Now(), closed: make(chan struct{})}
}

// Read implements Port.
func (p *polite) Read(b []byte) (int, error) {
	n, err := p.Port.Read(b)
	if n > 0 {
		p.heard.Store(int64(time.Since(p.begun)))
	}
	return n, err
}

// mostTurns is how many times the turn may be lost again: whoever never stops
// talking is talked over.
const mostTurns = 10

// Write implements Port.
func (p *polite) Write(b []byte) (int, error) {
	for range mostTurns {
		silent := time.Since(p.begun) - time.Duration(p.heard.Load())
		if silent >= p.turnaround {
			break
		}
		t := time.NewTimer(p.turnaround - silent)
		select {
		case <-t.C:
		case <-p.closed:
		}
		t.Stop()
	}
	return p.Port.Write(b)
}

// Close implements Port.
func (p *polite) Close() error {
	close(p.closed)
	return p.Port.Close()
}
