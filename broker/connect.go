package broker

import (
	"errors"
	"sync"
	"time"

	"snbroker/internal/mqtt"
	"snbroker/internal/store"
)

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
	gate := b.gate(o.ClientID)
	gate.Lock()
	b.mu.Lock()
	if err := b.closedTo(&o); err != nil {
		b.mu.Unlock()
		gate.Unlock()
		return nil, false, err
	}
	broken := b.Failing()
	s := b.sessions[o.ClientID]
	gone := b.supersede(s, o.CleanStart)
	if gone.ended {
		s = nil
	}
	if present = s != nil; !present {
		s, err = b.newSession(o.ClientID)
	}
	if err == nil {
		c = b.join(s, &o, client)
	}
	b.mu.Unlock()
	end := gone.settle(b, t)
	if err == nil && !c.lock() {
		c, present, err = nil, false, ErrShuttingDown // Close has come in between
	}
	if err == nil {
		s.will = o.Will
		end = max(end, b.attach(s, present))
		s.mu.Unlock()
		if !broken {
			t.waitFor(end) // what CONNACK promises
		}
	}
	gate.Unlock()
	if gone.conn != nil {
		gone.conn.client.Closed(mqtt.ReasonSessionTakenOver)
	}
	return c, present, err
}

// closedTo tells why nobody, or not this client, is let in. The caller holds b.mu.
func (b *Broker) closedTo(o *ConnectOptions) error {
	if b.closed {
		return ErrShuttingDown
	}
	known, keeps := b.sessions[o.ClientID] != nil, o.Expiry > 0 || o.Survives
	switch {
	case !b.Failing():
		return nil
	case keeps && (!known || o.CleanStart):
		return ErrStore // a client may still have what is kept for it
	case (keeps || known || o.Will != nil) && b.swamped():
		return ErrStore // one that comes again and again would fill the memory
	}
	return nil
}

// gates let one connection of a ClientID in or out at a time. So the records of it
// are in this order, and a crash between any two does no harm: the will of the
// connection before, the end of its session, the session of the next. The compactor
// goes through the gate as well: it must not write a session anew that has lost its
// will while the will's message is still to come.
//
// A gate is taken before all other locks.
type gates [64]sync.Mutex

func (b *Broker) gate(clientID string) *sync.Mutex {
	return &b.gates[b.cache.hash(clientID)%uint64(len(b.gates))]
}

// superseded is what a new connection puts an end to.
type superseded struct {
	session *Session // nil: there was none
	conn    *Conn    // that was attached; nil: none
	will    *Will    // to be published
	ended   bool     // the session, too
	left    []orphan
}

// supersede takes the session of a ClientID, if there is one, from whoever is
// attached to it. The caller holds the gate and b.mu; settle follows.
func (b *Broker) supersede(s *Session, clean bool) (gone superseded) {
	if s == nil {
		return gone
	}
	gone.session = s
	s.mu.Lock()
	if gone.conn = s.conn; gone.conn != nil {
		gone.will = s.detach(true)
	}
	gone.ended = clean || gone.conn != nil && s.expiry == 0 && !gone.conn.survives
	if gone.ended && gone.will == nil {
		gone.will = s.will // a delayed will comes with the session's end
	}
	s.will = nil // if the session goes on, that is before the delay is over
	s.mu.Unlock()
	if gone.ended {
		gone.left = b.forget(s)
	}
	return gone
}

// settle does what follows, before anything of the new connection is on the disk.
// It returns what must be there before the client may take its session for gone.
// The caller holds the gate and no other lock.
func (gone *superseded) settle(b *Broker, t *Turn) (end store.LSN) {
	if gone.conn != nil {
		gone.conn.settle()
	}
	b.adopt(gone.left, t)
	if gone.will != nil {
		b.publishWill(gone.session, gone.will, t)
	}
	if gone.ended {
		end = b.bury(gone.session)
	}
	return end
}

// newSession makes one that is not on the disk yet. The caller holds b.mu.
func (b *Broker) newSession(clientID string) (*Session, error) {
	if len(b.sessions) >= b.limits.Load().MaxSessions {
		return nil, ErrTooManySessions
	}
	s := &Session{id: clientID}
	b.sessions[clientID] = s
	return s, nil
}

// join attaches a client, whose will is not the session's before attach. The
// caller holds the gate and b.mu.
func (b *Broker) join(s *Session, o *ConnectOptions, client Client) *Conn {
	l := b.limits.Load()
	c := &Conn{broker: b, session: s, client: client, who: o.Identity, oneAtATime: o.OneAtATime, survives: o.Survives,
		window: int32(min(l.MaxInflight, maxPacketIDs)), maxPacket: int32(o.MaximumPacket)}
	if o.ReceiveMaximum > 0 {
		c.window = min(c.window, int32(o.ReceiveMaximum))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	b.cancel(s)
	s.conn, s.expiry = c, expirySeconds(o.Expiry)
	b.attendance.come()
	if o.Keep != nil {
		s.kept = o.Keep(s.kept)
	}
	s.armed = false
	s.window.restart()
	return c
}
