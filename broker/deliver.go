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
	c.resting = false
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
			m := e.msg
			if m != nil && m.spilled {
				if m = c.broker.load(m); m == nil {
					c.broker.dropped(s, DropUnreadable, e.msg, e.qos, t)
					c.finish(e)
					continue
				}
			}
			dst = append(dst, Delivery{Message: m, SubscriptionIDs: e.ids, PacketID: e.id(), QoS: e.qos,
				Retain: e.retain, Dup: e.stage == sent, Release: e.stage == released})
			continue
		}
		if s.window.resending() {
			break // nothing overtakes what is to be sent again
		}
		e := s.queue.front()
		if e == nil {
			if !s.fillFromRetained(c, t) {
				s.replayed(c.broker)
				s.armed = true
				break
			}
			continue
		}
		if e.qos != mqtt.QoS0 && (s.window.inFlight() >= int(c.window) || !s.window.free(e)) {
			break
		}
		if (e.qos == mqtt.QoS2 || e.msg.spilled) && c.mustWait(e) {
			break
		}
		msg := e.msg
		if msg.spilled {
			var gone bool
			if msg, gone = c.readBack(e, t); gone {
				break
			} else if msg == nil {
				continue
			}
		}
		next := s.queue.pop()
		again := next.stage == sent // before a restart, perhaps
		t.queued -= int64(next.msg.charge)
		if why, ok := c.deliverable(next.msg); !ok {
			c.broker.dropped(s, why, next.msg, next.qos, t)
			c.broker.finished(s, &next)
			continue
		}
		if next.qos == mqtt.QoS0 {
			c.broker.finished(s, &next)
			next.seq = 0
		} else {
			if s.window == nil {
				s.window = new(window)
			}
			next = *s.window.add(next)
		}
		s.pulled = min(s.pulled+1, worthWaiting)
		t.sent++
		t.bytesOut += uint64(len(msg.Payload))
		dst = append(dst, Delivery{Message: msg, SubscriptionIDs: next.ids, PacketID: next.id(), QoS: next.qos, Retain: next.retain, Dup: again})
	}
	return dst
}

// deliverable tells whether the client may have m, and can take it.
func (c *Conn) deliverable(m *Message) (why DropReason, ok bool) {
	switch {
	case m.expired():
		return DropExpired, false
	case c.maxPacket > 0 && m.size() > int(c.maxPacket):
		return DropTooLarge, false // [MQTT-3.1.2-25]
	case !c.mayReceive(m.Topic):
		return DropNotAuthorized, false
	}
	return 0, true
}

// fillFromRetained moves a chunk of retained messages into the queue; it
// reports false when there are none left to look at.
func (s *Session) fillFromRetained(c *Conn, t *Turn) bool {
	r := s.replay
	for r != nil && r.exhausted {
		r = r.then
	}
	if r == nil {
		return false
	}
	out, more := c.broker.retained.next(r, nil)
	if !more {
		r.exhausted = true
		if !s.durable {
			dropReplay(&s.replay, r.filter)
		}
	}
	for _, e := range out {
		if s.durable && e.qos != mqtt.QoS0 {
			s.number(&e)
			switch {
			case e.qos == mqtt.QoS2:
				c.broker.persistReplayed(s, &e, r)
			case e.msg.disk != nil && !e.msg.disk.hold():
				e.msg = e.msg.again() // replaced meanwhile, and its record may be gone
			}
		}
		s.queue.push(e)
		t.queued += int64(e.msg.charge)
	}
	t.delivered += uint64(len(out))
	return true
}

// replayed forgets the replays whose messages were all delivered.
func (s *Session) replayed(b *Broker) {
	if s.replay == nil || s.window.inFlight() > 0 {
		return
	}
	for r := s.replay; r != nil; r = r.then {
		b.append(false, func(dst []byte) []byte {
			return appendText(appendUint(append(dst, byte(recordReplayed)), uint64(s.no)), r.filter)
		})
	}
	s.replay = nil
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
	c.finish(e)
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
	switch {
	case failed:
		c.finish(e)
	case e.stage == sent:
		if s := c.session; s.durable {
			c.broker.note(recordReleased, s.no, e.seq)
			if e.msg.disk != nil {
				c.broker.release(e.msg.disk)
			}
		}
		e.stage, e.msg, e.ids = released, nil, nil
	}
	return true
}

// finish ends a delivery of the window.
func (c *Conn) finish(e *entry) {
	c.broker.finished(c.session, e)
	c.session.window.finish(e)
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
	c.finish(e)
	return true
}

// Discard gives up a delivery that this client can never take (a topic that it
// refused, a message larger than its link), as if it had been acknowledged. One
// at QoS 0 is only counted.
func (c *Conn) Discard(d *Delivery, why DropReason, t *Turn) {
	if !c.lock() {
		return
	}
	defer c.session.mu.Unlock()
	if e := c.session.window.find(d.PacketID); e != nil {
		c.finish(e)
	}
	c.broker.dropped(c.session, why, d.Message, d.QoS, t)
}
