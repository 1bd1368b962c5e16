package crash

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
)

// stream is what one publisher sends to one topic: messages 1, 2, 3 and so on,
// each begun after the one before and sent until it is acknowledged. The world's
// lock guards its counts.
type stream struct {
	topic  string
	kept   bool // its messages are retained
	begun  int  // the newest that was sent
	acked  int  // the newest that was acknowledged
	orders []int
}

// qos of the message with this number, 1 or 2. A stream of retained messages has
// one of them: if a message at QoS 1 and a later one at QoS 2 are both sent again,
// the first is published anew and the second is known, and the first stays.
func (s *stream) qos(n int) byte {
	if s.kept {
		return 1 + s.topic[len(s.topic)-1]%2
	}
	return 1 + byte((n*7+len(s.topic))%3)/2
}

// clears tells whether this message has no payload, which deletes what is
// retained.
func (s *stream) clears(n int) bool { return s.kept && n%7 == 0 }

// payload tells all about the message; some are longer, so that they fill segments.
func (s *stream) payload(n int) []byte {
	if s.clears(n) {
		return nil
	}
	size := 10 + n*37%200
	if n%23 == 0 {
		size = 3000
	}
	return fmt.Appendf(nil, "%s %d %s", s.topic, n, strings.Repeat("x", size))
}

// parse returns the number of a message of s.
func (s *stream) parse(payload []byte) (int, error) {
	fields := bytes.SplitN(payload, []byte(" "), 3)
	if len(fields) != 3 {
		return 0, fmt.Errorf("a payload that nobody sent: %.60q", payload)
	}
	if string(fields[0]) != s.topic {
		return 0, fmt.Errorf("a message to %s", fields[0])
	}
	n, err := strconv.Atoi(string(fields[1]))
	if err != nil || !bytes.Equal(payload, s.payload(n)) {
		return 0, fmt.Errorf("a payload that nobody sent: %.60q", payload)
	}
	return n, nil
}

// begin gives out the next message's number.
func (w *world) begin(s *stream) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	s.begun++
	w.order++
	w.counts.sent++
	s.orders = append(s.orders, w.order)
	return s.begun
}

// acknowledged notes that the program has taken a message over. All that it wrote
// before this one was begun is on the disk by then.
func (w *world) acknowledged(s *stream, n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.counts.acked++
	s.acked = max(s.acked, n)
	w.wills.flushed(s.orders[n-1])
}

// arrival is a PUBLISH from the program.
type arrival struct {
	topic   string
	payload []byte
	qos     byte
	retain  bool
}

// audience is what a subscriber has to get, and has got. The world's lock guards
// it, and the subscriber alone calls it.
type audience struct {
	w       *world
	name    string
	filters []string
	granted byte
	// next is the number that each stream goes on with. It is negated until that
	// one comes: before it there may be some that were begun before SUBACK.
	next  map[*stream]int
	ready bool // subscribed: from here on nothing may be missed
	wills map[string]int
}

func newAudience(w *world, name string, granted byte, filters ...string) *audience {
	return &audience{w: w, name: name, granted: granted, filters: filters, next: make(map[*stream]int), wills: make(map[string]int)}
}

// matches is enough for the filters that are used here.
func matches(filter, topic string) bool {
	if prefix, ok := strings.CutSuffix(filter, "#"); ok {
		return strings.HasPrefix(topic, prefix)
	}
	return filter == topic
}

func (a *audience) wants(topic string) bool {
	for _, f := range a.filters {
		if matches(f, topic) {
			return true
		}
	}
	return false
}

// subscribed begins what must arrive: all that is begun from here on.
func (a *audience) subscribed() {
	a.w.mu.Lock()
	defer a.w.mu.Unlock()
	if a.ready {
		return
	}
	a.ready = true
	for _, s := range a.w.streams {
		if a.wants(s.topic) {
			a.next[s] = -(s.begun + 1)
		}
	}
}

// complete tells whether all has arrived; if not, what is missing.
func (a *audience) complete() (missing string) {
	if !a.ready {
		return a.name + " has not subscribed"
	}
	for s, next := range a.next {
		if next < 0 {
			next = -next
		}
		if next <= s.begun {
			return fmt.Sprintf("%s: message %d of %s (%d were sent, %d acknowledged)", a.name, next, s.topic, s.begun, s.acked)
		}
	}
	return ""
}

// arrived judges a message. A QoS 1 message may come again after a crash; beyond
// that a stream arrives whole and in order.
func (a *audience) arrived(m arrival) {
	w := a.w
	w.mu.Lock()
	defer w.mu.Unlock()
	w.counts.arrived++
	if client, ok := strings.CutPrefix(m.topic, "will/"); ok {
		key := client + " " + string(m.payload)
		if a.wills[key]++; a.wills[key] > 1 {
			w.breach(a.name, key, "a will comes once")
		}
		return
	}
	s := w.streams[m.topic]
	if s == nil || !a.wants(m.topic) {
		w.breach(a.name, m.topic, "nothing arrives that was not subscribed to")
		return
	}
	next := a.next[s]
	var n int
	if s.kept && len(m.payload) == 0 {
		// It does not tell its number: the one that is due, or an earlier one
		// again. If one is missing, the next message shows it.
		if n = max(next, -next); n == 0 || !s.clears(n) || n > s.begun {
			return
		}
	} else {
		var err error
		if n, err = s.parse(m.payload); err != nil {
			w.breach(a.name, m.topic, "a message arrives on its topic as it was sent: "+err.Error())
			return
		}
	}
	what := fmt.Sprintf("message %d of %s, QoS %d", n, s.topic, m.qos)
	switch qos := min(s.qos(n), a.granted); {
	case n > s.begun:
		w.breach(a.name, what, "nothing arrives before it is sent")
	case m.qos != qos:
		w.breach(a.name, what, fmt.Sprintf("it arrives at QoS %d", qos))
	case !a.ready: // SUBACK has not come
	case next < 0 && n == -next: // the first after it
		a.next[s] = n + 1
	case next < 0 && n < -next: // begun before it came, or sent again since
	case n == next:
		a.next[s]++
	case n < next && qos == 2 && !m.retain:
		w.breach(a.name, what, fmt.Sprintf("QoS 2 arrives once, and message %d was there already", next-1))
	case n < next:
		w.counts.again++
	default:
		next = max(next, -next)
		w.breach(a.name, what, fmt.Sprintf("nothing acknowledged is lost or overtaken, and message %d is missing (%d are acknowledged)", next, s.acked))
	}
}
