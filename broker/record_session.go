package broker

import (
	"time"

	"snbroker/internal/mqtt"
)

// sessionRecord is all that is remembered of a session, but its queue.
//
//	kind | number | flags | ClientID | expiry | last sequence | last sent | [will] | identity |
//	will at, end at | subscriptions... | received... | released... | kept
type sessionRecord struct {
	no        uint32
	connected bool // somebody was attached
	survives  bool // whoever was attached goes on after a restart
	id        []byte
	expiry    uint32 // seconds; neverExpires: never
	lastSeq   uint32
	sent      uint32 // highest sequence that is out, or was; 0: none. Unknown while connected
	will      *Will
	who       []byte // the client's identity, or its will's, as Identities has it
	willAt    int64  // on the store's clock; 0: no deadline
	endAt     int64
	subs      []subscription
	replaying replaying
	received  []uint16
	released  []uint32
	kept      []byte
}

const (
	sessionConnected = 0x01
	sessionSurvives  = 0x02
	sessionWill      = 0x04
)

func (r *sessionRecord) appendTo(b []byte) []byte {
	flags := byte(0)
	if r.connected {
		flags |= sessionConnected
	}
	if r.survives {
		flags |= sessionSurvives
	}
	if r.will != nil {
		flags |= sessionWill
	}
	b = append(appendUint(append(b, byte(recordSession)), uint64(r.no)), flags)
	b = appendUint(appendUint(appendText(b, r.id), uint64(r.expiry)), uint64(r.lastSeq))
	b = appendUint(b, uint64(r.sent))
	if r.will != nil {
		b = r.will.appendTo(b)
	}
	b = appendText(b, r.who)
	b = appendUint(appendUint(b, uint64(r.willAt)), uint64(r.endAt))
	b = appendUint(b, uint64(len(r.subs)))
	for i := range r.subs {
		b = r.subs[i].appendTo(b, r.replaying[r.subs[i].filter])
	}
	b = appendUint(b, uint64(len(r.received)))
	for _, id := range r.received {
		b = appendUint(b, uint64(id))
	}
	b = appendUint(b, uint64(len(r.released)))
	for _, seq := range r.released {
		b = appendUint(b, uint64(seq))
	}
	return appendText(b, r.kept)
}

// decode reads what follows the kind; id and kept alias it.
func (r *sessionRecord) decode(b []byte) error {
	f := fields{b: b}
	*r = sessionRecord{no: f.uint32()}
	flags := f.octet()
	r.connected, r.survives = flags&sessionConnected != 0, flags&sessionSurvives != 0
	r.id, r.expiry, r.lastSeq, r.sent = f.text(), f.uint32(), f.uint32(), f.uint32()
	if flags&sessionWill != 0 {
		r.will = decodeWill(&f)
	}
	r.who = f.text()
	r.willAt, r.endAt = int64(f.limited(1<<63-1)), int64(f.limited(1<<63-1))
	for range f.count() {
		sub, replay := decodeSubscription(&f)
		if f.bad {
			break
		}
		r.subs = append(r.subs, sub)
		r.replaying.set(sub.filter, replay)
	}
	for range f.count() {
		r.received = append(r.received, f.uint16())
	}
	for range f.count() {
		r.released = append(r.released, f.uint32())
	}
	r.kept = f.text()
	return f.end()
}

func (w *Will) appendTo(b []byte) []byte {
	flags := byte(w.QoS)
	if w.Retain {
		flags |= messageRetain
	}
	b = appendText(appendText(appendText(append(b, flags), w.Topic), w.Payload), w.Forward)
	return appendUint(appendUint(b, uint64(w.Expiry)), uint64(w.Delay))
}

func decodeWill(f *fields) *Will {
	flags := f.octet()
	return &Will{
		QoS: mqtt.QoS(flags & messageQoS), Retain: flags&messageRetain != 0,
		Topic: string(f.text()), Payload: append([]byte(nil), f.text()...), Forward: append([]byte(nil), f.text()...),
		Expiry: time.Duration(f.limited(1<<63 - 1)), Delay: time.Duration(f.limited(1<<63 - 1)),
	}
}

const (
	subQoS               = 0x03
	subNoLocal           = 0x04
	subRetainAsPublished = 0x08
	subReplaying         = 0x40
	subQueued            = 0x80
)

// appendTo writes a subscription, and how far its replay is; nil: it is over.
func (s *subscription) appendTo(b []byte, replay *progress) []byte {
	o := &s.options
	flags := byte(o.QoS) | o.RetainHandling<<4
	if o.NoLocal {
		flags |= subNoLocal
	}
	if o.RetainAsPublished {
		flags |= subRetainAsPublished
	}
	if replay != nil {
		flags |= subReplaying
		if replay.queued != "" {
			flags |= subQueued
		}
	}
	b = appendUint(append(appendText(b, s.filter), flags), uint64(o.Identifier))
	if flags&subReplaying != 0 {
		b = appendUint(b, replay.upTo)
	}
	if flags&subQueued != 0 {
		b = appendText(b, replay.queued)
	}
	return b
}

func decodeSubscription(f *fields) (s subscription, replay *progress) {
	s.filter = string(f.text())
	flags := f.octet()
	s.options = SubscribeOptions{
		QoS: mqtt.QoS(flags & subQoS), NoLocal: flags&subNoLocal != 0,
		RetainAsPublished: flags&subRetainAsPublished != 0, RetainHandling: flags >> 4 & 3,
		Identifier: f.uint32(),
	}
	if flags&subReplaying != 0 {
		replay = &progress{upTo: f.uint()}
	}
	if flags&subQueued != 0 && replay != nil {
		replay.queued = string(f.text())
	}
	return s, replay
}

// replaying are the filters whose retained messages are not all delivered.
type replaying map[string]*progress

// set notes a filter's progress; nil: its replay is over.
func (r *replaying) set(filter string, p *progress) {
	switch {
	case p == nil:
		delete(*r, filter)
	case *r == nil:
		*r = replaying{filter: p}
	default:
		(*r)[filter] = p
	}
}
