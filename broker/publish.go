package broker

import (
	"slices"

	"snbroker/internal/mqtt"
)

// Publish takes a message in and queues it for every matching session. At QoS 2
// the packet identifier is kept until PubRel, and a repeated one is answered
// without routing the message again. The topic must be valid.
//
// ReasonNoMatchingSubscribers is a success too. ReasonReceiveMaximumExceeded
// means that more identifiers than MaxReceived would be kept, and
// ReasonSessionTakenOver that the connection is not attached any more: neither
// this message nor a later one was taken in, and nothing may be acknowledged.
func (c *Conn) Publish(p *Publication, t *Turn) mqtt.ReasonCode {
	defer c.publishing.Add(^uint32(0))
	if c.publishing.Add(1)&over != 0 {
		return mqtt.ReasonSessionTakenOver
	}
	if !c.broker.limits.Load().admits(p.Topic) {
		return mqtt.ReasonTopicNameInvalid
	}
	if !c.mayPublish(p.Topic) {
		c.broker.refused(c.session, DropNotAuthorized, p, t)
		return mqtt.ReasonNotAuthorized
	}
	if p.QoS == mqtt.QoS2 {
		if again, reason := c.receive(p.PacketID); again || reason != mqtt.ReasonSuccess {
			c.Sync(t) // the one before may be on its way to the disk
			return reason
		}
	}
	reason, refused := c.broker.refusing(p)
	if refused {
		c.broker.refused(c.session, DropStore, p, t)
	} else {
		reason = c.broker.route(p, c.session, t)
	}
	if p.QoS == mqtt.QoS2 && reason.IsError() {
		c.free(p.PacketID) // refused: the identifier is free again, §4.4
	}
	return reason
}

// receive notes a QoS 2 packet identifier; again tells that it was known.
func (c *Conn) receive(id uint16) (again bool, reason mqtt.ReasonCode) {
	if !c.lock() {
		c.publishing.Or(over) // or a later one at QoS 1 would overtake it
		return false, mqtt.ReasonSessionTakenOver
	}
	defer c.session.mu.Unlock()
	s := c.session
	if s.received == nil {
		s.received = new(receivedIDs)
	}
	switch {
	case slices.Contains(s.received.ids, id):
		return true, mqtt.ReasonSuccess
	case len(s.received.ids) >= c.broker.limits.Load().MaxReceived && c.oneAtATime:
		s.received.ids = append(s.received.ids[:0], s.received.ids[1:]...)
	case len(s.received.ids) >= c.broker.limits.Load().MaxReceived:
		return false, mqtt.ReasonReceiveMaximumExceeded
	}
	s.received.ids = append(s.received.ids, id)
	s.received.arriving = id
	return false, mqtt.ReasonSuccess
}

// receivedIDs are the QoS 2 packet identifiers between PUBLISH and PUBREL.
type receivedIDs struct {
	ids      []uint16
	arriving uint16 // the one whose message is being routed: its record is to come
}

// PubRel releases a QoS 2 packet identifier; it reports whether it was known.
func (c *Conn) PubRel(id uint16) bool {
	if !c.lock() {
		return false
	}
	defer c.session.mu.Unlock()
	if !c.session.received.free(id) {
		return false
	}
	if c.session.durable {
		c.broker.note(recordFreed, c.session.no, uint32(id))
	}
	return true
}

// free forgets a packet identifier whose message was not taken in, for the next
// connection, too.
func (c *Conn) free(id uint16) {
	c.session.mu.Lock()
	defer c.session.mu.Unlock()
	c.session.received.free(id)
}

func (r *receivedIDs) free(id uint16) bool {
	if r == nil {
		return false
	}
	i := slices.Index(r.ids, id)
	if i < 0 {
		return false
	}
	r.ids = slices.Delete(r.ids, i, i+1) // the oldest stays first
	return true
}

// Publish routes what the broker itself has to say; nobody judges it.
// It is not kept on the disk.
func (b *Broker) Publish(p *Publication, t *Turn) mqtt.ReasonCode {
	p.volatile = true
	return b.route(p, nil, t)
}

// PublishUnconnected routes a message of a client without a connection:
// MQTT-SN's QoS -1. clientID may be empty.
func (b *Broker) PublishUnconnected(p *Publication, who any, clientID string, t *Turn) mqtt.ReasonCode {
	if b.authorizer != nil && !b.authorizer.CanPublish(who, clientID, p.Topic) {
		t.dropped[DropNotAuthorized]++
		return mqtt.ReasonNotAuthorized
	}
	return b.route(p, nil, t)
}

// route takes a message in that may come.
func (b *Broker) route(p *Publication, from *Session, t *Turn) mqtt.ReasonCode {
	t.published++
	t.bytesIn += uint64(len(p.Payload))
	if !p.Retain {
		return b.spread(p, 0, from, t)
	}
	b.retained.arriving.RLock()
	defer b.retained.arriving.RUnlock()
	return b.spread(p, b.retained.order.Add(1), from, t)
}

// spread finds the sessions and queues the message for them. order is that of a
// retained one.
func (b *Broker) spread(p *Publication, order uint64, from *Session, t *Turn) mqtt.ReasonCode {
	m := b.cache.match(b.index, p.Topic)
	if len(m.targets)+len(m.groups) == 0 && !p.Retain {
		if b.store != nil && p.QoS == mqtt.QoS2 {
			b.persist(nil, p, from, t)
		}
		return mqtt.ReasonNoMatchingSubscribers
	}
	t.memory, t.swamped = b.memory(), p.QoS == mqtt.QoS0 && b.swamped()
	if t.memory == full && p.QoS > mqtt.QoS0 && len(m.targets)+len(m.groups) > 0 {
		b.refused(from, DropMemory, p, t)
		return mqtt.ReasonQuotaExceeded
	}
	if p.Retain && !b.retained.hasRoom(p) {
		return mqtt.ReasonQuotaExceeded
	}
	msg := newMessage(p, m.topic, from)
	msg.order = order
	msg.charge = chargeFor(msg, len(m.targets)+len(m.groups))
	for i := range m.targets {
		to := &m.targets[i]
		if to.noLocal && to.session == from {
			continue
		}
		to.session.enqueue(entry{msg: msg, ids: to.ids, qos: min(to.qos, p.QoS), retain: p.Retain && to.retainAsPublished}, b, t)
	}
	for _, g := range m.groups {
		g.deliver(msg, p.QoS, from, b, t)
	}
	if b.store != nil {
		b.persist(msg, p, from, t)
	}
	if p.Retain && (b.store == nil || p.volatile || t.swamped) {
		b.retained.mu.Lock()
		b.retain(msg, false)
		b.retained.mu.Unlock()
	}
	if len(m.targets)+len(m.groups) == 0 {
		return mqtt.ReasonNoMatchingSubscribers
	}
	return mqtt.ReasonSuccess
}

func (b *Broker) publishWill(from *Session, w *Will, t *Turn) {
	if from != nil && !b.mayLeave(w, from.id) {
		t.dropped[DropNotAuthorized]++
		return
	}
	b.route(&Publication{Topic: w.Topic, Payload: w.Payload, Forward: w.Forward, Expiry: w.Expiry, QoS: w.QoS, Retain: w.Retain, willOf: numberOf(from)}, from, t)
}

// numberOf is the number of a session that is on the disk, 0 of any other.
func numberOf(s *Session) uint32 {
	if s == nil {
		return 0
	}
	return s.no
}
