package broker

import "snbroker/internal/mqtt"

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
