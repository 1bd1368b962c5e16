package broker

import (
	"strings"
	"sync"
	"sync/atomic"

	"snbroker/internal/mqtt"
)

// target is a session that a filter leads to, and how it wants its messages.
type target struct {
	session           *Session
	ids               *[]uint32 // subscription identifiers; nil for none
	qos               mqtt.QoS
	noLocal           bool
	retainAsPublished bool
}

// index leads from topic names to sessions. Filters without wildcards live in a
// map, the others in a trie of levels. Readers match under a shared lock, and
// through matchCache usually without any.
type index struct {
	mu    sync.RWMutex
	exact map[string]*subscribers
	root  node
	count int // subscriptions
	// generation changes with every subscription, so that a cached match
	// can tell that it is out of date.
	generation atomic.Uint64
}

// node is one level of the wildcard trie.
type node struct {
	children map[string]*node
	plus     *node
	here     *subscribers // filters that end at this level
	below    *subscribers // filters that end in "/#" after this level
}

func (n *node) empty() bool {
	return len(n.children) == 0 && n.plus == nil && n.here == nil && n.below == nil
}

func newIndex() *index { return &index{exact: make(map[string]*subscribers)} }

func hasWildcard(filter string) bool { return strings.ContainsAny(filter, "+#") }

// subscribe adds t under filter or replaces what its session had there.
func (x *index) subscribe(filter string, t target) {
	name, filter, shared := splitShared(filter)
	x.mu.Lock()
	defer x.mu.Unlock()
	slot := x.slot(filter)
	if *slot == nil {
		*slot = new(subscribers)
	}
	isNew := false
	if shared {
		isNew = (*slot).join(name, t)
	} else {
		isNew = (*slot).set(t)
	}
	if isNew {
		x.count++
	}
	if !hasWildcard(filter) {
		x.exact[filter] = *slot
	}
	x.generation.Add(1)
}

// splitShared takes "$share/name/" off a filter.
func splitShared(filter string) (name, rest string, shared bool) {
	if name, rest, shared = mqtt.SplitShared(filter); shared {
		return name, rest, true
	}
	return "", filter, false
}

// group returns the shared subscription of a name and filter; nil if there is
// none.
func (x *index) group(name, filter string) *group {
	x.mu.RLock()
	defer x.mu.RUnlock()
	subs := x.find(filter)
	if subs == nil {
		return nil
	}
	return subs.groups[name]
}

// find returns the subscribers of exactly this filter, or nil.
func (x *index) find(filter string) *subscribers {
	if !hasWildcard(filter) {
		return x.exact[filter]
	}
	n := &x.root
	for level, rest, more := nextLevel(filter, true); n != nil; level, rest, more = nextLevel(rest, more) {
		switch level {
		case "#":
			return n.below
		case "+":
			n = n.plus
		default:
			n = n.children[level]
		}
		if n != nil && !more {
			return n.here
		}
	}
	return nil
}

// slot returns where the subscribers of filter hang, making the way there.
func (x *index) slot(filter string) **subscribers {
	if !hasWildcard(filter) {
		s := x.exact[filter]
		return &s
	}
	n := &x.root
	for level, rest, more := nextLevel(filter, true); ; level, rest, more = nextLevel(rest, more) {
		switch level {
		case "#":
			return &n.below
		case "+":
			if n.plus == nil {
				n.plus = new(node)
			}
			n = n.plus
		default:
			child := n.children[level]
			if child == nil {
				if n.children == nil {
					n.children = make(map[string]*node)
				}
				child = new(node)
				n.children[level] = child
			}
			n = child
		}
		if !more {
			return &n.here
		}
	}
}

// unsubscribe removes s from filter, and the branches that end with it.
func (x *index) unsubscribe(filter string, s *Session) {
	name, filter, shared := splitShared(filter)
	x.mu.Lock()
	defer x.mu.Unlock()
	if !hasWildcard(filter) {
		subs := x.exact[filter]
		if subs == nil || !subs.drop(name, shared, s) {
			return
		}
		if subs.empty() {
			delete(x.exact, filter)
		}
	} else if !x.prune(filter, name, shared, s) {
		return
	}
	x.count--
	x.generation.Add(1)
}

func (x *index) prune(filter, name string, shared bool, s *Session) bool {
	type step struct {
		n     *node
		level string
	}
	var path []step
	n := &x.root
	var slot **subscribers
	for level, rest, more := nextLevel(filter, true); slot == nil; level, rest, more = nextLevel(rest, more) {
		if level == "#" {
			slot = &n.below
			break
		}
		path = append(path, step{n, level})
		if level == "+" {
			n = n.plus
		} else {
			n = n.children[level]
		}
		if n == nil {
			return false
		}
		if !more {
			slot = &n.here
		}
	}
	if *slot == nil || !(*slot).drop(name, shared, s) {
		return false
	}
	if (*slot).empty() {
		*slot = nil
	}
	for i := len(path) - 1; i >= 0 && n.empty(); i-- {
		parent := path[i].n
		if path[i].level == "+" {
			parent.plus = nil
		} else {
			delete(parent.children, path[i].level)
			if len(parent.children) == 0 {
				parent.children = nil // an emptied map keeps its buckets
			}
		}
		n = parent
	}
	return true
}

// match returns the sessions that topic leads to, each once: with several
// matching filters the highest QoS wins and all identifiers are named. The
// result is never written to again.
func (x *index) match(topic string) (found []target, generation uint64) {
	found, _, generation = x.matchAll(topic)
	return found, generation
}

// matchAll is match, with the shared subscriptions that topic leads to.
func (x *index) matchAll(topic string) (found []target, groups []*group, generation uint64) {
	x.mu.RLock()
	defer x.mu.RUnlock()
	generation = x.generation.Load()
	room := walks.Get().(*walk)
	defer walks.Put(room)
	defer room.forget()
	hits := room.hits[:0]
	if subs := x.exact[topic]; subs != nil {
		hits = append(hits, subs)
	}
	hits = x.root.match(topic, hits, room)
	room.hits = hits
	for _, h := range hits {
		for _, g := range h.groups {
			groups = append(groups, g)
		}
	}
	switch len(hits) {
	case 0:
	case 1:
		found = hits[0].share()
	default:
		found = merge(hits)
	}
	return found, groups, generation
}

// match collects the filters below n that fit topic. It keeps a frontier of
// nodes level by level: no recursion, whatever the depth.
func (n *node) match(topic string, hits []*subscribers, room *walk) []*subscribers {
	now, then := append(room.front[:0], n), room.next[:0]
	hidden := strings.HasPrefix(topic, "$") // [MQTT-4.7.2-1]
	for level, rest, more := nextLevel(topic, true); ; level, rest, more = nextLevel(rest, more) {
		then = then[:0]
		for _, at := range now {
			if at.below != nil && !hidden {
				hits = append(hits, at.below)
			}
			if at.plus != nil && !hidden {
				then = append(then, at.plus)
			}
			if child := at.children[level]; child != nil {
				then = append(then, child)
			}
		}
		hidden = false
		now, then = then, now
		if !more || len(now) == 0 {
			break
		}
	}
	room.front, room.next = now, then
	for _, at := range now {
		if at.here != nil {
			hits = append(hits, at.here)
		}
		if at.below != nil { // "a/#" also matches "a" itself, §4.7.1.2
			hits = append(hits, at.below)
		}
	}
	return hits
}

// walk is the room that a match needs. It is not on the stack: a match is the
// deepest thing that a connection's goroutine does, and would double the stack
// that it keeps while it is idle.
type walk struct {
	hits        []*subscribers
	front, next []*node
}

var walks = sync.Pool{New: func() any { return new(walk) }}

// forget lets go of what the walk has seen.
func (w *walk) forget() {
	clear(w.hits[:cap(w.hits)])
	clear(w.front[:cap(w.front)])
	clear(w.next[:cap(w.next)])
}

// nextLevel cuts the first level off s. more tells that s had a level to cut;
// the returned one that another follows.
func nextLevel(s string, more bool) (level, rest string, again bool) {
	if i := strings.IndexByte(s, '/'); more && i >= 0 {
		return s[:i], s[i+1:], true
	}
	return s, "", false
}
