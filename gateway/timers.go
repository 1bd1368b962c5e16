package gateway

import (
	"container/heap"
	"time"
)

// timers is a heap of sessions by when each wants to be looked at. Traffic only
// moves deadlines later, so a session is left where it is and looked at too
// early; only an earlier deadline moves it.
type timers []*session

func (t timers) Len() int           { return len(t) }
func (t timers) Less(i, j int) bool { return t[i].scheduled < t[j].scheduled }
func (t timers) Swap(i, j int) {
	t[i], t[j] = t[j], t[i]
	t[i].slot, t[j].slot = int32(i), int32(j)
}
func (t *timers) Push(x any) {
	s := x.(*session)
	s.slot = int32(len(*t))
	*t = append(*t, s)
}
func (t *timers) Pop() any {
	old := *t
	s := old[len(old)-1]
	old[len(old)-1] = nil
	*t = old[:len(old)-1]
	s.slot = unscheduled
	return s
}

const unscheduled = -1

func (t timers) earliest() instant {
	if len(t) == 0 {
		return never
	}
	return t[0].scheduled
}

func (t *timers) remove(s *session) {
	if s.slot != unscheduled {
		heap.Remove(t, int(s.slot))
	}
}

// schedule sees to it that s is looked at when its next deadline passes.
func (s *session) schedule() {
	next := s.next()
	t := &s.g.timers
	switch {
	case s.slot == unscheduled:
		if next != never {
			s.scheduled = next
			heap.Push(t, s)
		}
	case next < s.scheduled:
		s.scheduled = next
		heap.Fix(t, int(s.slot))
	}
}

// advance looks at every session whose time has come.
func (g *Gateway) advance() {
	for g.timers.earliest() <= g.now {
		s := g.timers[0]
		s.advance()
		if s.slot == unscheduled {
			continue // it is gone
		}
		if next := s.next(); next == never {
			g.timers.remove(s)
		} else {
			s.scheduled = max(next, g.now+1)
			heap.Fix(&g.timers, int(s.slot))
		}
	}
	g.advertise()
}

// next returns the earliest deadline of s, or never.
func (s *session) next() instant {
	next := s.supervision()
	if s.dialog != nil {
		next = min(next, s.dialog.due)
	}
	if s.out != nil && s.sends() {
		next = min(next, s.out.due)
	}
	if s.hold > s.g.now {
		next = min(next, s.hold)
	}
	if s.expires != 0 {
		next = min(next, s.expires)
	}
	return next
}

// supervision returns when s is lost if nothing more is heard of it.
func (s *session) supervision() instant {
	switch s.state {
	case Active:
		if s.keepAlive == 0 { // no supervision, as in MQTT
			if s.g.cfg.MaxIdle == 0 {
				return never
			}
			return max(s.g.lenient, s.heard.after(s.g.cfg.MaxIdle))
		}
		return max(s.g.lenient, s.heard.after(tolerated(s.keepAlive)))
	case Asleep:
		return max(s.g.lenient, s.heard.after(tolerated(s.sleep)))
	}
	return never
}

// tolerated adds to a duration in seconds what SN §7.2 allows a device to be
// late: a tenth above a minute, half below.
func tolerated(seconds uint16) time.Duration {
	d := time.Duration(seconds) * time.Second
	if d > time.Minute {
		return d + d/10
	}
	return d + d/2
}

// advance handles the deadlines of s that have passed.
func (s *session) advance() {
	now := s.g.now
	switch {
	case s.expires != 0 && s.expires <= now:
		s.expire()
	case s.dialog != nil && s.dialog.due <= now:
		s.dialogueOverdue()
	case s.supervision() <= now:
		s.g.stats.Lost++
		s.g.cfg.Log.Info("device lost", "client", s.id, "state", s.state)
		s.setState(Lost)
	case s.out != nil && s.sends() && s.out.due <= now:
		s.out.overdue()
	case s.hold != 0 && s.hold <= now:
		s.hold = 0
		s.list()
	}
}
