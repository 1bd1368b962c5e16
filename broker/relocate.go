package broker

import (
	"runtime"
	"sort"

	"snbroker/internal/mqtt"
	"snbroker/internal/store"
)

// Relocate implements store.Compactor: what is still needed of the log's oldest
// part is appended anew. Sessions, messages and the clock are all that it looks
// at: what other records say is in a session's latest, or about what is gone.
func (b *Broker) Relocate(at store.LSN, record []byte) error {
	if len(record) == 0 {
		return nil
	}
	switch recordKind(record[0]) {
	case recordSession:
		f := fields{b: record[1:]}
		b.relocateSession(at, f.uint32())
	case recordMessage:
		var r messageRecord
		if r.decode(record[1:]) == nil {
			b.relocateMessage(at, &r)
		}
	case recordClock:
		b.relocateClock(at)
	}
	return nil
}

// Settle implements store.Compactor.
func (b *Broker) Settle() error { return nil }

func (b *Broker) relocateSession(at store.LSN, no uint32) {
	s := b.numbered.find(no)
	if s == nil {
		return
	}
	gate := b.gate(s.id)
	gate.Lock()
	defer gate.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.snapshot == at && !s.ended {
		b.record(s)
	}
}

func (b *Broker) relocateClock(at store.LSN) {
	b.clock.mu.Lock()
	latest := b.clock.stored == at
	b.clock.mu.Unlock()
	if latest {
		b.tellTime()
	}
}

// relocateMessage appends a message with those who still need it. One that is
// delivered while this happens would come back after a restart, so each is
// looked at once more when the copy is in the log.
func (b *Broker) relocateMessage(at store.LSN, r *messageRecord) {
	var disk *onDisk
	kept := r.targets[:0]
	for _, t := range r.targets {
		if s := b.numbered.find(t.no); s != nil {
			if d := s.needs(t.seq); d != nil && d.place() == at {
				disk = d
				kept = append(kept, t)
			}
		}
	}
	r.targets = kept
	if d := b.retains(at, r); d != nil {
		disk = d
	} else {
		r.retain = false
	}
	if disk == nil || !disk.hold() {
		return
	}
	to, n := b.move(at, disk, r)
	b.store.Dead(at, int(disk.size))
	disk.size = uint32(n)
	disk.at.Store(uint64(to))
	b.release(disk)
	for _, t := range r.targets {
		if s := b.numbered.find(t.no); s != nil {
			b.correct(s, t.seq)
		} else {
			b.noteEnd(t.no) // once more, behind the copy
		}
	}
}

// retains returns the record of r, if it is its topic's retained message.
func (b *Broker) retains(at store.LSN, r *messageRecord) *onDisk {
	if !r.retain || len(r.payload) == 0 {
		return nil
	}
	b.retained.mu.RLock()
	defer b.retained.mu.RUnlock()
	m, ok := b.retained.messages.Get(alias(r.topic))
	if !ok || !m.held || m.disk.at.Load() != uint64(at) {
		return nil
	}
	return m.disk
}

// move appends the copy. A retained message is one still when the copy is in the
// log, or the copy would bring it back.
func (b *Broker) move(at store.LSN, disk *onDisk, r *messageRecord) (to store.LSN, n int) {
	r.origin, r.from, r.willOf, r.instead, r.replay = at, 0, 0, place{}, nil
	if r.retain {
		b.retained.mu.RLock()
		defer b.retained.mu.RUnlock()
		m, ok := b.retained.messages.Get(alias(r.topic))
		r.retain = ok && m.disk == disk
	}
	to, _, n = b.append(true, r.appendTo)
	return to, n
}

// correct follows a copy with what happened to a delivery meanwhile.
func (b *Broker) correct(s *Session, seq uint32) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch e := s.find(seq); {
	case e == nil:
		b.note(recordDone, s.no, seq)
	case e.stage == released:
		b.note(recordReleased, s.no, seq)
	}
}

// hold takes a reference, unless nobody has one any more.
func (d *onDisk) hold() bool {
	for {
		n := d.refs.Load()
		if n == 0 {
			return false
		}
		if d.refs.CompareAndSwap(n, n+1) {
			return true
		}
	}
}

// needs returns the record of the delivery with this number, if the session still
// needs it.
func (s *Session) needs(seq uint32) *onDisk {
	s.mu.Lock()
	defer s.mu.Unlock()
	if e := s.find(seq); e != nil && e.msg != nil {
		return e.msg.disk
	}
	return nil
}

// place is where a record is that is in the log: who appended it may be about to
// note that. The caller holds no lock.
func (d *onDisk) place() store.LSN {
	for {
		if at := d.at.Load(); at != 0 {
			return store.LSN(at)
		}
		runtime.Gosched()
	}
}

// find returns the queue's or the window's entry with this number.
func (s *Session) find(seq uint32) *entry {
	q := &s.queue
	i := sort.Search(q.len(), func(i int) bool {
		e := q.at(uint32(i))
		return e.seq != 0 && int32(e.seq-seq) >= 0
	})
	if i < q.len() && q.at(uint32(i)).seq == seq {
		return q.at(uint32(i))
	}
	if q.qos0 > 0 { // those without a number are in the way of a search
		for i := range q.count {
			if q.at(i).seq == seq {
				return q.at(i)
			}
		}
	}
	if e := s.window.find(packetID(seq)); e != nil && e.seq == seq && e.qos != mqtt.QoS0 {
		return e
	}
	return nil
}
