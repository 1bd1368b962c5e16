package broker

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"snbroker/internal/mqtt"
	"snbroker/internal/store"
)

// Identities are how the identity behind a will survives a restart: as octets.
type Identities interface {
	AppendIdentity(b []byte, who any) []byte
	Identity(b []byte) any
}

// Restored tells what a store had.
type Restored struct {
	Store         store.Report
	Stopped       time.Duration // how long nothing was running, as far as can be told
	Sessions      int
	Subscriptions int
	Queued        int // deliveries that wait
	Retained      int
	Skipped       int // records that made no sense
	Took          time.Duration
}

// Persist has the broker keep on s what must survive a restart, after taking
// over what s has. It is called before the first client, at most once. i may be
// nil if nobody judges wills.
func (b *Broker) Persist(s Store, i Identities) (Restored, error) {
	began := time.Now()
	b.restoring = true
	r := newRestorer(b, s, i)
	report, err := s.Replay(r.visit)
	if err != nil {
		return Restored{}, fmt.Errorf("broker: what the store has cannot be taken over: %w", err)
	}
	now := readClocks()
	stopped := r.clock.stopped(now)
	b.clock.base, b.clock.start = r.lastClock()+int64(stopped), time.Now()
	b.store, b.identities = s, i
	out := Restored{Store: report, Stopped: stopped, Skipped: r.skipped}
	r.finish(&out)
	s.Start(nil) // Release has it compacted
	b.tellTime()
	b.clock.told.Store(max(1, b.clock.now()))
	out.Took = time.Since(began)
	return out, nil
}

// restorer replays the log.
type restorer struct {
	b          *Broker
	store      Store
	identities Identities
	byNo       map[uint32]*restoring
	messages   map[store.LSN]*restoredMessage
	retained   map[string]*restoredMessage
	first      store.LSN // of all records
	highest    uint32    // session number in them
	clock      reading
	skipped    int
	bodies     int64 // octets of messages in memory
	record     messageRecord
}

func newRestorer(b *Broker, s Store, i Identities) restorer {
	return restorer{b: b, store: s, identities: i, byNo: make(map[uint32]*restoring),
		messages: make(map[store.LSN]*restoredMessage), retained: make(map[string]*restoredMessage)}
}

// restoring is a session as the records tell of it.
type restoring struct {
	sessionRecord
	snapshot store.LSN
	size     int
	entries  map[uint32]restoredEntry // nil while there is none
	kept     []byte
}

type restoredEntry struct {
	message  *restoredMessage // nil: released
	ids      *[]uint32
	qos      mqtt.QoS
	retain   bool
	released bool
}

type restoredMessage struct {
	at      store.LSN
	size    int
	qos     mqtt.QoS
	expires int64
	topic   string
	sender  string
	order   uint64
	body    []byte // payload, then properties; nil: it stays on the disk
	payload int    // octets of body that are payload
	length  int
	needed  int // by how many sessions, and the retained store
}

func (r *restorer) visit(at store.LSN, raw []byte) error {
	if r.first == 0 {
		r.first = at
	}
	if len(raw) == 0 || !r.apply(at, recordKind(raw[0]), raw[1:], len(raw)) {
		r.skipped++
	}
	return nil
}

// apply takes a record over; false says that it makes no sense. One that is
// about a session that is gone is no mistake: the log's beginning was cut off.
func (r *restorer) apply(at store.LSN, kind recordKind, b []byte, size int) bool {
	f := fields{b: b}
	switch kind {
	case recordSession:
		return r.session(at, b, size)
	case recordMessage:
		return r.message(at, b, size)
	case recordClock:
		return r.clockRecord(b)
	case recordSub:
		s := r.byNo[f.uint32()]
		sub, replay := decodeSubscription(&f)
		if f.end() == nil && s != nil {
			s.subscribe(sub, replay)
		}
	case recordUnsub:
		s := r.byNo[f.uint32()]
		if filter := string(f.text()); f.end() == nil && s != nil {
			s.unsubscribe(filter)
		}
	case recordReplayed:
		s := r.byNo[f.uint32()]
		if filter := string(f.text()); f.end() == nil && s != nil {
			delete(s.replaying, filter)
		}
	case recordKept:
		s := r.byNo[f.uint32()]
		if change := f.text(); f.end() == nil && s != nil {
			s.kept = append(s.kept, change...)
		}
	case recordDetached:
		s := r.byNo[f.uint32()]
		flags := f.octet()
		sent, willAt, endAt := f.uint32(), int64(f.limited(1<<63-1)), int64(f.limited(1<<63-1))
		if f.end() == nil && s != nil {
			s.connected, s.survives, s.sent, s.willAt, s.endAt = false, false, sent, willAt, endAt
			if flags&sessionWill == 0 {
				s.will = nil
			}
		}
	case recordEnd:
		no := f.uint32()
		if f.end() == nil {
			r.end(no)
		}
	case recordDone, recordReleased, recordReceived, recordFreed:
		no, value := f.uint32(), f.uint32()
		if s := r.byNo[no]; f.end() == nil && s != nil {
			r.number(s, kind, value)
		}
	default:
		return false
	}
	return f.end() == nil
}

// number takes over a record of a session's number.
func (r *restorer) number(s *restoring, kind recordKind, value uint32) {
	switch kind {
	case recordDone:
		r.drop(s, value)
	case recordReleased:
		if e, ok := s.entries[value]; ok {
			r.unneed(e.message)
			e.message, e.released, e.qos = nil, true, mqtt.QoS2
			s.entries[value] = e
		}
	case recordReceived:
		s.receive(uint16(value))
	case recordFreed:
		s.received = slices.DeleteFunc(s.received, func(id uint16) bool { return id == uint16(value) })
	}
}

func (s *restoring) put(seq uint32, e restoredEntry) {
	if s.entries == nil {
		s.entries = make(map[uint32]restoredEntry)
	}
	s.entries[seq] = e
}

func (s *restoring) receive(id uint16) {
	if !slices.Contains(s.received, id) {
		s.received = append(s.received, id)
	}
}

func (s *restoring) subscribe(sub subscription, replay *progress) {
	s.unsubscribe(sub.filter)
	s.subs = append(s.subs, sub)
	s.replaying.set(sub.filter, replay)
}

func (s *restoring) unsubscribe(filter string) {
	s.subs = slices.DeleteFunc(s.subs, func(x subscription) bool { return x.filter == filter })
	delete(s.replaying, filter)
}

// session takes over a record of all of a session. Its queue is not in it.
func (r *restorer) session(at store.LSN, b []byte, size int) bool {
	var rec sessionRecord
	if rec.decode(b) != nil || rec.no == 0 {
		return false
	}
	rec.id = slices.Clone(rec.id)
	s := r.known(rec.no)
	released := rec.released
	s.sessionRecord, s.snapshot, s.size = rec, at, size
	s.kept = slices.Clone(rec.kept)
	s.sessionRecord.kept, s.sessionRecord.who = nil, slices.Clone(rec.who)
	for _, seq := range released {
		if e, ok := s.entries[seq]; ok {
			r.unneed(e.message)
		}
		s.put(seq, restoredEntry{released: true, qos: mqtt.QoS2})
	}
	return true
}

// known returns the session of a number. Its own record may be still to come: a
// newer one has replaced that which was there when the message was queued.
func (r *restorer) known(no uint32) *restoring {
	s := r.byNo[no]
	if s == nil {
		s = new(restoring)
		r.byNo[no] = s
		r.highest = max(r.highest, no)
	}
	return s
}

func (r *restorer) clockRecord(b []byte) bool {
	var now reading
	if now.decode(b) != nil {
		return false
	}
	now.boot = slices.Clone(now.boot)
	r.clock = now
	return true
}

// lastClock is the store's time when the broker stopped, or somewhat earlier.
func (r *restorer) lastClock() int64 { return r.clock.clock }

func (r *restorer) end(no uint32) {
	s := r.byNo[no]
	if s == nil {
		return
	}
	for _, e := range s.entries {
		r.unneed(e.message)
	}
	delete(r.byNo, no)
}

func (r *restorer) drop(s *restoring, seq uint32) {
	if e, ok := s.entries[seq]; ok {
		r.unneed(e.message)
		delete(s.entries, seq)
	}
}

// unneed gives up one need of m, which may be nil.
func (r *restorer) unneed(m *restoredMessage) {
	if m == nil {
		return
	}
	if m.needed--; m.needed == 0 {
		delete(r.messages, m.at)
		r.bodies -= int64(len(m.body))
		m.body = nil
	}
}

// sorted returns the entries in the order of the queue.
func (s *restoring) sorted() []uint32 {
	seqs := make([]uint32, 0, len(s.entries))
	for seq := range s.entries {
		seqs = append(seqs, seq)
	}
	// Numbers wrap; a queue never spans half of them.
	slices.SortFunc(seqs, func(a, b uint32) int { return cmp.Compare(int32(a-s.lastSeq), int32(b-s.lastSeq)) })
	return seqs
}

// Summary counts what a store holds, record by record, without a broker.
type Summary struct{ r restorer }

// NewSummary returns an empty one.
func NewSummary() *Summary {
	return &Summary{newRestorer(New(DefaultLimits()), nil, nil)}
}

// Visit takes a record, as a store replays it.
func (s *Summary) Visit(at store.LSN, record []byte) error { return s.r.visit(at, record) }

// Counts tells what there was.
func (s *Summary) Counts() Restored {
	out := Restored{Retained: len(s.r.retained), Skipped: s.r.skipped}
	for _, x := range s.r.byNo {
		if x.snapshot != 0 {
			out.Sessions++
			out.Subscriptions += len(x.subs)
			out.Queued += len(x.entries)
		}
	}
	return out
}
