package broker

import "sync/atomic"

// subscribers are the sessions behind one filter. Publishers read list without
// a lock through cached matches, so elements that were given out (shared) are
// never changed in place; appending leaves them alone.
type subscribers struct {
	list   []target
	pos    map[*Session]int  // where each session is, once the list is long
	groups map[string]*group // shared subscriptions, by name; nil for none
	shared atomic.Bool
}

func (s *subscribers) empty() bool { return len(s.list) == 0 && len(s.groups) == 0 }

// join adds to a shared subscription; it reports whether the session is new.
func (s *subscribers) join(name string, t target) bool {
	g := s.groups[name]
	if g == nil {
		if s.groups == nil {
			s.groups = make(map[string]*group)
		}
		g = &group{name: name}
		s.groups[name] = g
	}
	return g.set(t)
}

// drop removes a session from the list, or from a shared subscription.
func (s *subscribers) drop(name string, shared bool, session *Session) bool {
	if !shared {
		return s.remove(session)
	}
	g := s.groups[name]
	if g == nil || !g.remove(session) {
		return false
	}
	if len(g.list()) == 0 {
		delete(s.groups, name)
	}
	return true
}

// longList is where searching the list gets dearer than a map.
const longList = 32

// share returns the list for reading at any later time.
func (s *subscribers) share() []target {
	s.shared.Store(true)
	return s.list[:len(s.list):len(s.list)]
}

// own makes sure that the elements may be changed.
func (s *subscribers) own() {
	if s.shared.Load() {
		s.list = append(make([]target, 0, len(s.list)), s.list...)
		s.shared.Store(false)
	}
}

func (s *subscribers) find(session *Session) (int, bool) {
	if s.pos != nil {
		i, ok := s.pos[session]
		return i, ok
	}
	for i := range s.list {
		if s.list[i].session == session {
			return i, true
		}
	}
	return 0, false
}

// set adds or replaces; it reports whether the session is new here.
func (s *subscribers) set(t target) bool {
	if i, ok := s.find(t.session); ok {
		s.own()
		s.list[i] = t
		return false
	}
	s.list = append(s.list, t)
	if s.pos != nil {
		s.pos[t.session] = len(s.list) - 1
	} else if len(s.list) > longList {
		s.pos = make(map[*Session]int, 2*longList)
		for i := range s.list {
			s.pos[s.list[i].session] = i
		}
	}
	return true
}

func (s *subscribers) remove(session *Session) bool {
	i, ok := s.find(session)
	if !ok {
		return false
	}
	s.own()
	last := len(s.list) - 1
	s.list[i] = s.list[last]
	s.list[last] = target{}
	s.list = s.list[:last]
	if s.pos != nil {
		delete(s.pos, session)
		if i < last {
			s.pos[s.list[i].session] = i
		}
	}
	return true
}

// merge joins the targets of several filters, one per session.
func merge(hits []*subscribers) []target {
	total := 0
	for _, h := range hits {
		total += len(h.list)
	}
	out := make([]target, 0, total)
	seen := make(map[*Session]int, total)
	for _, h := range hits {
		for _, t := range h.list {
			i, again := seen[t.session]
			if !again {
				seen[t.session] = len(out)
				out = append(out, t)
				continue
			}
			have := &out[i]
			have.qos = max(have.qos, t.qos)
			have.noLocal = have.noLocal && t.noLocal
			have.retainAsPublished = have.retainAsPublished || t.retainAsPublished
			have.ids = joinIDs(have.ids, t.ids)
		}
	}
	return out
}

func joinIDs(a, b *[]uint32) *[]uint32 {
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	}
	joined := append(append(make([]uint32, 0, len(*a)+len(*b)), *a...), *b...)
	return &joined
}
