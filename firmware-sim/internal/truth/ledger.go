package truth

import (
	"fmt"
	"hash/maphash"
	"maps"
	"slices"
	"time"
)

// Ledger knows every topic at the broker, and what was found wrong.
type Ledger struct {
	routes   map[string]route
	retained map[string]uint64 // by topic; digest of the last one
	expected map[string]uint64 // by a new subscriber
	counts   [Rules]uint64
	found    []Violation
}

// maxFound is how many violations are kept in full; all are counted.
const maxFound = 200

// route is what arrives under a topic.
type route struct {
	stream *Stream
	will   *Will
	shared *shared
}

// New is a ledger without topics.
func New() *Ledger {
	return &Ledger{routes: make(map[string]route), retained: make(map[string]uint64)}
}

// Add tells of a stream to the broker. If the topic is shared with other
// writers, all of them have to say so.
func (l *Ledger) Add(s *Stream, isShared bool) {
	r := l.routes[s.Topic]
	if isShared {
		if r.shared == nil {
			r.shared = &shared{writers: make(map[uint64]*Stream)}
		}
		s.shared = r.shared
	} else {
		r.stream = s
	}
	l.routes[s.Topic] = r
}

// AddWill tells of a will.
func (l *Ledger) AddWill(w *Will) {
	r := l.routes[w.Topic]
	r.will = w
	l.routes[w.Topic] = r
}

// Knows tells whether a topic is one that was added.
func (l *Ledger) Knows(topic []byte) bool {
	_, ok := l.routes[string(topic)]
	return ok
}

// Arrived judges what a program got from the broker, and finds whose it is;
// nil for a will, and for what nobody sent.
func (l *Ledger) Arrived(now time.Duration, topic, payload []byte) (*Stream, Arrival) {
	r := l.routes[string(topic)]
	d := digest(payload)
	s := r.stream
	if r.shared != nil {
		s = r.shared.writers[d]
	}
	if r.will != nil && r.will.digest == d {
		r.will.arrived(l, now)
		return nil, Arrival{}
	}
	if s == nil {
		l.Report(Violation{Rule: OnlySent, At: now, Device: "nobody", Topic: string(topic),
			Text: fmt.Sprintf("%d octets arrived (%s) that no device sent", len(payload), excerpt(payload))})
		return nil, Arrival{}
	}
	return s, s.arrived(l, now, payload, d)
}

// keep notes what is retained under a topic.
func (l *Ledger) keep(topic string, digest uint64) {
	l.retained[topic] = digest
	delete(l.expected, topic) // what a subscriber gets meanwhile is not known
}

// ExpectRetained is called before a new subscriber comes. It returns the topics
// that something is retained under, sorted. Those whose writer has messages on
// their way are not judged: any of these may be the retained one by then.
func (l *Ledger) ExpectRetained() (topics []string) {
	l.expected = make(map[string]uint64, len(l.retained))
	for topic, d := range l.retained {
		if d == digest(nil) {
			continue
		}
		topics = append(topics, topic)
		if s := l.routes[topic].stream; s == nil || len(s.open) == 0 {
			l.expected[topic] = d
		}
	}
	slices.Sort(topics)
	return topics
}

// IsRetained judges a retained message that the new subscriber got. Of topics
// that had none in this run nothing is known.
func (l *Ledger) IsRetained(now time.Duration, topic, payload []byte) {
	want, ok := l.expected[string(topic)]
	delete(l.expected, string(topic))
	if ok && want != digest(payload) {
		l.Report(Violation{Rule: Retained, At: now, Device: l.writer(string(topic)), Topic: string(topic),
			Text: fmt.Sprintf("a new subscriber got %s, which is not the last one retained", excerpt(payload))})
	}
}

// AllRetained says that the new subscriber got all there is.
func (l *Ledger) AllRetained(now time.Duration) {
	for _, topic := range slices.Sorted(maps.Keys(l.expected)) {
		l.Report(Violation{Rule: Retained, At: now, Device: l.writer(topic), Topic: topic,
			Text: "a new subscriber did not get the retained message"})
	}
	l.expected = nil
}

func (l *Ledger) writer(topic string) string {
	switch r := l.routes[topic]; {
	case r.stream != nil:
		return r.stream.Device
	case r.will != nil:
		return r.will.Device
	}
	return "several devices"
}

// Report notes a violation.
func (l *Ledger) Report(v Violation) {
	l.counts[v.Rule]++
	if len(l.found) < maxFound {
		l.found = append(l.found, v)
	}
}

// Count is how often a rule was broken.
func (l *Ledger) Count(r Rule) uint64 { return l.counts[r] }

// Broken is how often any rule was.
func (l *Ledger) Broken() (n uint64) {
	for _, c := range l.counts {
		n += c
	}
	return n
}

// Found are the first violations.
func (l *Ledger) Found() []Violation { return l.found }

// digest is another one in each process: nothing that is told may depend on it.
func digest(b []byte) uint64 { return maphash.Bytes(seed, b) }

var seed = maphash.MakeSeed()

// excerpt shows the beginning of a payload.
func excerpt(b []byte) string {
	const most = 40
	if len(b) > most {
		return fmt.Sprintf("%q...", b[:most])
	}
	return fmt.Sprintf("%q", b)
}
