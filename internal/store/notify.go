package store

import "sync"

// Waiter waits for a position to become durable.
type Waiter interface {
	// Durable is called once, from the notifier's goroutine. It holds up other
	// waiters, but no commit. It must not close the log.
	Durable()
}

// notifier holds those who wait, and tells them.
type notifier struct {
	mu      sync.Mutex
	waiters []waiter
	told    []waiter      // the goroutine's own
	bell    chan struct{} // Durable may have grown
	done    chan struct{} // closed when it does not grow any more
}

type waiter struct {
	upTo LSN
	w    Waiter
}

// keepWaiters is how many the notifier keeps room for while there are none.
const keepWaiters = 1024

func (n *notifier) init() {
	n.bell = make(chan struct{}, 1)
	n.done = make(chan struct{})
}

// Notify has w.Durable called once when Durable() >= upTo. If that is so
// already, it returns false and does not call.
func (l *Log) Notify(upTo LSN, w Waiter) bool {
	n := &l.notify
	n.mu.Lock()
	if l.Durable() >= upTo { // looked at under the lock, so that no ring is missed
		n.mu.Unlock()
		return false
	}
	n.waiters = append(n.waiters, waiter{upTo, w})
	n.mu.Unlock()
	l.asked.Add(1)
	l.want(upTo)
	return true
}

func (n *notifier) ring() {
	select {
	case n.bell <- struct{}{}:
	default:
	}
}

func (n *notifier) finish() { close(n.done) }

// notifyLoop is the notifier: apart from the committer, so that a waiter that
// takes its time does not hold up the next commit.
func (l *Log) notifyLoop() {
	defer l.running.Done()
	for {
		select {
		case <-l.notify.bell:
			l.notify.tell(l)
		case <-l.notify.done:
			l.notify.tell(l)
			return
		}
	}
}

// tell calls those whose time has come, in the order in which they asked.
func (n *notifier) tell(l *Log) {
	n.mu.Lock()
	durable := l.Durable()
	kept := n.waiters[:0]
	for _, w := range n.waiters {
		if w.upTo <= durable {
			n.told = append(n.told, w)
		} else {
			kept = append(kept, w)
		}
	}
	clear(n.waiters[len(kept):])
	if n.waiters = kept; len(kept) == 0 && cap(kept) > keepWaiters {
		n.waiters = nil
	}
	n.mu.Unlock()
	for _, w := range n.told {
		w.w.Durable()
	}
	clear(n.told)
	if n.told = n.told[:0]; cap(n.told) > keepWaiters {
		n.told = nil
	}
}
