package broker

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"snbroker/internal/mqtt"
	"snbroker/internal/store"
)

// Session is what the broker remembers of a client: subscriptions, queue,
// messages on their way, will and expiry. It outlives connections as long as
// its expiry says.
type Session struct {
	id string

	mu       sync.Mutex
	conn     *Conn // nil while nobody is attached
	subs     []subscription
	queue    queue
	window   *window      // nil: nothing is on its way
	replay   *replay      // retained messages still to be queued; nil: none
	received *receivedIDs // QoS 2 ids taken in and not yet released; nil: none
	will     *Will
	kept     Kept      // see Conn.Keep
	deadline *deadline // of a delayed will or of the session's end; nil: none
	snapshot store.LSN // of its last record of all of it; 0: it is not on the disk
	recorded uint32    // octets of that record
	no       uint32    // names it in records; 0: it is not on the disk
	lastSeq  uint32    // of its deliveries, see entry
	expiry   uint32    // seconds after the connection ends; neverExpires, or 0: at once
	dropped  uint32
	pulled   uint8 // since a publisher was last slowed for this session
	armed    bool  // the client is to be told when a message comes
	ended    bool  // nothing may be queued any more
	durable  bool  // its queue is on the disk, too
}

// Never is a session expiry that does not come.
const Never = time.Duration(1<<63 - 1)

// neverExpires is Never as a session has it, in MQTT's own form.
const neverExpires = 1<<32 - 1

// expirySeconds rounds up: a session that is to outlive its connection does.
func expirySeconds(d time.Duration) uint32 {
	if d == Never {
		return neverExpires
	}
	return uint32(min((d+time.Second-1)/time.Second, neverExpires-1))
}

// ID returns the client identifier.
func (s *Session) ID() string { return s.id }

// SubscribeOptions say how a subscription wants its messages (MQTT 5 §3.8.3.1).
type SubscribeOptions struct {
	QoS               mqtt.QoS
	NoLocal           bool
	RetainAsPublished bool
	// RetainHandling: 0 sends retained messages at each SUBSCRIBE, 1 only
	// for a new subscription, 2 never.
	RetainHandling uint8
	// Identifier is handed back with each delivery; 0: none.
	Identifier uint32
}

type subscription struct {
	filter  string
	options SubscribeOptions
}

func cmpFilter(a subscription, filter string) int { return cmp.Compare(a.filter, filter) }

func (s *Session) findSubscription(filter string) (int, bool) {
	return slices.BinarySearchFunc(s.subs, filter, cmpFilter)
}

// enqueue appends e for the session, making room as the limits say, and notes
// in t whom to wake. It reports why nothing was queued, if nothing was.
func (s *Session) enqueue(e entry, b *Broker, t *Turn) {
	l := b.limits.Load()
	s.mu.Lock()
	if s.ended || s.conn == nil && e.qos == mqtt.QoS0 && !l.QueueQoS0Offline {
		s.mu.Unlock()
		return
	}
	if t.memory >= tight && e.qos == mqtt.QoS0 && s.queue.len() > 0 {
		b.dropped(s, DropMemory, e.msg, e.qos, t)
		s.mu.Unlock()
		return
	}
	if full := s.queue.len() >= l.MaxQueued || s.queue.bytes+e.msg.size() > l.MaxQueuedBytes; full && !s.makeRoom(e, b, t) {
		s.mu.Unlock()
		return
	}
	if s.durable && (e.qos != mqtt.QoS0 || s.away() && !t.swamped) {
		s.number(&e)
		t.refer(&e, s.conn == nil)
		t.targets = append(t.targets, recordTarget{no: s.no, seq: e.seq, qos: e.qos, retain: e.retain, ids: e.ids})
	}
	s.queue.push(e)
	t.queued += int64(e.msg.charge)
	t.delivered++
	if l.SlowAt > 0 && s.queue.len() > l.SlowAt && s.pulled >= worthWaiting {
		s.pulled = 0
		t.pause = max(t.pause, l.pause(s.queue.len()))
	}
	c := s.conn
	wake := s.armed
	s.armed = false
	s.mu.Unlock()
	if wake {
		t.wakes = append(t.wakes, c)
	}
}

// away tells whether nobody is there to take a QoS 0 message now: it is kept, so
// it is kept on the disk.
func (s *Session) away() bool { return s.conn == nil || s.conn.resting }

// number gives e the session's next number.
func (s *Session) number(e *entry) {
	if s.lastSeq++; s.lastSeq == 0 {
		s.lastSeq = 1
	}
	e.seq = s.lastSeq
}

// worthWaiting is how many messages a client must have taken for a publisher to
// be slowed once more on its behalf. One that takes few slows nobody.
const worthWaiting = 8

// makeRoom drops until e fits: the oldest QoS 0 first, then as the policy
// says. It reports false when e itself is the one to drop.
func (s *Session) makeRoom(e entry, b *Broker, t *Turn) bool {
	l := b.limits.Load()
	for s.queue.len() > 0 && (s.queue.len() >= l.MaxQueued || s.queue.bytes+e.msg.size() > l.MaxQueuedBytes) {
		i, ok := s.queue.oldestQoS0()
		if !ok {
			if e.qos == mqtt.QoS0 || l.QueuePolicy != DropOldest {
				b.dropped(s, DropQueueFull, e.msg, e.qos, t)
				if e.qos != mqtt.QoS0 && l.QueuePolicy == DropClient && s.conn != nil {
					t.expelled = append(t.expelled, s.conn)
				}
				return false
			}
			i = 0
		}
		gone := s.queue.remove(i)
		t.queued -= int64(gone.msg.charge)
		b.finished(s, &gone)
		b.dropped(s, DropQueueFull, gone.msg, gone.qos, t)
	}
	return true
}
