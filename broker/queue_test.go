package broker

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"snbroker/internal/mqtt"
)

func TestRingAgainstSlice(t *testing.T) {
	for seed := range uint64(50) {
		r := rand.New(rand.NewPCG(seed, 2))
		var ring ring
		var want []uint16
		for step := range 2000 {
			switch grow := r.IntN(100) < 40+20*int(seed%3); {
			case grow:
				ring.push(entry{seq: uint32(step + 1)})
				want = append(want, packetID(uint32(step+1)))
			case len(want) == 0:
				ring.trim()
				if ring.buf != nil {
					t.Fatalf("seed %d: an empty ring kept its storage", seed)
				}
			case r.IntN(2) == 0:
				if got := popped(ring.pop()); got != want[0] {
					t.Fatalf("seed %d: pop gave %d, want %d", seed, got, want[0])
				}
				want = want[1:]
			default:
				i := r.IntN(len(want))
				if got := popped(ring.remove(uint32(i))); got != want[i] {
					t.Fatalf("seed %d: remove(%d) gave %d, want %d", seed, i, got, want[i])
				}
				want = slices.Delete(want, i, i+1)
			}
			if got := ringIDs(&ring); !slices.Equal(got, want) {
				t.Fatalf("seed %d, step %d: the ring holds %v, want %v", seed, step, got, want)
			}
		}
	}
}

func popped(e entry) uint16 { return e.id() }

func ringIDs(r *ring) []uint16 {
	var ids []uint16
	for i := range r.count {
		ids = append(ids, r.at(i).id())
	}
	return ids
}

func TestQueueAgainstSlice(t *testing.T) {
	for seed := range uint64(50) {
		r := rand.New(rand.NewPCG(seed, 3))
		var q queue
		var want []*Message
		for range 2000 {
			if grow := r.IntN(100) < 40+15*int(seed%3); grow {
				m := &Message{Topic: "t", Payload: make([]byte, r.IntN(50)), QoS: mqtt.QoS(r.IntN(3))}
				q.push(entry{msg: m, qos: m.QoS})
				want = append(want, m)
			} else if i, ok := q.oldestQoS0(); ok && r.IntN(2) == 0 {
				if first := slices.IndexFunc(want, func(m *Message) bool { return m.QoS == mqtt.QoS0 }); first != int(i) {
					t.Fatalf("seed %d: the oldest QoS 0 is %d, want %d", seed, i, first)
				}
				q.remove(i)
				want = slices.Delete(want, int(i), int(i)+1)
			} else if len(want) > 0 {
				if q.front().msg != want[0] || q.pop().msg != want[0] {
					t.Fatalf("seed %d: not the oldest came out", seed)
				}
				want = want[1:]
			} else if q.front() != nil {
				t.Fatalf("seed %d: an empty queue has a front", seed)
			}
			bytes, qos0 := 0, 0
			for i, m := range want {
				if q.at(uint32(i)).msg != m {
					t.Fatalf("seed %d: wrong entry at %d", seed, i)
				}
				bytes += m.size()
				if m.QoS == mqtt.QoS0 {
					qos0++
				}
			}
			if q.len() != len(want) || q.bytes != bytes || int(q.qos0) != qos0 {
				t.Fatalf("seed %d: %d entries, %d bytes, %d of QoS 0; want %d, %d, %d", seed, q.len(), q.bytes, q.qos0, len(want), bytes, qos0)
			}
			if _, ok := q.oldestQoS0(); ok != (qos0 > 0) {
				t.Fatalf("seed %d: oldestQoS0 says %v with %d of them", seed, ok, qos0)
			}
		}
	}
}

// A queue keeps the storage that traffic needs and gives back what one burst
// did.
func TestQueueStorage(t *testing.T) {
	var q queue
	m := &Message{Topic: "t"}
	for range 1000 {
		q.push(entry{msg: m})
	}
	for q.len() > 0 {
		q.pop()
	}
	if len(q.buf) < 1000 {
		t.Errorf("a burst that filled the ring left %d slots", len(q.buf))
	}
	for range 20 { // a quiet time
		q.push(entry{msg: m})
		q.pop()
	}
	if len(q.buf) > keepRing {
		t.Errorf("a quiet queue keeps %d slots, want at most %d", len(q.buf), keepRing)
	}
}

// model of a window: what is unfinished, in order.
type flight struct {
	id    uint16
	qos   mqtt.QoS
	stage stage
	fresh bool // sent by this connection
}

// Random acknowledgements in any order, resends, and wraps of the identifier,
// against a slice. Some entries stay unfinished over several wraps.
func TestWindowAgainstSlice(t *testing.T) {
	for seed := range uint64(24) {
		if *seedFlag != 0 && seed != *seedFlag {
			continue
		}
		r := rand.New(rand.NewPCG(seed, 4))
		w := &window{lastID: uint16(r.Uint32())}
		var want []flight
		limit := 1 + r.IntN(40)
		last := w.lastID
		used := func(id uint16) bool {
			return slices.ContainsFunc(want, func(f flight) bool { return f.id == id })
		}
		steps := 3000
		if seed == 0 {
			steps = 150_000 // whole wraps
		}
		for step := range steps {
			fail := func(format string, args ...any) {
				t.Helper()
				t.Fatalf("seed %d, step %d: %s", seed, step, fmt.Sprintf(format, args...))
			}
			switch op := r.IntN(100); {
			case op < 55 && len(want) < limit && !slices.ContainsFunc(want, func(f flight) bool { return !f.fresh }):
				for last++; last == 0 || used(last); last++ {
				}
				f := flight{id: last, qos: mqtt.QoS1, stage: sent, fresh: true}
				e := w.add(entry{msg: &Message{}, qos: f.qos})
				if e.id() != f.id {
					fail("the next identifier is %d, want %d; in use %v", e.id(), f.id, want)
				}
				want = append(want, f)
			case op < 95 && len(want) > 0:
				i := len(want) - 1 - r.IntN(min(len(want), 1+len(want)*3/4)) // the oldest are slow
				if e := w.find(want[i].id); e == nil || e.id() != want[i].id {
					fail("%d is not found", want[i].id)
				} else {
					w.finish(e)
				}
				want = slices.Delete(want, i, i+1)
			case op == 95:
				w.restart()
				for i := range want {
					want[i].fresh = false
				}
			case op == 96 && len(want) > 0:
				i := r.IntN(len(want))
				w.find(want[i].id).stage = released
				want[i].stage = released
			default:
				e := w.nextResend(limit)
				i := slices.IndexFunc(want, func(f flight) bool { return !f.fresh })
				switch {
				case i < 0 && e != nil:
					fail("%d is sent again for nothing", e.id())
				case i >= 0 && (e == nil || e.id() != want[i].id || e.stage != want[i].stage):
					fail("the next to send again is %+v, want %+v", e, want[i])
				case i >= 0:
					want[i].fresh = true
				}
			}
			if w.inFlight() != len(want) {
				fail("%d in flight, want %d", w.inFlight(), len(want))
			}
			if id := uint16(r.Uint32()); !used(id) && w.find(id) != nil {
				fail("%d is found, but is not on its way", id)
			}
			if int(w.count) > 4*limit+64 {
				fail("%d entries are kept for %d unfinished", w.count, len(want))
			}
		}
	}
}

// One delivery that is never acknowledged keeps its identifier for itself, and
// those behind it do not pile up, however often the identifiers wrap.
func TestWindowWithOneStuck(t *testing.T) {
	var w window
	stuck := w.add(entry{msg: &Message{}, qos: mqtt.QoS1}).id()
	second := uint16(0)
	for i := range 3 * 65_535 {
		e := w.add(entry{msg: &Message{}, qos: mqtt.QoS1})
		if e.id() == stuck || e.id() == second || e.id() == 0 {
			t.Fatalf("message %d got identifier %d, which is in use", i, e.id())
		}
		if i == 100 {
			second = e.id() // another, with a gap in between
			continue
		}
		w.finish(e)
		if w.count > 128 {
			t.Fatalf("%d entries are kept for 2 unfinished", w.count)
		}
	}
	if w.inFlight() != 2 || w.find(stuck) == nil || w.find(second) == nil {
		t.Fatalf("%d in flight", w.inFlight())
	}
}

func TestWindowIDsWrap(t *testing.T) {
	w := window{lastID: 65_533}
	var got []uint16
	for range 4 {
		got = append(got, w.add(entry{msg: &Message{}, qos: mqtt.QoS2}).id())
	}
	if want := []uint16{65_534, 65_535, 1, 2}; !slices.Equal(got, want) {
		t.Fatalf("identifiers %v, want %v", got, want)
	}
	for _, id := range []uint16{1, 65_535, 2} {
		w.finish(w.find(id))
		if w.find(id) != nil {
			t.Fatalf("%d is still on its way", id)
		}
	}
	w.restart()
	if e := w.nextResend(1); e == nil || e.id() != 65_534 {
		t.Fatalf("to be sent again: %+v", e)
	}
	w.finish(w.find(65_534))
	if w.count != 0 {
		t.Fatalf("%d entries are left", w.count)
	}
}

// What a smaller Receive Maximum holds back goes as acknowledgements come.
func TestWindowResendsWithinTheLimit(t *testing.T) {
	var w window
	for range 5 {
		w.add(entry{msg: &Message{}, qos: mqtt.QoS2})
	}
	w.find(3).stage = released
	w.restart()
	var order []uint16
	take := func(want ...uint16) {
		t.Helper()
		order = order[:0]
		for e := w.nextResend(2); e != nil; e = w.nextResend(2) {
			order = append(order, e.id())
		}
		if !slices.Equal(order, want) {
			t.Fatalf("sent again: %v, want %v", order, want)
		}
	}
	take(1, 2, 3) // a PUBREL is no PUBLISH
	w.finish(w.find(3))
	take() // two are still out
	w.finish(w.find(5))
	take() // acknowledged without having been sent again: makes no room
	w.finish(w.find(1))
	take(4)
	w.finish(w.find(2))
	w.finish(w.find(4))
	if w.count != 0 || w.inFlight() != 0 {
		t.Fatalf("%d entries are left", w.count)
	}
}

// Without a window there is nothing to find or to send.
func TestNoWindow(t *testing.T) {
	var w *window
	w.restart()
	if w.find(1) != nil || w.nextResend(1) != nil || w.inFlight() != 0 {
		t.Fatal("an absent window holds something")
	}
}
