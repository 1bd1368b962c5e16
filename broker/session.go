package broker

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"snbroker/internal/mqtt"
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
	kept     any           // see Conn.Keep
	expiry   time.Duration // after the connection ends; Never, or 0: at once
	deadline *deadline     // of a delayed will or of the session's end; nil: none
	dropped  uint32
	pulled   uint32 // since a publisher was last slowed for this session
	armed    bool   // the client is to be told when a message comes
	ended    bool   // nothing may be queued any more
}

// Never is a session expiry that does not come.
const Never = time.Duration(1<<63 - 1)

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

func (s *Session) findSubscription(filter string) (int, bool) {
	return slices.BinarySearchFunc(s.subs, filter, func(a subscription, f string) int {
		return cmp.Compare(a.filter, f)
	})
}

// enqueue appends e for the session, making room as the limits say, and notes
// in t whom to wake. It reports why nothing was queued, if nothing was.
func (s *Session) enqueue(e entry, l *Limits, t *Turn) {
	s.mu.Lock()
	if s.ended || s.conn == nil && e.qos == mqtt.QoS0 && !l.QueueQoS0Offline {
		s.mu.Unlock()
		return
	}
	if t.memory >= tight && e.qos == mqtt.QoS0 && s.queue.len() > 0 {
		s.drop(DropMemory, t)
		s.mu.Unlock()
		return
	}
	if full := s.queue.len() >= l.MaxQueued || s.queue.bytes+e.msg.size() > l.MaxQueuedBytes; full && !s.makeRoom(e, l, t) {
		s.mu.Unlock()
		return
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

// worthWaiting is how many messages a client must have taken for a publisher to
// be slowed once more on its behalf. One that takes few slows nobody.
const worthWaiting = 8

// makeRoom drops until e fits: the oldest QoS 0 first, then as the policy
// says. It reports false when e itself is the one to drop.
func (s *Session) makeRoom(e entry, l *Limits, t *Turn) bool {
	for s.queue.len() > 0 && (s.queue.len() >= l.MaxQueued || s.queue.bytes+e.msg.size() > l.MaxQueuedBytes) {
		i, ok := s.queue.oldestQoS0()
		if !ok {
			if e.qos == mqtt.QoS0 || l.QueuePolicy != DropOldest {
				s.drop(DropQueueFull, t)
				if e.qos != mqtt.QoS0 && l.QueuePolicy == DropClient && s.conn != nil {
					t.expelled = append(t.expelled, s.conn)
				}
				return false
			}
			i = 0
		}
		t.queued -= int64(s.queue.remove(i).msg.charge)
		s.drop(DropQueueFull, t)
	}
	return true
}

func (s *Session) drop(why DropReason, t *Turn) {
	s.dropped++
	t.dropped[why]++
}
