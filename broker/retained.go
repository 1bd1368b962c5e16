package broker

import (
	"strings"
	"sync"
	"sync/atomic"

	"github.com/tidwall/btree"

	"snbroker/internal/mqtt"
)

// retained holds the last retained message of each topic, ordered by topic, so
// that a wildcard lookup can stop after a chunk and go on later from where it
// was: a "#" over a million messages stalls nobody.
type retained struct {
	mu       sync.RWMutex
	messages btree.Map[string, *Message]
	max      int
	// order numbers what comes to be retained, before its subscribers are
	// looked up: what is newer than a subscription reaches it by itself.
	order atomic.Uint64
	// arriving is held for reading from then until the message is retained, and
	// by who subscribes: what is older than a subscription is in the store. It is
	// taken before a session's lock.
	arriving sync.RWMutex
}

// hasRoom tells whether p can become its topic's message.
func (r *retained) hasRoom(p *Publication) bool {
	if len(p.Payload) == 0 {
		return true
	}
	r.mu.RLock()
	defer r.mu.RUnlock()
	if r.messages.Len() < r.max {
		return true
	}
	_, known := r.messages.Get(p.Topic)
	return known
}

// retain makes m its topic's message, or clears the topic if the payload is
// empty. The caller holds the store's lock; held says that m has a record.
func (b *Broker) retain(m *Message, held bool) {
	if held && len(m.Payload) > 0 {
		m.onDisk().refs.Add(1)
		m.held = true
	}
	if old := b.retained.put(m); old != nil && old.held {
		b.release(old.disk)
	}
}

// put returns the message that m replaces, or nil.
func (r *retained) put(m *Message) (old *Message) {
	if len(m.Payload) == 0 {
		old, _ = r.messages.Delete(m.Topic)
	} else {
		old, _ = r.messages.Set(m.Topic, m)
	}
	return old
}

func (r *retained) count() int {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.messages.Len()
}

// progress is how far a replay is, after a restart, too.
type progress struct {
	upTo uint64 // of retained.order; what is newer was queued when it came
	// queued is the last topic whose message was queued at QoS 2, in a record of
	// its own: what comes before it must not be queued again. "": none.
	queued string
}

// replay is a subscription's way through the retained messages, in the order of
// their topics.
type replay struct {
	progress
	filter string
	after  string // the last topic looked at
	begun  bool
	qos    mqtt.QoS
	ids    *[]uint32
	then   *replay // of the next subscription
	// noLocal leaves out what this session's client published; nil: nothing.
	noLocal *Session
	// exhausted says that all of them were queued; the replay stays until they
	// are delivered if a crash must not cut it short.
	exhausted bool
}

// dropReplay takes the replay of filter out of the list, if there is one.
func dropReplay(head **replay, filter string) {
	for ; *head != nil; head = &(*head).then {
		if (*head).filter == filter {
			*head = (*head).then
			return
		}
	}
}

// replayOf returns the session's replay of filter, or nil.
func (s *Session) replayOf(filter string) *replay {
	r := s.replay
	for r != nil && r.filter != filter {
		r = r.then
	}
	return r
}

// own tells whether m is from the client that does not want its own messages
// back. Its session may be another by now: the ClientID counts [MQTT-3.8.3-3].
func (p *replay) own(m *Message) bool {
	return p.noLocal != nil && m.Publisher != nil && m.Publisher.id == p.noLocal.id
}

// addReplay puts p at the end of the list that begins at *head, instead of an
// unfinished one of the same filter: there are no more than subscriptions.
func addReplay(head **replay, p *replay) {
	dropReplay(head, p.filter)
	for *head != nil {
		head = &(*head).then
	}
	*head = p
}

// replayChunk is how many retained messages are looked at under one lock.
const replayChunk = 256

// next appends matching messages, looking at one chunk of topics, and reports
// whether more may follow.
func (r *retained) next(p *replay, out []entry) ([]entry, bool) {
	add := func(m *Message) {
		qos := min(p.qos, m.QoS)
		if again := qos == mqtt.QoS2 && m.Topic <= p.queued; !again && !m.expired() && !p.own(m) && m.order <= p.upTo {
			out = append(out, entry{msg: m, ids: p.ids, qos: qos, retain: true})
		}
	}
	r.mu.RLock()
	defer r.mu.RUnlock()
	if !hasWildcard(p.filter) {
		if m, ok := r.messages.Get(p.filter); ok {
			add(m)
		}
		return out, false
	}
	prefix := literalPrefix(p.filter)
	from := prefix
	if p.begun {
		from = p.after
	}
	left := replayChunk
	more := false
	r.messages.Ascend(from, func(topic string, m *Message) bool {
		if p.begun && topic == p.after {
			return true
		}
		if !strings.HasPrefix(topic, prefix) {
			return false
		}
		if left--; left < 0 {
			more = true
			return false
		}
		p.after, p.begun = topic, true
		if matches(p.filter, topic) {
			add(m)
		}
		return true
	})
	return out, more
}

// literalPrefix is what every topic that filter matches begins with. "a/#"
// matches "a" too, so the slash before a wildcard does not count.
func literalPrefix(filter string) string {
	i := strings.IndexAny(filter, "+#")
	if i > 0 && filter[i] == '#' {
		i--
	}
	return filter[:i]
}

// matches decides whether topic fits filter (MQTT §4.7).
func matches(filter, topic string) bool {
	if strings.HasPrefix(topic, "$") && (strings.HasPrefix(filter, "+") || strings.HasPrefix(filter, "#")) {
		return false // [MQTT-4.7.2-1]
	}
	fmore, tmore := true, true
	for fmore {
		var f, t string
		f, filter, fmore = nextLevel(filter, fmore)
		if f == "#" {
			return true
		}
		if !tmore {
			return false
		}
		t, topic, tmore = nextLevel(topic, tmore)
		if f != "+" && f != t {
			return false
		}
		if !tmore && fmore {
			return filter == "#"
		}
	}
	return !tmore
}
