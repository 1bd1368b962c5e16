package broker

import (
	"runtime"
	"sync/atomic"
	"time"

	"snbroker/internal/mqtt"
	"snbroker/internal/store"
)

// Client is the connection's side of an attachment. Its methods are called
// with no lock held, from any goroutine, and must not block.
type Client interface {
	// Ready says that a Pull would find something. It comes once after a
	// Pull found the queue empty; a connection that did not pull to the end
	// (its window is full, its peer is slow) hears nothing until it has.
	Ready()
	// Closed says that the broker ended the attachment: the session was
	// taken over, the broker is going down. No other call follows.
	Closed(why mqtt.ReasonCode)
}

// Conn is a client's attachment to its session. It ends with Close, or when
// the broker calls the Client's Closed. Its methods may be called from several
// goroutines.
type Conn struct {
	broker     *Broker
	session    *Session
	client     Client
	who        any // the client's identity
	oneAtATime bool
	survives   bool  // see ConnectOptions
	resting    bool  // the client sleeps; guarded by the session's lock
	window     int32 // most QoS 1 and 2 deliveries unacknowledged
	maxPacket  int32 // largest message this client takes, in octets of topic and payload; 0: any
	publishing atomic.Uint32
}

// over in Conn.publishing says that nothing is taken in any more; the rest of it
// counts the calls of Publish under way.
const over = 1 << 31

// settle has Publish refuse from now on, and waits for the call that may be under
// way: what the client's next connection brings must not overtake it. The caller
// holds no lock of a session.
func (c *Conn) settle() {
	for n := c.publishing.Or(over); n&^over != 0; n = c.publishing.Load() {
		runtime.Gosched() // it waits for nobody
	}
}

// Client returns what Connect was given.
func (c *Conn) Client() Client { return c.client }

// Session returns the session that the connection is attached to.
func (c *Conn) Session() *Session { return c.session }

// lock takes the session's lock if c is still attached.
func (c *Conn) lock() bool {
	c.session.mu.Lock()
	if c.session.conn == c {
		return true
	}
	c.session.mu.Unlock()
	return false
}

// Attached tells whether the session is still this connection's.
func (c *Conn) Attached() bool {
	if !c.lock() {
		return false
	}
	c.session.mu.Unlock()
	return true
}

// SetWill replaces the will of the connection; nil deletes it.
func (c *Conn) SetWill(w *Will) {
	if !c.lock() {
		return
	}
	defer c.session.mu.Unlock()
	if w != nil {
		owned := *w
		owned.who = c.who
		w = &owned
	}
	changed := c.session.will != nil || w != nil
	c.session.will = w
	if changed {
		c.broker.update(c.session)
	}
}

// SetExpiry changes how long the session outlives the connection.
func (c *Conn) SetExpiry(d time.Duration) {
	if !c.lock() {
		return
	}
	defer c.session.mu.Unlock()
	if e := expirySeconds(d); e != c.session.expiry {
		c.session.expiry = e
		c.broker.update(c.session)
	}
}

// Kept is what a gateway has a session remember for whoever attaches to it next:
// topic ids, a will, how long the device sleeps. It lives as long as the session.
// See ConnectOptions.
type Kept interface {
	// AppendKept appends all of it as octets, as often as the broker asks. It
	// is called with locks held, from any goroutine: it must not call back.
	AppendKept(b []byte) []byte
}

// KeptOctets is what was kept, after a restart: what AppendKept appended and
// what NoteKept added since.
type KeptOctets []byte

// AppendKept implements Kept.
func (k KeptOctets) AppendKept(b []byte) []byte { return append(b, k...) }

// NoteKept has a change of what is kept follow it on the disk. The change itself
// is made before.
func (c *Conn) NoteKept(change []byte) {
	if !c.lock() {
		return
	}
	defer c.session.mu.Unlock()
	if s := c.session; s.durable {
		c.broker.append(false, func(b []byte) []byte {
			return appendText(appendUint(append(b, byte(recordKept)), uint64(s.no)), change)
		})
	}
}

// Kept returns what the session keeps, KeptOctets after a restart, or nil.
func (c *Conn) Kept() Kept {
	if !c.lock() {
		return nil
	}
	defer c.session.mu.Unlock()
	return c.session.kept
}

// Resume starts the dialogue with the peer anew without giving the session
// away: what it has not acknowledged is pulled again.
func (c *Conn) Resume() {
	if !c.lock() {
		return
	}
	defer c.session.mu.Unlock()
	c.session.window.restart()
	c.session.armed = false
}

// Rest gives back storage that a client which goes to sleep does not need.
func (c *Conn) Rest() {
	if !c.lock() {
		return
	}
	defer c.session.mu.Unlock()
	c.resting = true
	c.session.rest()
}

// rest gives back what an idle session does not need. An empty window keeps
// only its last identifier, which a client must not see again too soon.
func (s *Session) rest() {
	s.queue.trim()
	if s.window != nil {
		s.window.trim()
	}
}

// Close detaches the connection. Who left with a will should see the end of the
// connection only when what the turn waits for is durable. A client that left without a DISCONNECT
// (lost) has its will published, unless the will is delayed. The session ends
// if it was not to outlive the connection.
func (c *Conn) Close(lost bool, t *Turn) { c.detach(lost, t) }

// detach is Close; false says that the connection was not attached any more.
func (c *Conn) detach(lost bool, t *Turn) bool {
	s, b := c.session, c.broker
	gate := b.gate(s.id)
	gate.Lock()
	defer gate.Unlock()
	b.mu.Lock()
	if !c.lock() {
		b.mu.Unlock()
		return false
	}
	hadWill := s.will != nil
	will := s.detach(lost)
	ends := s.expiry == 0
	if !ends {
		b.schedule(s)
	}
	s.mu.Unlock()
	var left []orphan
	if ends {
		left = b.forget(s)
	}
	b.mu.Unlock()
	c.settle()
	b.adopt(left, t)
	if will != nil {
		b.publishWill(s, will, t)
	}
	var end store.LSN
	if ends {
		end = b.bury(s)
	} else {
		end = b.recordDetached(s)
	}
	if hadWill && !lost {
		t.waitFor(end) // or its will would be published after a restart
	}
	return true
}

// detach ends the attachment and returns the will to publish now, if any. A
// delayed will stays in the session.
func (s *Session) detach(lost bool) *Will {
	s.conn.broker.attendance.leave()
	s.conn, s.armed = nil, false
	s.rest()
	will := s.will
	if !lost || will == nil {
		s.will = nil
		return nil
	}
	if will.Delay > 0 && s.expiry > 0 {
		return nil
	}
	s.will = nil
	return will
}
