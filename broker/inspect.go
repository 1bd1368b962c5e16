package broker

import (
	"cmp"
	"time"
)

// SessionInfo is what a session looks like from outside, at a moment.
type SessionInfo struct {
	ClientID      string
	Client        Client // nil: nobody is attached
	Identity      any    // of who is attached; nil: anonymous
	Kept          Kept   // see ConnectOptions; nil: nothing
	Expiry        time.Duration
	Queued        int
	QueuedBytes   int
	Inflight      int // on their way to the client, not acknowledged
	Received      int // QoS 2 ids not released yet
	Subscriptions int
	Dropped       uint64
	HasWill       bool
	Durable       bool // its queue is on the disk, too
	// Survives says that the attached client, as an MQTT-SN device, goes on
	// after a restart.
	Survives bool
}

// Info tells what the session looks like now.
func (s *Session) Info() SessionInfo {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := SessionInfo{
		ClientID: s.id, Kept: s.kept, Expiry: time.Duration(s.expiry) * time.Second, Queued: s.queue.len(), QueuedBytes: s.queue.bytes,
		Inflight: s.window.inFlight(), Subscriptions: len(s.subs), Dropped: uint64(s.dropped), HasWill: s.will != nil, Durable: s.durable,
	}
	if s.expiry == neverExpires {
		i.Expiry = Never
	}
	if s.received != nil {
		i.Received = len(s.received.ids)
	}
	if s.conn != nil {
		i.Client, i.Identity, i.Survives = s.conn.client, s.conn.who, s.conn.survives
	}
	return i
}

// all returns the sessions of the moment, in no order.
func (b *Broker) all() []*Session {
	b.mu.Lock()
	defer b.mu.Unlock()
	out := make([]*Session, 0, len(b.sessions))
	for _, s := range b.sessions {
		out = append(out, s)
	}
	return out
}

func (b *Broker) find(clientID string) *Session {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.sessions[clientID]
}

// IDs returns the ClientIDs of the sessions in their order, those after a given
// one that want is true for, at most limit of them, and how many there are in
// all, of any place. The broker is not held up: what changes meanwhile may be in
// the result, or not.
func (b *Broker) IDs(after string, limit int, want func(*Session) bool) (ids []string, total int) {
	f := firsts[string]{limit: limit, cmp: cmp.Compare[string]}
	for _, s := range b.all() {
		if !want(s) {
			continue
		}
		total++
		if s.id > after || after == "" {
			f.add(s.id)
		}
	}
	return f.sorted(), total
}

// Session tells of one session; false if there is none.
func (b *Broker) Session(clientID string) (SessionInfo, bool) {
	s := b.find(clientID)
	if s == nil {
		return SessionInfo{}, false
	}
	return s.Info(), true
}

// Drops tells what a session has lost.
func (b *Broker) Drops(clientID string) (d Drops) {
	if s := b.find(clientID); s != nil {
		d = b.drops.of(s)
	}
	return d
}

// SubscriptionInfo is one subscription of a session.
type SubscriptionInfo struct {
	ClientID, Filter string
	Options          SubscribeOptions
}

func compareSubscriptions(a, b SubscriptionInfo) int {
	return cmp.Or(cmp.Compare(a.ClientID, b.ClientID), cmp.Compare(a.Filter, b.Filter))
}

// SubscriptionsOf lists a session's subscriptions by their filters.
func (b *Broker) SubscriptionsOf(clientID string) (out []SubscriptionInfo) {
	s := b.find(clientID)
	if s == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, sub := range s.subs {
		out = append(out, SubscriptionInfo{clientID, sub.filter, sub.options})
	}
	return out
}

// Subscriptions lists those of all sessions, as IDs does.
func (b *Broker) Subscriptions(after SubscriptionInfo, limit int, want func(clientID, filter string) bool) (out []SubscriptionInfo, total int) {
	f := firsts[SubscriptionInfo]{limit: limit, cmp: compareSubscriptions}
	for _, s := range b.all() {
		s.mu.Lock()
		for _, sub := range s.subs {
			if !want(s.id, sub.filter) {
				continue
			}
			total++
			if i := (SubscriptionInfo{s.id, sub.filter, sub.options}); after.ClientID == "" || compareSubscriptions(i, after) > 0 {
				f.add(i)
			}
		}
		s.mu.Unlock()
	}
	return f.sorted(), total
}

// Matches tells whether a filter, shared or not, leads a topic to its session.
func Matches(filter, topic string) bool {
	_, filter, _ = splitShared(filter)
	return matches(filter, topic)
}
