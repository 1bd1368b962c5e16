package broker

import (
	"sync"
	"sync/atomic"
	"time"

	"snbroker/internal/mqtt"
	"snbroker/internal/store"
)

// Broker routes messages between sessions. All methods may be called from any
// goroutine.
type Broker struct {
	limits     atomic.Pointer[Limits]
	index      *index
	cache      *matchCache
	retained   retained
	authorizer Authorizer // nil: everything is allowed
	stats      counters
	queued     atomic.Int64 // octets in all queues, see memory.go
	drops      *dropTable
	lost       func(clientID string, why DropReason) // nil: nobody wants to know
	attendance attendance

	// Nothing of these is used by a broker that keeps all in memory.
	store        Store // nil
	identities   Identities
	clock        clock
	numbered     numbered
	overtaken    overtaken
	resubscribed atomic.Uint64 // a store.LSN: where the last change of a subscription ends
	survivors    []survivor    // connected before a restart; until Release
	orphaned     []orphaned

	gates     gates
	mu        sync.Mutex
	sessions  map[string]*Session
	deadlines deadlines
	timer     *time.Timer // for the earliest of deadlines; nil until needed
	restoring bool        // between Persist and Release: nothing is due
	closed    bool
}

// New returns a broker with no sessions.
func New(l Limits) *Broker {
	b := &Broker{
		index:    newIndex(),
		cache:    newMatchCache(),
		sessions: make(map[string]*Session),
		drops:    newDropTable(),
	}
	b.SetLimits(l)
	return b
}

// forget ends a session: its subscriptions go, and nothing is queued for it
// any more. The caller holds its gate and b.mu, and has the result adopted and
// the session buried without the latter.
func (b *Broker) forget(s *Session) []orphan {
	if b.sessions[s.id] == s {
		delete(b.sessions, s.id)
	}
	s.mu.Lock()
	b.cancel(s)
	s.ended = true
	subs := s.subs
	left := s.orphans(subs, b.index)
	b.drops.forget(s)
	s.subs, s.replay, s.received, s.will, s.kept = nil, nil, nil, nil, nil
	s.mu.Unlock()
	for _, sub := range subs {
		b.index.unsubscribe(sub.filter, s)
	}
	return left
}

// bury gives up what a session had, when others have inherited what they should
// and its will is published: until then it is there again after a crash.
func (b *Broker) bury(s *Session) (end store.LSN) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.queue.count {
		b.queued.Add(-int64(s.queue.at(i).msg.charge))
	}
	if s.no != 0 {
		b.letGo(s)
		end = b.noteEnd(s.no)
	}
	s.queue, s.window = queue{}, nil
	return end
}

// Close tells every attached client that the broker is going down. Sessions
// are left as they are.
func (b *Broker) Close() {
	b.mu.Lock()
	b.closed = true
	if b.timer != nil {
		b.timer.Stop()
	}
	var conns []*Conn
	for _, s := range b.sessions {
		s.mu.Lock()
		if s.conn != nil {
			conns = append(conns, s.conn)
			s.conn, s.armed = nil, false
			b.attendance.leave()
		}
		s.mu.Unlock()
	}
	b.mu.Unlock()
	if b.store != nil {
		b.tellTime()
	}
	for _, c := range conns {
		c.client.Closed(mqtt.ReasonServerShuttingDown)
	}
}
