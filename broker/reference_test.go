package broker

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"snbroker/internal/mqtt"
)

// reference is a broker in maps and slices, without a thought for speed, that
// the real one must not differ from. Time does not pass in it.
type reference struct {
	limits   Limits
	sessions map[string]*refSession
	retained map[string]refMessage
	order    int // of what came to be retained
	stats    Stats
	woken    []string // clients told that there is something to pull
	closed   []string // clients told that they were taken over
	ledger   *ledger
}

type refMessage struct {
	topic, payload, from string
	qos                  mqtt.QoS
	retain               bool
	order                int // of a retained one
}

type refSession struct {
	id       string
	conn     int // the number of its connection; 0: nobody is attached
	expiry   time.Duration
	will     *Will
	window   int
	subs     map[string]SubscribeOptions
	queue    []refEntry
	flight   []refEntry
	lastID   uint16
	replays  []refReplay
	received []uint16
	idle     bool // pulled to the end: Ready is due at the next message
}

type refEntry struct {
	refMessage
	ids      []uint32
	id       uint16
	released bool
	fresh    bool // sent by this connection
}

type refReplay struct {
	filter string
	o      SubscribeOptions
	upTo   int
}

func newReference(l Limits, led *ledger) *reference {
	return &reference{limits: l, sessions: make(map[string]*refSession), retained: make(map[string]refMessage),
		stats: Stats{Dropped: make(map[DropReason]uint64)}, ledger: led}
}

func (r *reference) connect(conn int, o ConnectOptions) (present, ok bool) {
	s := r.sessions[o.ClientID]
	var will *Will
	if s != nil {
		attached := s.conn != 0
		if attached {
			r.closed = append(r.closed, s.id)
			will = s.will
		}
		s.will, s.conn = nil, 0
		if o.CleanStart || attached && s.expiry == 0 {
			r.end(s)
			s = nil
		}
	}
	present, ok = s != nil, true
	if s == nil {
		if len(r.sessions) >= r.limits.MaxSessions {
			ok = false
		} else {
			s = &refSession{id: o.ClientID, subs: make(map[string]SubscribeOptions)}
			r.sessions[s.id] = s
		}
	}
	if ok {
		s.conn, s.will, s.expiry, s.idle = conn, o.Will, o.Expiry, false
		s.window = r.limits.MaxInflight
		if o.ReceiveMaximum > 0 {
			s.window = min(s.window, o.ReceiveMaximum)
		}
		s.startAnew()
	}
	if will != nil {
		r.route(refMessage{topic: will.Topic, payload: string(will.Payload), qos: will.QoS, retain: will.Retain, from: o.ClientID})
	}
	return present, ok
}

func (s *refSession) startAnew() {
	for i := range s.flight {
		s.flight[i].fresh = false
	}
	s.idle = false
}

func (r *reference) end(s *refSession) {
	delete(r.sessions, s.id)
	r.ledger.end(s.id)
}

func (r *reference) close(s *refSession, lost bool) {
	will := s.will
	s.conn, s.will, s.idle = 0, nil, false
	if s.expiry == 0 {
		r.end(s)
	}
	if lost && will != nil {
		r.route(refMessage{topic: will.Topic, payload: string(will.Payload), qos: will.QoS, retain: will.Retain, from: s.id})
	}
}

func (r *reference) subscribe(s *refSession, filter string, o SubscribeOptions) mqtt.ReasonCode {
	_, known := s.subs[filter]
	if !known && len(s.subs) >= r.limits.MaxSubscriptions {
		return mqtt.ReasonQuotaExceeded
	}
	s.subs[filter] = o
	if o.RetainHandling == 0 || o.RetainHandling == 1 && !known {
		s.dropReplay(filter)
		s.replays = append(s.replays, refReplay{filter, o, r.order})
		s.idle = false
	}
	return mqtt.ReasonCode(o.QoS)
}

func (r *reference) unsubscribe(s *refSession, filter string) mqtt.ReasonCode {
	if _, known := s.subs[filter]; !known {
		return mqtt.ReasonNoSubscriptionExisted
	}
	delete(s.subs, filter)
	s.dropReplay(filter)
	return mqtt.ReasonSuccess
}

func (s *refSession) dropReplay(filter string) {
	s.replays = slices.DeleteFunc(s.replays, func(p refReplay) bool { return p.filter == filter })
}

// publish is a PUBLISH of an attached client.
func (r *reference) publish(s *refSession, m refMessage, id uint16) mqtt.ReasonCode {
	m.from = s.id
	if m.qos != mqtt.QoS2 {
		return r.route(m)
	}
	if slices.Contains(s.received, id) {
		return mqtt.ReasonSuccess
	}
	if len(s.received) >= r.limits.MaxReceived {
		return mqtt.ReasonReceiveMaximumExceeded
	}
	reason := r.route(m)
	if !reason.IsError() {
		s.received = append(s.received, id)
	}
	return reason
}

func (s *refSession) pubRel(id uint16) bool {
	i := slices.Index(s.received, id)
	if i >= 0 {
		s.received = slices.Delete(s.received, i, i+1)
	}
	return i >= 0
}

func (r *reference) route(m refMessage) mqtt.ReasonCode {
	r.stats.Published++
	if m.retain {
		_, known := r.retained[m.topic]
		switch {
		case m.payload == "":
			delete(r.retained, m.topic)
		case !known && len(r.retained) >= r.limits.MaxRetained:
			return mqtt.ReasonQuotaExceeded
		default:
			r.order++
			m.order = r.order
			r.retained[m.topic] = m
		}
	}
	reason := mqtt.ReasonNoMatchingSubscribers
	for _, s := range r.sessions {
		e := refEntry{refMessage: m}
		matched, noLocal, asPublished := false, true, false
		var qos mqtt.QoS
		for filter, o := range s.subs {
			if !fits(filter, m.topic) {
				continue
			}
			matched = true
			qos = max(qos, o.QoS)
			noLocal = noLocal && o.NoLocal
			asPublished = asPublished || o.RetainAsPublished
			if o.Identifier != 0 {
				e.ids = append(e.ids, o.Identifier)
			}
		}
		if !matched {
			continue
		}
		reason = mqtt.ReasonSuccess
		if noLocal && m.from == s.id {
			continue
		}
		e.qos = min(qos, m.qos)
		e.retain = m.retain && asPublished
		slices.Sort(e.ids)
		r.enqueue(s, e)
	}
	return reason
}

func (r *reference) enqueue(s *refSession, e refEntry) {
	if s.conn == 0 && e.qos == mqtt.QoS0 && !r.limits.QueueQoS0Offline {
		return
	}
	for len(s.queue) > 0 && (len(s.queue) >= r.limits.MaxQueued || queueBytes(s.queue)+e.size() > r.limits.MaxQueuedBytes) {
		i := slices.IndexFunc(s.queue, func(e refEntry) bool { return e.qos == mqtt.QoS0 })
		if i < 0 {
			if e.qos == mqtt.QoS0 || r.limits.QueuePolicy == DropNewest {
				r.stats.Dropped[DropQueueFull]++
				return
			}
			i = 0
		}
		r.ledger.drop(s.id, s.queue[i])
		s.queue = slices.Delete(s.queue, i, i+1)
		r.stats.Dropped[DropQueueFull]++
	}
	s.queue = append(s.queue, e)
	r.stats.Delivered++
	r.ledger.expect(s.id, e)
	if s.idle {
		s.idle = false
		r.woken = append(r.woken, s.id)
	}
}

func (e *refEntry) size() int { return len(e.topic) + len(e.payload) }

func queueBytes(q []refEntry) (n int) {
	for i := range q {
		n += q[i].size()
	}
	return n
}

// pull returns what Pull must, in words.
func (r *reference) pull(s *refSession, n int) []string {
	var out []string
	if len(s.queue) < replayChunk {
		r.replay(s)
	}
	for len(out) < n {
		if i := slices.IndexFunc(s.flight, func(e refEntry) bool { return !e.fresh }); i >= 0 {
			e := &s.flight[i]
			if !e.released && s.sentNow() >= s.window {
				break
			}
			e.fresh = true
			out = append(out, e.words(true))
			continue
		}
		if len(s.queue) == 0 {
			if !r.replay(s) {
				s.idle = true
				break
			}
			continue
		}
		e := s.queue[0]
		if e.qos != mqtt.QoS0 {
			if len(s.flight) >= s.window {
				break
			}
			for s.lastID++; s.lastID == 0 || s.inFlight(s.lastID) >= 0; s.lastID++ {
			}
			e.id, e.fresh = s.lastID, true
			s.flight = append(s.flight, e)
		}
		s.queue = s.queue[1:]
		out = append(out, e.words(false))
	}
	return out
}

func (r *reference) replay(s *refSession) bool {
	if len(s.replays) == 0 {
		return false
	}
	p := s.replays[0]
	s.replays = s.replays[1:]
	for _, topic := range slices.Sorted(maps.Keys(r.retained)) {
		m := r.retained[topic]
		if m.order > p.upTo {
			continue // it was queued when it came
		}
		if !fits(p.filter, topic) || p.o.NoLocal && m.from == s.id {
			continue
		}
		e := refEntry{refMessage: m}
		e.qos, e.retain = min(p.o.QoS, m.qos), true
		if p.o.Identifier != 0 {
			e.ids = []uint32{p.o.Identifier}
		}
		s.queue = append(s.queue, e)
		r.stats.Delivered++
		r.ledger.expect(s.id, e)
	}
	return true
}

func (s *refSession) inFlight(id uint16) int {
	return slices.IndexFunc(s.flight, func(e refEntry) bool { return e.id == id })
}

func (s *refSession) sentNow() (n int) {
	for _, e := range s.flight {
		if e.fresh {
			n++
		}
	}
	return n
}

func (s *refSession) finish(i int) { s.flight = slices.Delete(s.flight, i, i+1) }

func (s *refSession) pubAck(id uint16) bool {
	i := s.inFlight(id)
	ok := i >= 0 && s.flight[i].qos == mqtt.QoS1
	if ok {
		s.finish(i)
	}
	return ok
}

func (s *refSession) pubRec(id uint16, failed bool) bool {
	i := s.inFlight(id)
	ok := i >= 0 && s.flight[i].qos == mqtt.QoS2
	if ok && failed {
		s.finish(i)
	} else if ok {
		s.flight[i].released = true
	}
	return ok
}

func (s *refSession) pubComp(id uint16) bool {
	i := s.inFlight(id)
	ok := i >= 0 && s.flight[i].released
	if ok {
		s.finish(i)
	}
	return ok
}

// words say the same of an entry as deliveryWords of a Delivery.
func (e *refEntry) words(again bool) string {
	if e.released {
		return fmt.Sprintf("release #%d", e.id)
	}
	return fmt.Sprintf("%s=%s q%d #%d dup=%v retain=%v ids=%v", e.topic, e.payload, e.qos, e.id, again, e.retain, e.ids)
}

func deliveryWords(d *Delivery) string {
	if d.Release {
		return fmt.Sprintf("release #%d", d.PacketID)
	}
	var ids []uint32
	if d.SubscriptionIDs != nil {
		ids = slices.Clone(*d.SubscriptionIDs)
		slices.Sort(ids)
	}
	return fmt.Sprintf("%s=%s q%d #%d dup=%v retain=%v ids=%v", d.Message.Topic, d.Message.Payload, d.QoS, d.PacketID, d.Dup, d.Retain, ids)
}

// ledger is what each session was promised and what its client's application
// got. It knows nothing of packet identifiers beyond what the standard has a
// client keep.
type ledger struct {
	promised map[string]map[string]int // session -> "payload qos" -> how often
	got      map[string]map[string]int
	holding  map[string]map[uint16]bool // QoS 2 identifiers the client has not seen released
}

func newLedger() *ledger {
	return &ledger{map[string]map[string]int{}, map[string]map[string]int{}, map[string]map[uint16]bool{}}
}

func (l *ledger) key(payload, topic string, qos mqtt.QoS) string {
	return fmt.Sprint(topic, " ", payload, " q", qos)
}

func count(m map[string]map[string]int, id, key string, n int) {
	if m[id] == nil {
		m[id] = make(map[string]int)
	}
	m[id][key] += n
}

func (l *ledger) expect(id string, e refEntry) {
	count(l.promised, id, l.key(e.payload, e.topic, e.qos), 1)
}

func (l *ledger) drop(id string, e refEntry) {
	count(l.promised, id, l.key(e.payload, e.topic, e.qos), -1)
}

func (l *ledger) end(id string) {
	delete(l.promised, id)
	delete(l.got, id)
	delete(l.holding, id)
}

// receive is the client's side of a delivery.
func (l *ledger) receive(id string, d *Delivery) {
	if d.Release {
		delete(l.holding[id], d.PacketID)
		return
	}
	if d.QoS == mqtt.QoS2 {
		if l.holding[id][d.PacketID] {
			return // had it already
		}
		if l.holding[id] == nil {
			l.holding[id] = make(map[uint16]bool)
		}
		l.holding[id][d.PacketID] = true
	}
	count(l.got, id, l.key(string(d.Message.Payload), d.Message.Topic, d.QoS), 1)
}

// forget is for a delivery that ended without a release.
func (l *ledger) forget(id string, packet uint16) { delete(l.holding[id], packet) }

// check compares, once everything has been pulled and acknowledged.
func (l *ledger) check() error {
	for id, keys := range l.promised {
		for key, want := range keys {
			got := l.got[id][key]
			switch key[len(key)-1] {
			case '0', '2':
				if got != want {
					return fmt.Errorf("%s got %q %d times, want %d", id, key, got, want)
				}
			case '1':
				if got < want {
					return fmt.Errorf("%s got %q %d times, want at least %d", id, key, got, want)
				}
			}
		}
	}
	for id, keys := range l.got {
		for key := range keys {
			if l.promised[id][key] == 0 {
				return fmt.Errorf("%s got %q, which it was not promised", id, key)
			}
		}
	}
	return nil
}
