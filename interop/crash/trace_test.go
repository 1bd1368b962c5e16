package crash

import (
	"fmt"
	"strings"
	"sync"
	"time"
)

// trace is what a client sent and received of late, for when a rule is broken.
type trace struct {
	mu    sync.Mutex
	lines []string
}

const traced = 40 // lines, at least, once there are so many

func (t *trace) note(format string, args ...any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.lines) == 2*traced {
		t.lines = append(t.lines[:0], t.lines[traced:]...)
	}
	t.lines = append(t.lines, time.Now().Format("15:04:05.000000 ")+fmt.Sprintf(format, args...))
}

func (t *trace) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.Join(t.lines, "\n")
}

// trace begins a client's trace.
func (w *world) trace(client string) *trace {
	w.mu.Lock()
	defer w.mu.Unlock()
	t := new(trace)
	w.traces[client] = t
	return t
}
