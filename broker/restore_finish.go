package broker

import (
	"container/heap"
	"slices"

	"snbroker/internal/mqtt"
	"snbroker/internal/store"
)

// finish makes the broker what the records say that it was.
func (r *restorer) finish(out *Restored) {
	b := r.b
	made := make(map[*restoredMessage]*Message, len(r.messages))
	numbers := make([]uint32, 0, len(r.byNo))
	for no, s := range r.byNo {
		if s.snapshot == 0 { // it ended while a message was on its way to it
			r.end(no)
			continue
		}
		numbers = append(numbers, no)
	}
	slices.Sort(numbers)
	for _, m := range r.retained {
		msg := r.made(made, m)
		msg.held, msg.order = true, m.order
		b.retained.seen(m.order)
		b.retained.messages.Set(m.topic, msg)
		out.Retained++
	}
	b.numbered.last = max(r.clock.lastNo, r.highest) // no record may be taken for a later session's
	for _, no := range numbers {
		s := r.byNo[no]
		if older := b.sessions[string(s.id)]; older != nil {
			b.forget(older) // a crash came between the end of it and its record
			b.bury(older)
		}
		r.revive(s, made)
		delete(r.byNo, no)
	}
	out.Sessions = len(b.sessions)
	out.Subscriptions = b.index.count
	for _, s := range b.sessions {
		out.Queued += s.queue.len()
	}
}

// made returns the message of m, which is the same for all who need it.
func (r *restorer) made(known map[*restoredMessage]*Message, m *restoredMessage) *Message {
	msg := known[m]
	if msg == nil {
		msg = &Message{Topic: m.topic, QoS: m.qos, Expires: r.b.clock.timeOf(m.expires), body: uint32(m.length)}
		if m.body == nil && m.length > 0 {
			msg.spilled = true
			msg.charge = bodilessCharge
		} else {
			msg.Payload = m.body[:m.payload:m.payload]
			if m.length > m.payload {
				msg.Forward = m.body[m.payload:]
			}
			msg.charge = chargeFor(msg, m.needed)
		}
		if m.sender != "" {
			msg.Publisher = &Session{id: m.sender} // for no-local
		}
		msg.disk = &onDisk{size: uint32(m.size)}
		msg.disk.at.Store(uint64(m.at))
		r.store.Live(m.at, m.size)
		known[m] = msg
	}
	msg.disk.refs.Add(1)
	return msg
}

// seen sees to it that what comes to be retained is newer than order.
func (r *retained) seen(order uint64) {
	r.order.Store(max(order, r.order.Load()))
}

// revive makes a session of s, waiting for its client.
func (r *restorer) revive(from *restoring, made map[*restoredMessage]*Message) {
	b := r.b
	s := &Session{
		id: string(from.id), no: from.no, lastSeq: from.lastSeq, expiry: from.expiry, will: from.will,
		snapshot: from.snapshot, recorded: uint32(from.size), durable: from.expiry > 0 || from.survives || !from.connected,
	}
	var who any
	if r.identities != nil && len(from.who) > 0 {
		who = r.identities.Identity(from.who)
	}
	if s.will != nil {
		s.will.who = who
	}
	if len(from.kept) > 0 {
		s.kept = KeptOctets(from.kept)
	}
	if len(from.received) > 0 {
		s.received = &receivedIDs{ids: from.received}
	}
	b.sessions[s.id] = s
	b.numbered.put(s.no, s)
	r.store.Live(s.snapshot, from.size)
	r.subscriptions(s, from)
	r.queue(s, from, made)
	switch {
	case from.connected && from.survives:
		b.survivors = append(b.survivors, survivor{s, who})
	case from.connected:
		b.orphan(s)
	default:
		d := &deadline{session: s, will: b.clock.timeOf(from.willAt), end: b.clock.timeOf(from.endAt)}
		if !d.next().IsZero() {
			s.deadline = d
			heap.Push(&b.deadlines, d)
		}
	}
}

func (r *restorer) subscriptions(s *Session, from *restoring) {
	slices.SortFunc(from.subs, func(a, b subscription) int { return cmpFilter(a, b.filter) })
	s.subs = slices.Clip(from.subs)
	for _, sub := range s.subs {
		var ids *[]uint32
		if sub.options.Identifier != 0 {
			ids = &[]uint32{sub.options.Identifier}
		}
		o := sub.options
		r.b.index.subscribe(sub.filter, target{session: s, ids: ids, qos: o.QoS, noLocal: o.NoLocal, retainAsPublished: o.RetainAsPublished})
		if unfinished := from.replaying[sub.filter]; unfinished != nil {
			r.b.retained.seen(unfinished.upTo)
			p := &replay{progress: *unfinished, filter: sub.filter, qos: o.QoS, ids: ids}
			if o.NoLocal {
				p.noLocal = s
			}
			addReplay(&s.replay, p)
		}
	}
}

func (r *restorer) queue(s *Session, from *restoring, made map[*restoredMessage]*Message) {
	for _, seq := range from.sorted() {
		e := from.entries[seq]
		if e.released {
			if s.window == nil {
				s.window = new(window)
			}
			s.window.add(entry{seq: seq, qos: mqtt.QoS2}).stage = released
			continue
		}
		next := entry{msg: r.made(made, e.message), ids: e.ids, seq: seq, qos: e.qos, retain: e.retain}
		// To a client that was connected any of them may have been sent: what it
		// acknowledged to make room for them need not be on the disk.
		if e.qos != mqtt.QoS0 && (from.connected || from.sent != 0 && int32(seq-from.sent) <= 0) {
			next.stage = sent
		}
		s.queue.push(next)
		r.b.queued.Add(int64(next.msg.charge))
	}
	s.window.restart()
}

// orphaned is a session whose client was connected when everything stopped.
type orphaned struct {
	session *Session
	will    *Will // to be published; nil: there is none, or it waits for its delay
}

// orphan does what the end of a connection does, for one that ended with the
// broker; the rest is Release's.
func (b *Broker) orphan(s *Session) {
	o := orphaned{session: s}
	if w := s.will; w != nil && (w.Delay == 0 || s.expiry == 0) {
		o.will, s.will = w, nil
	}
	b.orphaned = append(b.orphaned, o)
	if s.expiry > 0 {
		b.schedule(s)
	}
}

// Survivor is a session whose client's connection goes on after a restart.
type Survivor struct {
	ClientID string
	Identity any // nil: none
	Kept     KeptOctets
	HasWill  bool // it is to be published if the client is lost
}

type survivor struct {
	session *Session
	who     any
}

// Survivors lists the sessions that a gateway had attached to when the broker
// stopped. It claims them by Connect; Release gives up the others.
func (b *Broker) Survivors() []Survivor {
	b.mu.Lock()
	defer b.mu.Unlock()
	out := make([]Survivor, 0, len(b.survivors))
	for _, s := range b.survivors {
		kept, _ := s.session.kept.(KeptOctets)
		out = append(out, Survivor{s.session.id, s.who, kept, s.session.will != nil})
	}
	return out
}

// Release takes the connections that nobody has claimed after a restart as lost,
// and publishes the wills that are due. It is called once, when all that judges
// and claims is in place, and before anybody else connects. The log is compacted
// from then on, not before: a session's record would say that nobody was connected,
// and that no will is due.
func (b *Broker) Release() {
	var t Turn
	b.mu.Lock()
	for _, left := range b.survivors {
		s := left.session
		s.mu.Lock()
		if s.conn == nil && !s.ended {
			b.orphan(s)
		}
		s.mu.Unlock()
	}
	b.survivors = nil
	alone := b.orphaned
	b.orphaned = nil
	var over []*Session
	for _, s := range b.sessions {
		s.mu.Lock()
		if s.conn == nil && s.expiry == 0 {
			over = append(over, s)
		}
		s.mu.Unlock()
	}
	b.restoring = false
	b.arm()
	b.mu.Unlock()
	for _, o := range alone {
		if o.will != nil {
			b.publishWill(o.session, o.will, &t)
		}
		b.recordDetached(o.session) // or its deadlines would begin again with the next start
	}
	for _, s := range over {
		b.mu.Lock()
		left := b.forget(s)
		b.mu.Unlock()
		b.adopt(left, &t)
		b.bury(s)
	}
	b.End(&t)
	if b.store != nil {
		b.store.Compact(b)
	}
}

var _ store.Compactor = (*Broker)(nil)
