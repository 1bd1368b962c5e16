package broker

import (
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"snbroker/internal/mqtt"
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
	attendance attendance

	// Nothing of these is used by a broker that keeps all in memory.
	store      Store // nil
	identities Identities
	clock      clock
	numbered   numbered
	overtaken  overtaken
	survivors  []survivor // connected before a restart; until Release
	orphaned   []orphanedWill

	mu        sync.Mutex
	sessions  map[string]*Session
	deadlines deadlines
	timer     *time.Timer // for the earliest of deadlines; nil until needed
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

// ConnectOptions describe a client that attaches.
type ConnectOptions struct {
	ClientID   string
	CleanStart bool // end an earlier session first
	// Expiry is how long the session outlives the connection: 0 not at all,
	// Never, or a time.
	Expiry time.Duration
	Will   *Will
	// Identity is who the client is, for the Authorizer.
	Identity any
	// OneAtATime says that the client has one QoS 2 publish under way at a
	// time, as MQTT-SN devices do: identifiers that it has left behind are
	// forgotten when there are too many, and do not block it.
	OneAtATime bool
	// ReceiveMaximum bounds the unacknowledged QoS 1 and 2 deliveries; 0
	// leaves it to the broker's limit.
	ReceiveMaximum int
	// MaximumPacket is the most octets of topic and payload that the client
	// takes; larger messages are dropped and counted. 0: any.
	MaximumPacket int
	// Survives says that the connection goes on after a restart of the
	// broker, as an MQTT-SN device's does: its session is kept on the disk
	// whatever its Expiry, until it is claimed (Survivors) or let go.
	Survives bool
	// Keep says what the session is to keep from now on, given what it has
	// kept: nil, KeptOctets after a restart. It is called with locks held and
	// must not call back. nil: nothing changes.
	Keep func(Kept) Kept
}

// Refusals of Connect.
var (
	ErrTooManySessions   = errors.New("broker: the limit of sessions is reached")
	ErrWillTopic         = errors.New("broker: the will's topic is too long or too deep")
	ErrWillNotAuthorized = errors.New("broker: the client may not publish its will")
	ErrShuttingDown      = errors.New("broker: shutting down")
	ErrStore             = errors.New("broker: the disk is full or broken, no new session can be kept")
)

// Connect attaches client to the session of its ClientID, which is made if
// need be. present tells that an earlier session was resumed. Whoever was
// attached before is told by Closed, and its will is published (MQTT 5
// §3.1.4). The caller pulls once after it has answered its peer.
func (b *Broker) Connect(o ConnectOptions, client Client, t *Turn) (c *Conn, present bool, err error) {
	if o.Will != nil {
		w := *o.Will
		w.who = o.Identity
		if !b.limits.Load().admits(w.Topic) {
			return nil, false, ErrWillTopic
		}
		if o.Will = &w; !b.mayLeave(&w, o.ClientID) {
			return nil, false, ErrWillNotAuthorized
		}
	}
	b.mu.Lock()
	if b.closed {
		b.mu.Unlock()
		return nil, false, ErrShuttingDown
	}
	s := b.sessions[o.ClientID]
	broken := b.store != nil && b.store.Err() != nil
	if broken && (s == nil || o.CleanStart) && (o.Expiry > 0 || o.Survives) {
		b.mu.Unlock()
		return nil, false, ErrStore // a client may still have what is kept for it
	}
	var old *Conn
	var will *Will
	var left []orphan
	var ended *Session
	if s != nil {
		s.mu.Lock()
		old = s.conn
		if old != nil {
			will = s.detach(true)
		}
		if o.CleanStart || old != nil && s.expiry == 0 && !old.survives {
			if will == nil {
				will = s.will // a delayed will comes with the session's end
			}
			s.mu.Unlock()
			left = b.forget(s)
			s, ended = nil, s
		} else {
			s.will = nil // the session resumes before the delay is over
			s.mu.Unlock()
		}
	}
	present = s != nil
	if s == nil {
		if len(b.sessions) >= b.limits.Load().MaxSessions {
			err = ErrTooManySessions
		} else {
			s = &Session{id: o.ClientID}
			b.sessions[o.ClientID] = s
		}
	}
	if err == nil {
		c = &Conn{broker: b, session: s, client: client, who: o.Identity, oneAtATime: o.OneAtATime, survives: o.Survives, window: int32(min(b.limits.Load().MaxInflight, maxPacketIDs)), maxPacket: int32(o.MaximumPacket)}
		if o.ReceiveMaximum > 0 {
			c.window = min(c.window, int32(o.ReceiveMaximum))
		}
		s.mu.Lock()
		b.cancel(s)
		s.conn, s.will, s.expiry = c, o.Will, expirySeconds(o.Expiry)
		b.attendance.come()
		if o.Keep != nil {
			s.kept = o.Keep(s.kept)
		}
		s.armed = false
		s.window.restart()
		b.attach(s, present, ended != nil && ended.durable, broken, t)
		s.mu.Unlock()
	}
	b.mu.Unlock()
	b.adopt(left, t)
	if will != nil {
		b.publishWill(s, will, t)
	}
	b.recordEnd(ended)
	if old != nil {
		old.client.Closed(mqtt.ReasonSessionTakenOver)
	}
	return c, present, err
}

// forget ends a session: its subscriptions go, and nothing is queued for it
// any more. The caller holds b.mu, and has the result adopted without it.
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
	b.letGo(s)
	for i := range s.queue.count {
		b.queued.Add(-int64(s.queue.at(i).msg.charge))
	}
	s.subs, s.queue, s.window, s.replay, s.received, s.will, s.kept = nil, queue{}, nil, nil, nil, nil, nil
	s.mu.Unlock()
	for _, sub := range subs {
		b.index.unsubscribe(sub.filter, s)
	}
	return left
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
