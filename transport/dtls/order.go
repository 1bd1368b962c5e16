package dtls

import (
	"container/heap"
	"time"
)

// order is a heap of sessions by when they were last heard, as far as it knows: a
// session is not moved when it is heard, only when it is at the front.
type order []*session

func (o order) Len() int           { return len(o) }
func (o order) Less(i, j int) bool { return o[i].known < o[j].known }
func (o order) Swap(i, j int) {
	o[i], o[j] = o[j], o[i]
	o[i].slot, o[j].slot = i, j
}
func (o *order) Push(x any) {
	s := x.(*session)
	s.slot = len(*o)
	*o = append(*o, s)
}
func (o *order) Pop() any {
	old := *o
	s := old[len(old)-1]
	old[len(old)-1] = nil
	*o = old[:len(old)-1]
	return s
}

func (o *order) add(s *session) {
	s.known = s.heard.Load()
	heap.Push(o, s)
}

func (o *order) remove(s *session) { heap.Remove(o, s.slot) }

// idlest returns the session that has been silent for longest, and since when;
// nil if there is none.
func (o order) idlest() (*session, time.Time) {
	for len(o) > 0 {
		s := o[0]
		heard := s.heard.Load()
		if heard == s.known {
			return s, time.Unix(0, heard)
		}
		s.known = heard
		heap.Fix(&o, 0)
	}
	return nil, time.Time{}
}

// keep ends sessions that were silent for too long, until Close.
func (l *Link) keep() {
	if l.cfg.IdleTimeout == 0 {
		return
	}
	timer := time.NewTimer(l.cfg.IdleTimeout)
	defer timer.Stop()
	for {
		select {
		case <-l.done:
			return
		case <-timer.C:
		}
		timer.Reset(l.expire(time.Now()))
	}
}

// expire ends what is due, and returns when to look again.
func (l *Link) expire(now time.Time) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	for {
		s, heard := l.order.idlest()
		if s == nil {
			return l.cfg.IdleTimeout
		}
		if rest := l.cfg.IdleTimeout - now.Sub(heard); rest > 0 {
			return rest
		}
		l.counts.idle.Add(1)
		l.leave(s)
		s.finish()
	}
}

// evict ends the session that has been silent for longest.
func (l *Link) evict(now time.Time) {
	s, heard := l.order.idlest()
	if s == nil {
		return
	}
	l.counts.evicted.Add(1)
	if l.full.sessions.ok(now) {
		l.cfg.Log.Warn("too many DTLS sessions: max_connections is reached; the one that was silent for longest ends",
			"listener", l.Name(), "limit", l.cfg.MaxSessions, "silent", now.Sub(heard).Round(time.Second))
	}
	l.leave(s)
	s.finish()
}
