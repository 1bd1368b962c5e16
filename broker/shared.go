package broker

import (
	"sync"
	"sync/atomic"

	"snbroker/internal/mqtt"
)

// group is a shared subscription (MQTT 5 §4.8.2): each message goes to one of
// its members. Publishers read members without a lock; whoever changes them
// makes a new slice.
type group struct {
	name    string
	mu      sync.Mutex // for changing
	members atomic.Pointer[[]target]
	next    atomic.Uint32
}

// SharePolicy says which member of a shared subscription gets a message.
type SharePolicy uint8

const (
	// ShareRoundRobin gives each member its turn.
	ShareRoundRobin SharePolicy = iota
	// ShareSticky gives a sender's messages to the same member as long as the
	// members stay the same, so that their order holds.
	ShareSticky
)

func (g *group) list() []target {
	if m := g.members.Load(); m != nil {
		return *m
	}
	return nil
}

// set adds or replaces; it reports whether the session is new here.
func (g *group) set(t target) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	old := g.list()
	members := append(make([]target, 0, len(old)+1), old...)
	for i := range members {
		if members[i].session == t.session {
			members[i] = t
			g.members.Store(&members)
			return false
		}
	}
	members = append(members, t)
	g.members.Store(&members)
	return true
}

func (g *group) remove(s *Session) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	old := g.list()
	members := make([]target, 0, len(old))
	for _, m := range old {
		if m.session != s {
			members = append(members, m)
		}
	}
	g.members.Store(&members)
	return len(members) < len(old)
}

// deliver gives msg to one member: the one whose turn it is, or the next that
// is attached and has room, or, if none is, the next that is away and will come
// back. retain is never set: a share gets no retained messages.
func (g *group) deliver(msg *Message, qos mqtt.QoS, from *Session, b *Broker, t *Turn) bool {
	members := g.list()
	if len(members) == 0 {
		return false
	}
	start := g.next.Add(1) - 1
	if b.limits.Load().SharePolicy == ShareSticky && from != nil {
		start = uint32(b.cache.hash(from.id))
	}
	for _, wanted := range []presence{attachedWithRoom, away, anyhow} {
		for i := range members {
			m := &members[(int(start%uint32(len(members)))+i)%len(members)]
			e := entry{msg: msg, ids: m.ids, qos: min(m.qos, qos)}
			if m.session.offer(e, wanted, b, t) {
				return true
			}
		}
	}
	return false
}

// presence is what a member of a group must be to get a message.
type presence uint8

const (
	attachedWithRoom presence = iota
	away                      // nobody is attached, and the message can wait
	anyhow                    // even if another message has to go for it
)

// offer queues e if the session is as wanted.
func (s *Session) offer(e entry, wanted presence, b *Broker, t *Turn) bool {
	l := b.limits.Load()
	s.mu.Lock()
	full := s.queue.len() >= l.MaxQueued || s.queue.bytes+e.msg.size() > l.MaxQueuedBytes
	fits := false
	switch wanted {
	case attachedWithRoom:
		fits = s.conn != nil && !full
	case away:
		fits = s.conn == nil && !full && (e.qos != mqtt.QoS0 || l.QueueQoS0Offline)
	case anyhow:
		fits = true
	}
	fits = fits && !s.ended
	s.mu.Unlock()
	if fits {
		s.enqueue(e, b, t)
	}
	return fits
}

// orphan is a message of a shared subscription whose member is gone for good.
type orphan struct {
	group *group
	entry entry
	was   place // if that is on the disk
}

// orphans collects what an ending session had of shared subscriptions and has
// not acknowledged; at QoS 2 only what it was not sent, [MQTT-4.8.2-5]. The
// caller holds s.mu; subs are the session's.
func (s *Session) orphans(subs []subscription, x *index) (out []orphan) {
	shared := false
	for _, sub := range subs {
		_, _, ok := mqtt.SplitShared(sub.filter)
		shared = shared || ok
	}
	if !shared {
		return nil
	}
	collect := func(e *entry) {
		if e.msg == nil || e.qos == mqtt.QoS0 {
			return
		}
		var of *group
		for _, sub := range subs {
			name, filter, ok := mqtt.SplitShared(sub.filter)
			if !ok {
				filter = sub.filter
			}
			if !matches(filter, e.msg.Topic) {
				continue
			}
			if !ok {
				return // it was its own copy
			}
			of = x.group(name, filter)
		}
		if of != nil {
			if e.msg.spilled {
				e.msg.disk.refs.Add(1) // for adopt
			}
			o := orphan{group: of, entry: entry{msg: e.msg, qos: e.msg.QoS}}
			if s.durable {
				o.was = place{s.no, e.seq}
			}
			out = append(out, o)
		}
	}
	if s.window != nil {
		for i := range s.window.count {
			if e := s.window.at(i); e.stage == sent && e.qos != mqtt.QoS2 {
				collect(e)
			}
		}
	}
	for i := range s.queue.count {
		collect(s.queue.at(i))
	}
	return out
}

// adopt gives orphans to the members that are left.
func (b *Broker) adopt(orphans []orphan, t *Turn) {
	for _, o := range orphans {
		msg := o.entry.msg
		if msg.spilled {
			whole := b.load(msg)
			b.release(msg.disk)
			if whole == nil {
				t.dropped[DropUnreadable]++
				continue
			}
			msg = whole
		}
		msg = msg.again()
		o.group.deliver(msg, o.entry.qos, nil, b, t)
		if b.store != nil {
			b.persist(msg, &Publication{Topic: msg.Topic, Payload: msg.Payload, Forward: msg.Forward, QoS: o.entry.qos, instead: o.was}, nil, t)
		}
	}
}
