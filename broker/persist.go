package broker

import (
	"errors"
	"sync"
	"sync/atomic"

	"snbroker/internal/mqtt"
	"snbroker/internal/store"
)

// persist makes the record of a message that was routed: who must get it is in
// t.targets. A retained message becomes its topic's here, and a QoS 2 packet
// identifier the session's, in the same order as on the disk.
func (b *Broker) persist(m *Message, p *Publication, from *Session, t *Turn) {
	received := p.QoS == mqtt.QoS2 && from != nil && from.durable && p.willOf == 0
	retain := p.Retain && !p.volatile && !t.swamped
	if len(t.targets) == 0 && !retain && !received {
		return
	}
	r := &t.record
	r.qos, r.retain, r.origin, r.expires = p.QoS, retain, 0, 0
	r.topic, r.forward, r.payload = octets(p.Topic), p.Forward, p.Payload
	r.targets = t.targets
	r.from, r.sender, r.willOf, r.instead = 0, nil, p.willOf, p.instead
	if received {
		r.from, r.packetID = from.no, p.PacketID
		from.mu.Lock()
		defer from.mu.Unlock()
		if from.received != nil { // the session may have ended meanwhile
			from.received.arriving = 0
		}
	}
	var end store.LSN
	switch {
	case retain:
		if from != nil {
			r.sender = octets(from.id)
		}
		r.order = m.order
		b.retained.mu.Lock()
		end = b.appendMessage(m, r)
		b.retain(m, true)
		b.retained.mu.Unlock()
	case len(t.targets) > 0:
		end = b.appendMessage(m, r)
	default:
		end = b.note(recordReceived, from.no, uint32(p.PacketID))
	}
	if p.QoS > mqtt.QoS0 {
		t.waitFor(end)
	}
	if m != nil && m.disk != nil {
		b.release(m.disk)
	}
	clear(t.targets)
	t.targets, t.bodiless = t.targets[:0], nil
	r.topic, r.forward, r.payload, r.sender, r.targets = nil, nil, nil, nil, nil
}

// appendMessage appends r, which is m's, and makes m known to be on the disk.
func (b *Broker) appendMessage(m *Message, r *messageRecord) (end store.LSN) {
	if !m.Expires.IsZero() {
		b.tick()
		r.expires = max(1, b.clock.at(m.Expires))
	}
	needed := len(r.targets) > 0 || r.retain && len(r.payload) > 0
	at, end, n := b.append(needed, r.appendTo)
	if needed {
		d := m.onDisk()
		d.size = uint32(n)
		d.at.Store(uint64(at))
		b.overtaken.flush(b, d)
	}
	return end
}

// persistReplayed gives a retained message that is queued at QoS 2 a record of its
// own. Its number, and so its packet identifier, must not be another message's
// after a crash: a client that has it would take that for a repetition. The
// replay goes on behind it then. The caller holds s.mu.
func (b *Broker) persistReplayed(s *Session, e *entry, by *replay) {
	m := e.msg.again()
	by.queued = m.Topic
	r := messageRecord{qos: m.QoS, replay: octets(by.filter), topic: octets(m.Topic), forward: m.Forward, payload: m.Payload,
		targets: []recordTarget{{no: s.no, seq: e.seq, qos: e.qos, retain: true, ids: e.ids}}}
	b.appendMessage(m, &r)
	e.msg = m
}

// onDisk returns m's record, with a reference for whoever is routing it.
func (m *Message) onDisk() *onDisk {
	if m.disk == nil {
		m.disk = new(onDisk)
		m.disk.refs.Store(1)
	}
	return m.disk
}

// refer gives e, which is being queued, a reference to its message's record. If
// memory is short, a session that nobody is attached to has the rest of the
// message on the disk alone.
func (t *Turn) refer(e *entry, away bool) {
	m := e.msg
	m.onDisk().refs.Add(1)
	if away && t.memory >= crowded {
		if t.bodiless == nil {
			t.bodiless = m.bodiless()
		}
		e.msg = t.bodiless
	}
}

// release gives up a reference to a message's record.
func (b *Broker) release(d *onDisk) {
	if d.refs.Add(-1) == 0 {
		if at := d.at.Load(); at != 0 {
			b.store.Dead(store.LSN(at), int(d.size))
		}
	}
}

// finished notes that a session does not need a delivery any more. The caller
// holds the session's lock.
func (b *Broker) finished(s *Session, e *entry) {
	if !s.durable || e.seq == 0 {
		return
	}
	if e.msg == nil || e.msg.disk == nil {
		b.note(recordDone, s.no, e.seq)
		return
	}
	if d := e.msg.disk; d.at.Load() != 0 || !b.overtaken.add(d, s.no, e.seq) {
		b.note(recordDone, s.no, e.seq)
		b.release(d)
	}
}

// overtaken are deliveries that were finished before their message's record was
// written: theirs follow it.
type overtaken struct {
	count atomic.Int32
	mu    sync.Mutex
	list  []overtaking
}

type overtaking struct {
	disk    *onDisk
	no, seq uint32
}

// add reports false if the record has been written in the meantime.
func (o *overtaken) add(d *onDisk, no, seq uint32) bool {
	o.count.Add(1) // before looking: flush looks the other way round
	o.mu.Lock()
	defer o.mu.Unlock()
	if d.at.Load() != 0 {
		o.count.Add(-1)
		return false
	}
	o.list = append(o.list, overtaking{d, no, seq})
	return true
}

// flush is called when the record is written.
func (o *overtaken) flush(b *Broker, d *onDisk) {
	if o.count.Load() == 0 {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	kept := o.list[:0]
	for _, x := range o.list {
		if x.disk != d {
			kept = append(kept, x)
			continue
		}
		o.count.Add(-1)
		b.note(recordDone, x.no, x.seq)
		b.release(d)
	}
	clear(o.list[len(kept):])
	o.list = kept
}

// mustWait tells whether a QoS 2 delivery has to wait for its message to be on
// the disk, and has the client told when it is. Sent before, and followed by a
// crash, it would come a second time: its publisher has no acknowledgement.
func (c *Conn) mustWait(e *entry) bool {
	b := c.broker
	if e.seq == 0 || !c.session.durable || e.msg.disk == nil {
		return false
	}
	end := b.store.End() // before looking: the record may come in between
	at := store.LSN(e.msg.disk.at.Load())
	if at == 0 {
		at = end // its record is about to be appended, here or later
	}
	return b.store.Notify(at+1, c)
}

// Durable implements store.Waiter.
func (c *Conn) Durable() { c.client.Ready() }

// Sync has the turn's answers wait for all that the connection's session has
// done so far.
func (c *Conn) Sync(t *Turn) {
	if c.session.durable {
		t.waitFor(c.broker.store.End())
	}
}

// SyncSubscriptions is Sync after subscriptions changed. While the disk fails only
// that waits: a subscription that was there before is acknowledged.
func (c *Conn) SyncSubscriptions(t *Turn) {
	if c.session.durable && c.broker.Failing() {
		t.waitFor(store.LSN(c.broker.resubscribed.Load()))
		return
	}
	c.Sync(t)
}

// changed notes that a subscription did, of whomever: the record of it ends there.
func (b *Broker) changed(end store.LSN) {
	for {
		last := b.resubscribed.Load()
		if last >= uint64(end) || b.resubscribed.CompareAndSwap(last, uint64(end)) {
			return
		}
	}
}

// refusing tells why no message that would have to be kept is taken in.
func (b *Broker) refusing(p *Publication) (mqtt.ReasonCode, bool) {
	if b.store == nil || p.QoS == mqtt.QoS0 {
		return mqtt.ReasonSuccess, false
	}
	switch err := b.store.Err(); {
	case err == nil:
		return mqtt.ReasonSuccess, false
	case errors.Is(err, store.ErrFull):
		return mqtt.ReasonQuotaExceeded, true
	}
	return mqtt.ReasonImplementationSpecificError, true
}
