package broker

import (
	"snbroker/internal/mqtt"
	"snbroker/internal/store"
)

// attach puts a session that a client has just attached to on the disk, if it has
// to be there. It returns what must be durable before CONNACK if that promises
// something: to go on with a session (present), or a will. The caller holds the
// gate and s.mu.
func (b *Broker) attach(s *Session, present bool) (end store.LSN) {
	if b.store == nil {
		return 0
	}
	if !s.durable {
		s.durable = s.expiry > 0 || s.conn.survives
	}
	if !s.durable && s.will == nil {
		return 0
	}
	if s.no == 0 {
		s.no = b.numbered.add(s)
	}
	if end = b.record(s); !present && s.will == nil {
		return 0
	}
	return end
}

// update replaces a session's record after a change of what only the whole
// record has. The caller holds s.mu.
func (b *Broker) update(s *Session) {
	if s.no == 0 && s.will != nil && b.store != nil {
		s.no = b.numbered.add(s)
	}
	if s.no != 0 && !s.ended {
		b.record(s)
	}
}

// record appends all of a session but its queue. The caller holds s.mu.
func (b *Broker) record(s *Session) (end store.LSN) {
	b.tick()
	r := sessionRecord{
		no:      s.no,
		id:      octets(s.id),
		expiry:  s.expiry,
		lastSeq: s.lastSeq,
		will:    s.will,
		subs:    s.subs,
		sent:    s.lastSent(),
	}
	if s.conn != nil {
		r.connected, r.survives = true, s.conn.survives
	}
	if b.identities != nil {
		switch {
		case s.will != nil:
			r.who = b.identities.AppendIdentity(nil, s.will.who)
		case s.conn != nil:
			r.who = b.identities.AppendIdentity(nil, s.conn.who)
		}
	}
	if d := s.deadline; d != nil {
		r.willAt, r.endAt = b.clock.deadline(d.will), b.clock.deadline(d.end)
	}
	if !s.durable {
		r.subs = nil
	}
	for p := s.replay; p != nil; p = p.then {
		r.replaying.set(p.filter, &p.progress)
	}
	if s.received != nil {
		for _, id := range s.received.ids {
			if id != s.received.arriving {
				r.received = append(r.received, id)
			}
		}
	}
	if s.window != nil {
		for i := range s.window.count {
			if e := s.window.at(i); e.stage == released {
				r.released = append(r.released, e.seq)
			}
		}
	}
	if s.kept != nil && s.durable {
		r.kept = s.kept.AppendKept(nil)
	}
	at, end, n := b.append(true, r.appendTo)
	if s.snapshot != 0 {
		b.store.Dead(s.snapshot, int(s.recorded))
	}
	s.snapshot, s.recorded = at, uint32(n)
	return end
}

// lastSent is the number of the newest delivery that was sent, or may have been
// before a restart: then it is in the queue still. 0: there is none. The caller
// holds s.mu.
func (s *Session) lastSent() uint32 {
	last := s.window.lastSent()
	for i := range s.queue.count {
		e := s.queue.at(i)
		if e.qos == mqtt.QoS0 {
			continue
		}
		if e.stage != sent {
			break
		}
		if last == 0 || int32(e.seq-last) > 0 {
			last = e.seq
		}
	}
	return last
}

// recordDetached notes that a session's connection ended, what it waits for and
// whether its will is still to come. A client that came back has said so itself.
func (b *Broker) recordDetached(s *Session) (end store.LSN) {
	if b.store == nil {
		return 0
	}
	b.tick()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.no == 0 || s.ended || s.conn != nil {
		return 0
	}
	flags := byte(0)
	if s.will != nil {
		flags |= sessionWill
	}
	sent := s.lastSent()
	var willAt, endAt int64
	if d := s.deadline; d != nil {
		willAt, endAt = b.clock.deadline(d.will), b.clock.deadline(d.end)
	}
	_, end, _ = b.append(false, func(dst []byte) []byte {
		dst = append(appendUint(append(dst, byte(recordDetached)), uint64(s.no)), flags)
		dst = appendUint(dst, uint64(sent))
		return appendUint(appendUint(dst, uint64(willAt)), uint64(endAt))
	})
	return end
}

// letGo gives up what an ending session needs of the disk. The caller holds s.mu.
func (b *Broker) letGo(s *Session) {
	if s.durable {
		for i := range s.queue.count {
			b.dropReference(s.queue.at(i))
		}
		if s.window != nil {
			for i := range s.window.count {
				b.dropReference(s.window.at(i))
			}
		}
	}
	if s.snapshot != 0 {
		b.store.Dead(s.snapshot, int(s.recorded))
		s.snapshot = 0
	}
	b.numbered.remove(s.no)
}

func (b *Broker) dropReference(e *entry) {
	if e.seq != 0 && e.msg != nil && e.msg.disk != nil {
		b.release(e.msg.disk)
	}
}

// noteEnd notes that the session of a number is gone.
func (b *Broker) noteEnd(no uint32) (end store.LSN) {
	_, end, _ = b.append(false, func(dst []byte) []byte {
		return appendUint(append(dst, byte(recordEnd)), uint64(no))
	})
	return end
}
