package broker

import (
	"container/heap"
	"time"
)

// deadline is what a session without a connection waits for: its delayed will,
// its end, or both.
type deadline struct {
	session *Session
	will    time.Time // zero: no will is due
	end     time.Time // zero: the session does not end by itself
	slot    int
}

func (d *deadline) next() time.Time {
	if !d.will.IsZero() && (d.end.IsZero() || d.will.Before(d.end)) {
		return d.will
	}
	return d.end
}

// deadlines is a heap, the earliest first. Guarded by Broker.mu.
type deadlines []*deadline

func (h deadlines) Len() int           { return len(h) }
func (h deadlines) Less(i, j int) bool { return h[i].next().Before(h[j].next()) }
func (h deadlines) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].slot, h[j].slot = i, j
}
func (h *deadlines) Push(x any) {
	d := x.(*deadline)
	d.slot = len(*h)
	*h = append(*h, d)
}
func (h *deadlines) Pop() any {
	old := *h
	d := old[len(old)-1]
	old[len(old)-1] = nil
	*h = old[:len(old)-1]
	return d
}

// schedule starts the deadlines of a session that has just lost its
// connection. The caller holds b.mu and s.mu.
func (b *Broker) schedule(s *Session) {
	d := &deadline{session: s}
	if s.will != nil {
		d.will = time.Now().Add(s.will.Delay)
	}
	if s.expiry != neverExpires {
		d.end = time.Now().Add(time.Duration(s.expiry) * time.Second)
	}
	if d.next().IsZero() {
		return
	}
	s.deadline = d
	heap.Push(&b.deadlines, d)
	if d.slot == 0 {
		b.arm()
	}
}

// cancel ends what schedule began. The caller holds b.mu and s.mu.
func (b *Broker) cancel(s *Session) {
	if s.deadline != nil {
		heap.Remove(&b.deadlines, s.deadline.slot)
		s.deadline = nil
	}
}

// arm sets the one timer to the earliest deadline; Release is the first to do so
// after a restart. The caller holds b.mu.
func (b *Broker) arm() {
	if len(b.deadlines) == 0 || b.closed || b.restoring {
		return
	}
	wait := time.Until(b.deadlines[0].next())
	if b.timer == nil {
		b.timer = time.AfterFunc(wait, b.expire)
	} else {
		b.timer.Reset(wait)
	}
}

// expire handles the deadlines that have passed.
func (b *Broker) expire() {
	var t Turn
	for now := time.Now(); ; {
		s := b.overdue(now)
		if s == nil {
			break
		}
		b.expireSession(s, now, &t)
	}
	b.End(&t)
}

// overdue returns a session whose deadline has passed; without one it sets the
// timer, and returns nil.
func (b *Broker) overdue(now time.Time) *Session {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.deadlines) > 0 && !b.closed && !b.deadlines[0].next().After(now) {
		return b.deadlines[0].session
	}
	b.arm()
	return nil
}

// expireSession does what is due for a session, if nobody has come in between: its
// will is published, and it ends if its time is over.
func (b *Broker) expireSession(s *Session, now time.Time, t *Turn) {
	gate := b.gate(s.id)
	gate.Lock()
	defer gate.Unlock()
	b.mu.Lock()
	s.mu.Lock()
	d := s.deadline
	if d == nil || d.next().After(now) || b.closed {
		s.mu.Unlock()
		b.mu.Unlock()
		return
	}
	will := s.will // due now, or brought forward by the session's end
	s.will, d.will = nil, time.Time{}
	ends := !d.end.IsZero() && !d.end.After(now)
	if ends || d.end.IsZero() {
		b.cancel(s)
	} else {
		heap.Fix(&b.deadlines, d.slot)
	}
	s.mu.Unlock()
	var left []orphan
	if ends {
		left = b.forget(s)
		b.stats.expired.Add(1)
	}
	b.mu.Unlock()
	b.adopt(left, t)
	if will != nil {
		b.publishWill(s, will, t)
	}
	if ends {
		b.bury(s)
	} else {
		b.recordDetached(s)
	}
}
