package truth

import (
	"strings"
	"testing"
	"time"
)

const ms = time.Millisecond

// world is a ledger with one stream.
type world struct {
	t *testing.T
	*Ledger
	stream *Stream
	totals Totals
	now    time.Duration
}

func newWorld(t *testing.T, loose bool) *world {
	w := &world{t: t, Ledger: New()}
	w.stream = &Stream{Device: "d1", Topic: "a/b", Totals: &w.totals, Loose: loose}
	w.Add(w.stream, false)
	return w
}

// do runs steps: s2:x sends x at QoS 2, k:x acknowledges it, a:x has it arrive,
// f forgives, b abandons, m loses the reader's memory, e ends.
func (w *world) do(steps string) {
	w.t.Helper()
	for _, step := range strings.Fields(steps) {
		w.now += ms
		what, text, _ := strings.Cut(step, ":")
		token := uint32(0)
		for _, c := range text {
			token = token*256 + uint32(c)
		}
		switch what {
		case "s0", "s1", "s2", "s3":
			w.stream.Sent(w.now, Message{Payload: []byte(text), QoS: what[1] - '0', Token: token})
		case "k":
			w.stream.Settle(token, Taken)
		case "r":
			w.stream.Settle(token, Refused)
		case "a":
			w.Arrived(w.now, []byte("a/b"), []byte(text))
		case "f":
			w.stream.Forgive(0)
		case "b":
			w.stream.Abandon()
		case "m":
			w.stream.Amnesia()
		case "e":
			w.stream.Finish(w.Ledger, w.now)
		default:
			w.t.Fatalf("no step %q", step)
		}
	}
}

func TestStream(t *testing.T) {
	for _, c := range []struct {
		name, steps string
		loose       bool
		want        string // of the violations, "; " between them
		totals      Totals
	}{
		{"taken and there after the judgement", "s1:x e k:x a:x", false, "", Totals{Sent: 1, Arrived: 1}},
		{"forgiven and there after the judgement", "s1:x k:x e f a:x", false, "at least once 1", Totals{Sent: 1, Arrived: 1}},
		{"QoS 1 as it should be", "s1:x a:x k:x s1:y k:y a:y e", false, "", Totals{Sent: 2, Arrived: 2}},
		{"QoS 1 may come again", "s1:x a:x a:x k:x a:x e", false, "", Totals{Sent: 1, Arrived: 1, Duplicates: 2}},
		{"QoS 1 is lost", "s1:x k:x e", false, "at least once 1", Totals{Sent: 1, Lost: 1}},
		{"QoS 1 that nobody took", "s1:x e", false, "", Totals{Sent: 1, Uncertain: 1}},
		{"QoS 1 that nobody took arrives after the end", "s1:x e a:x", false, "", Totals{Sent: 1, Arrived: 1}},
		{"QoS 1 refused", "s1:x r:x e", false, "", Totals{Sent: 1, Refused: 1, Uncertain: 1}},
		{"QoS 2 comes again", "s2:x a:x a:x k:x e", false, "at most once 1", Totals{Sent: 1, Arrived: 1}},
		{"QoS 2 comes again later", "s2:x a:x k:x a:x e", false, "at most once 0", Totals{Sent: 1, Arrived: 1}},
		{"QoS 2 comes again on a loose network", "s2:x a:x a:x k:x e", true, "at most once 1", Totals{Sent: 1, Arrived: 1}},
		{"QoS 2 is lost", "s2:x k:x e", false, "at least once 1", Totals{Sent: 1, Lost: 1}},
		{"QoS 0 may be lost", "s0:x s0:y a:y e", false, "", Totals{Sent: 2, Arrived: 1, Dropped: 1}},
		{"QoS 0 comes again", "s0:x a:x a:x e", false, "at most once 0", Totals{Sent: 1, Arrived: 1}},
		{"QoS 0 comes again on a loose network", "s0:x a:x a:x e", true, "", Totals{Sent: 1, Arrived: 1, Duplicates: 1}},
		{"QoS -1 is lost", "s3:x e", false, "", Totals{Sent: 1, Dropped: 1}},
		{"out of order", "s1:x s1:y a:y a:x k:x k:y e", false, "in order 1", Totals{Sent: 2, Arrived: 2}},
		{"QoS 0 out of order", "s0:x s0:y a:y a:x e", false, "in order 1", Totals{Sent: 2, Arrived: 2}},
		{"QoS 0 out of order on a loose network", "s0:x s0:y a:y a:x e", true, "", Totals{Sent: 2, Arrived: 2, Late: 1}},
		{"order is of first arrivals", "s1:x s1:y a:x a:y a:x k:x k:y e", false, "", Totals{Sent: 2, Arrived: 2, Duplicates: 1}},
		{"out of nothing", "s1:x a:z a:x k:x e", false, "only what was sent 0", Totals{Sent: 1, Arrived: 1}},
		{"forgiven", "s1:x k:x f e", false, "", Totals{Sent: 1, Uncertain: 1}},
		{"abandoned", "s1:x s1:y k:x b e", false, "at least once 1", Totals{Sent: 2, Lost: 1, Uncertain: 1}},
		{"QoS 2 again to a reader without memory", "s2:x k:x a:x m a:x e", false, "", Totals{Sent: 1, Arrived: 1, Duplicates: 1}},
		{"QoS 2 again to one, acknowledged later", "s2:x a:x m k:x a:x e", false, "", Totals{Sent: 1, Arrived: 1, Duplicates: 1}},
		{"QoS 2 again to one that had not got it before", "s2:x m k:x a:x a:x e", false, "at most once 0", Totals{Sent: 1, Arrived: 1}},
		{"equal ones", "s1:x a:x k:x s1:x a:x k:x e", false, "", Totals{Sent: 2, Arrived: 2}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, c.loose)
			w.do(c.steps)
			var got []string
			for _, v := range w.Found() {
				got = append(got, v.Rule.String()+" "+string('0'+rune(v.Message)))
			}
			if s := strings.Join(got, "; "); s != c.want {
				t.Errorf("%q, want %q", s, c.want)
			}
			if w.totals != c.totals {
				t.Errorf("%+v, want %+v", w.totals, c.totals)
			}
		})
	}
}

// A stream that nobody reads does not grow without bounds.
func TestBounds(t *testing.T) {
	w := newWorld(t, false)
	for i := range 3 * maxOpen {
		w.stream.Sent(0, Message{Payload: []byte{byte(i), byte(i >> 8)}, QoS: 1})
	}
	if n := len(w.stream.open); n != maxOpen || w.totals.Uncertain != 2*maxOpen {
		t.Error(n, w.totals)
	}
	for range 3 * maxFound {
		w.Arrived(0, []byte("nobody's"), nil)
	}
	if len(w.Found()) != maxFound || w.Broken() != 3*maxFound {
		t.Error(len(w.Found()), w.Broken())
	}
	r := &shared{writers: make(map[uint64]*Stream)}
	for i := range 3 * maxShared {
		r.add(uint64(i), w.stream)
	}
	if len(r.writers) != maxShared || len(r.order) != maxShared {
		t.Error(len(r.writers), len(r.order))
	}
}

// Several writers under one topic are told apart by what they write.
func TestSharedTopic(t *testing.T) {
	l := New()
	var totals Totals
	a := &Stream{Device: "a", Topic: "tt", Totals: &totals, Owner: 1}
	b := &Stream{Device: "b", Topic: "tt", Totals: &totals, Owner: 2}
	l.Add(a, true)
	l.Add(b, true)
	a.Sent(0, Message{Payload: []byte("a 1"), QoS: QoSMinusOne})
	b.Sent(0, Message{Payload: []byte("b 1"), QoS: QoSMinusOne})
	if s, first := l.Arrived(1, []byte("tt"), []byte("b 1")); s != b || !first.First {
		t.Error("not b's")
	}
	if s, _ := l.Arrived(1, []byte("tt"), []byte("c 1")); s != nil || l.Count(OnlySent) != 1 {
		t.Error("somebody's")
	}
}

func TestRetained(t *testing.T) {
	for _, c := range []struct {
		name, subscriber string
		want             uint64
	}{{"the last", "2", 0}, {"an older", "1", 1}, {"none", "", 1}} {
		w := newWorld(t, false)
		for _, text := range []string{"1", "2"} {
			w.stream.Sent(0, Message{Payload: []byte(text), QoS: 0, Retain: true})
			w.Arrived(0, []byte("a/b"), []byte(text))
		}
		if got := w.ExpectRetained(); len(got) != 1 {
			t.Fatal(got)
		}
		if c.subscriber != "" {
			w.IsRetained(0, []byte("a/b"), []byte(c.subscriber))
		}
		w.IsRetained(0, []byte("another"), []byte("x"))
		w.AllRetained(0)
		if w.Count(Retained) != c.want {
			t.Errorf("%s: %v", c.name, w.Found())
		}
	}
}

func TestWill(t *testing.T) {
	const s = time.Second
	for _, c := range []struct {
		name  string
		lossy bool
		do    func(w *Will, l *Ledger)
		want  string
	}{
		{"is published of a lost device", false, func(w *Will, l *Ledger) { w.Silent(5 * s); w.arrived(l, 12*s); w.Finish(l, 99*s) }, ""},
		{"is not published", false, func(w *Will, l *Ledger) { w.Silent(5 * s); w.Finish(l, 99*s) }, "will due"},
		{"is due later of a gateway that was restarted", false, func(w *Will, l *Ledger) { w.Silent(5 * s); w.Restarted(15 * s); w.Finish(l, 34*s) }, ""},
		{"is due once it had the time", false, func(w *Will, l *Ledger) { w.Silent(5 * s); w.Restarted(15 * s); w.Finish(l, 36*s) }, "will due"},
		{"of one that a restart sent away", false, func(w *Will, l *Ledger) { w.Restarted(s); w.Heard(2*s, 0, false); w.arrived(l, 13*s) }, ""},
		{"of one that a restart sent away just now", false, func(w *Will, l *Ledger) { w.Restarted(s); w.Heard(2*s, 0, false); w.arrived(l, 3*s) }, "will not due"},
		{"of one that is well after a restart", false, func(w *Will, l *Ledger) { w.Restarted(s); w.Heard(2*s, 10*s, true); w.arrived(l, 3*s) }, "will not due"},
		{"may still come", false, func(w *Will, l *Ledger) { w.Silent(5 * s); w.Finish(l, 15*s) }, ""},
		{"is published of a device that is well", false, func(w *Will, l *Ledger) { w.arrived(l, 5*s) }, "will not due"},
		{"of one that has been silent", false, func(w *Will, l *Ledger) { w.arrived(l, 11*s) }, ""},
		{"of one behind a lossy radio", true, func(w *Will, l *Ledger) { w.arrived(l, 5*s) }, ""},
		{"of one that said goodbye", false, func(w *Will, l *Ledger) { w.Left(); w.arrived(l, 50*s) }, "will not due"},
		{"of one behind a lossy radio that said goodbye", true, func(w *Will, l *Ledger) { w.Left(); w.arrived(l, 50*s) }, "will not due"},
		{"of one that connects anew", false, func(w *Will, l *Ledger) { w.Returned(l, 4*s); w.arrived(l, 5*s); w.arrived(l, 6*s) }, "will not due"},
		{"not of one that comes back in time", false, func(w *Will, l *Ledger) { w.Silent(5 * s); w.Returned(l, 9*s); w.Finish(l, 99*s) }, ""},
		{"but of one that comes back too late", false, func(w *Will, l *Ledger) { w.Silent(5 * s); w.Returned(l, 60*s) }, "will due"},
		{"not twice", false, func(w *Will, l *Ledger) { w.arrived(l, 11*s); w.Silent(12 * s); w.Finish(l, 99*s) }, ""},
	} {
		l := New()
		w := NewWill("d1", "w", []byte("bye"), true, &WillTotals{})
		w.Lossy = c.lossy
		w.Heard(0, 10*s, true)
		c.do(w, l)
		got := ""
		for _, v := range l.Found() {
			got = v.Rule.String()
		}
		if got != c.want {
			t.Errorf("a will %s: %q, want %q", c.name, got, c.want)
		}
	}
}

// A violation names device, message, topic and rule.
func TestViolationText(t *testing.T) {
	v := Violation{Rule: AtLeastOnce, At: 12345 * ms, Device: "d1", Topic: "a/b", Message: 7, Text: "is gone"}
	if got, want := v.String(), "d1, message 7 on a/b: is gone (at least once, at 12.3s)"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	for r := range Rules {
		if r.String() == "" || !strings.HasPrefix(r.Why(), "MQTT") {
			t.Error(r)
		}
	}
}
