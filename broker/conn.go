package broker

import (
	"errors"
	"time"

	"snbroker/internal/mqtt"
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

// ErrDetached is returned by a Conn whose session has been taken over or ended.
var ErrDetached = errors.New("broker: the connection is no longer attached to its session")

// Conn is a client's attachment to its session. It ends with Close, or when
// the broker calls the Client's Closed. Its methods may be called from several
// goroutines.
type Conn struct {
	broker     *Broker
	session    *Session
	client     Client
	who        any // the client's identity
	oneAtATime bool
	window     int32 // most QoS 1 and 2 deliveries unacknowledged
	maxPacket  int32 // largest message this client takes, in octets of topic and payload; 0: any
}

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

// Subscribe adds or replaces a subscription. Retained messages follow by Pull.
// The filter must be valid (mqtt.ValidTopicFilter); it is kept as it is.
func (c *Conn) Subscribe(filter string, o SubscribeOptions) mqtt.ReasonCode {
	s := c.session
	if !c.lock() {
		return mqtt.ReasonUnspecifiedError
	}
	defer s.mu.Unlock()
	if !c.broker.limits.admits(filter) {
		return mqtt.ReasonTopicFilterInvalid
	}
	if !c.maySubscribe(filter) {
		return mqtt.ReasonNotAuthorized
	}
	i, known := s.findSubscription(filter)
	if known {
		filter = s.subs[i].filter
		s.subs[i].options = o
	} else {
		if len(s.subs) >= c.broker.limits.MaxSubscriptions {
			return mqtt.ReasonQuotaExceeded
		}
		s.subs = append(s.subs, subscription{})
		copy(s.subs[i+1:], s.subs[i:])
		s.subs[i] = subscription{filter, o}
	}
	var ids *[]uint32
	if o.Identifier != 0 {
		ids = &[]uint32{o.Identifier}
	}
	c.broker.index.subscribe(filter, target{session: s, ids: ids, qos: o.QoS, noLocal: o.NoLocal, retainAsPublished: o.RetainAsPublished})
	if _, _, shared := splitShared(filter); !shared && (o.RetainHandling == 0 || o.RetainHandling == 1 && !known) {
		r := &replay{filter: filter, qos: o.QoS, ids: ids}
		if o.NoLocal {
			r.noLocal = s
		}
		addReplay(&s.replay, r)
		s.armed = false // there is something to pull
	}
	return mqtt.ReasonCode(o.QoS)
}

// Unsubscribe ends a subscription; ReasonNoSubscriptionExisted if there was
// none. Messages already queued are still delivered, retained ones not yet
// queued are not.
func (c *Conn) Unsubscribe(filter string) mqtt.ReasonCode {
	s := c.session
	if !c.lock() {
		return mqtt.ReasonUnspecifiedError
	}
	defer s.mu.Unlock()
	i, known := s.findSubscription(filter)
	if !known {
		return mqtt.ReasonNoSubscriptionExisted
	}
	c.broker.index.unsubscribe(filter, s)
	dropReplay(&s.replay, filter) // nothing new after UNSUBACK [MQTT-3.10.4-2]
	last := len(s.subs) - 1
	copy(s.subs[i:], s.subs[i+1:])
	s.subs[last] = subscription{}
	s.subs = s.subs[:last]
	return mqtt.ReasonSuccess
}

// Delivery is one message on its way to the attached client. At QoS 1 and 2 it
// stays in the window until it is acknowledged.
type Delivery struct {
	Message *Message // nil if Release
	// SubscriptionIDs are those of the matching subscriptions.
	SubscriptionIDs *[]uint32
	PacketID        uint16
	QoS             mqtt.QoS
	Retain          bool
	Dup             bool // sent before, by this or an earlier connection
	Release         bool // the client has the message; PUBREL is to be sent
}

// PullBytes is how many octets of payload end a Pull: large messages are not
// encoded by the dozen.
const PullBytes = 64 << 10

// Pull appends deliveries to dst up to its capacity: first what an earlier
// connection left unfinished, then the queue, as far as the window allows. If
// it returns fewer than there was room for, the queue is empty (and Ready will
// tell of the next message), the window is full (and an acknowledgement is the
// time to pull again), or the payloads are PullBytes together, or more.
func (c *Conn) Pull(dst []Delivery, t *Turn) []Delivery {
	s := c.session
	if !c.lock() {
		return dst
	}
	defer s.mu.Unlock()
	if s.queue.len() < replayChunk {
		s.fillFromRetained(c, t) // a busy queue must not keep them back for ever
	}
	octets := 0
	for counted := len(dst); len(dst) < cap(dst); {
		for ; counted < len(dst); counted++ {
			if m := dst[counted].Message; m != nil {
				octets += len(m.Payload)
			}
		}
		if octets >= PullBytes {
			break
		}
		if e := s.window.nextResend(int(c.window)); e != nil {
			dst = append(dst, Delivery{Message: e.msg, SubscriptionIDs: e.ids, PacketID: e.id, QoS: e.qos,
				Retain: e.retain, Dup: e.stage == sent, Release: e.stage == released})
			continue
		}
		if s.window.resending() {
			break // nothing overtakes what is to be sent again
		}
		e := s.queue.front()
		if e == nil {
			if !s.fillFromRetained(c, t) {
				s.armed = true
				break
			}
			continue
		}
		if e.qos != mqtt.QoS0 && s.window.inFlight() >= int(c.window) {
			break
		}
		next := s.queue.pop()
		t.queued -= int64(next.msg.charge)
		if next.msg.expired() {
			s.drop(DropExpired, t)
			continue
		}
		if c.maxPacket > 0 && next.msg.size() > int(c.maxPacket) {
			s.drop(DropTooLarge, t) // [MQTT-3.1.2-25]
			continue
		}
		if !c.mayReceive(next.msg.Topic) {
			s.drop(DropNotAuthorized, t)
			continue
		}
		if next.qos != mqtt.QoS0 {
			if s.window == nil {
				s.window = new(window)
			}
			next = *s.window.add(next)
		}
		s.pulled++
		t.sent++
		t.bytesOut += uint64(len(next.msg.Payload))
		dst = append(dst, Delivery{Message: next.msg, SubscriptionIDs: next.ids, PacketID: next.id, QoS: next.qos, Retain: next.retain})
	}
	return dst
}

// fillFromRetained moves a chunk of retained messages into the queue; it
// reports false when there are none left to look at.
func (s *Session) fillFromRetained(c *Conn, t *Turn) bool {
	if s.replay == nil {
		return false
	}
	out, more := c.broker.retained.next(s.replay, nil)
	if !more {
		s.replay = s.replay.then
	}
	for _, e := range out {
		s.queue.push(e)
		t.queued += int64(e.msg.charge)
	}
	t.delivered += uint64(len(out))
	return true
}

// PubAck finishes a QoS 1 delivery; it reports whether there was one.
func (c *Conn) PubAck(id uint16) bool {
	if !c.lock() {
		return false
	}
	defer c.session.mu.Unlock()
	e := c.session.window.find(id)
	if e == nil || e.qos != mqtt.QoS1 {
		return false
	}
	c.session.window.finish(e)
	return true
}

// PubRec notes that the client has a QoS 2 message: its body is given up and
// PUBREL is due. It reports whether the identifier was known. With failed set
// (MQTT 5, a reason code of 0x80 and above) the delivery is finished.
func (c *Conn) PubRec(id uint16, failed bool) bool {
	if !c.lock() {
		return false
	}
	defer c.session.mu.Unlock()
	e := c.session.window.find(id)
	if e == nil || e.qos != mqtt.QoS2 {
		return false
	}
	if failed {
		c.session.window.finish(e)
		return true
	}
	e.stage, e.msg, e.ids = released, nil, nil
	return true
}

// PubComp finishes a QoS 2 delivery; it reports whether there was one.
func (c *Conn) PubComp(id uint16) bool {
	if !c.lock() {
		return false
	}
	defer c.session.mu.Unlock()
	e := c.session.window.find(id)
	if e == nil || e.stage != released {
		return false
	}
	c.session.window.finish(e)
	return true
}

// Discard gives up a delivery that this client can never take (a topic that it
// refused, a message larger than its link), as if it had been acknowledged. An
// id of 0 counts a QoS 0 message.
func (c *Conn) Discard(id uint16, why DropReason, t *Turn) {
	if !c.lock() {
		return
	}
	defer c.session.mu.Unlock()
	if e := c.session.window.find(id); e != nil {
		c.session.window.finish(e)
	}
	c.session.drop(why, t)
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
	c.session.will = w
}

// SetExpiry changes how long the session outlives the connection.
func (c *Conn) SetExpiry(d time.Duration) {
	if !c.lock() {
		return
	}
	defer c.session.mu.Unlock()
	c.session.expiry = d
}

// Keep hands the session something to remember for whoever attaches to it
// next: a gateway's topic ids and will. It lives as long as the session.
func (c *Conn) Keep(v any) {
	if !c.lock() {
		return
	}
	defer c.session.mu.Unlock()
	c.session.kept = v
}

// Kept returns what was given to Keep, or nil.
func (c *Conn) Kept() any {
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

// Close detaches the connection. A client that left without a DISCONNECT
// (lost) has its will published, unless the will is delayed. The session ends
// if it was not to outlive the connection.
func (c *Conn) Close(lost bool, t *Turn) {
	s, b := c.session, c.broker
	b.mu.Lock()
	if !c.lock() {
		b.mu.Unlock()
		return
	}
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
	b.adopt(left, t)
	if will != nil {
		b.publishWill(s, will, t)
	}
}

// detach ends the attachment and returns the will to publish now, if any. A
// delayed will stays in the session.
func (s *Session) detach(lost bool) *Will {
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
