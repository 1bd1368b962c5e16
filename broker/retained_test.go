package broker

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"snbroker/internal/mqtt"
)

func TestRetained(t *testing.T) {
	l := DefaultLimits()
	l.MaxRetained = 2
	b := New(l)
	publish(b, kept("a", "1", 1))
	publish(b, kept("a", "2", 1))
	publish(b, kept("a/b", "3", 2))
	if r := publish(b, kept("c", "4", 0)); r != mqtt.ReasonQuotaExceeded {
		t.Errorf("a retained message too many: %v", r)
	}
	publish(b, kept("a/b", "5", 2)) // replaces
	p := attach(t, b, ConnectOptions{ClientID: "c"})
	p.subscribe("a/#", SubscribeOptions{QoS: 1, Identifier: 7})
	p.hears("a=2 q1 #1 retain ids[7]", "a/b=5 q1 #2 retain ids[7]")
	p.subscribe("a/b", SubscribeOptions{})
	p.hears("a/b=5 q0 retain")
	p.Unsubscribe("a/b")
	publish(b, kept("a", "", 0)) // clears, and is delivered as any other
	p.hears("a= q0 ids[7]")
	publish(b, kept("c", "6", 0)) // room again
	p.subscribe("#", SubscribeOptions{})
	p.hears("a/b=5 q0 retain", "c=6 q0 retain")
	if n := b.Stats(); n.Retained != 2 || n.Delivered != 6 {
		t.Errorf("%d retained, %d delivered; want 2, 6", n.Retained, n.Delivered)
	}
}

func TestRetainHandling(t *testing.T) {
	b := New(DefaultLimits())
	publish(b, kept("a", "x", 0))
	for handling, want := range [][2]bool{{true, true}, {true, false}, {false, false}} {
		p := attach(t, b, ConnectOptions{ClientID: "c", CleanStart: true})
		for i, comes := range want {
			p.subscribe("a", SubscribeOptions{RetainHandling: uint8(handling)})
			if comes {
				p.hears("a=x q0 retain")
			} else {
				p.hears()
			}
			if t.Failed() {
				t.Fatalf("retain handling %d, subscription %d", handling, i+1)
			}
		}
	}
}

// No-local holds for retained messages too.
func TestRetainedNoLocal(t *testing.T) {
	b := New(DefaultLimits())
	p := attach(t, b, ConnectOptions{ClientID: "c"})
	p.publish(kept("a/own", "x", 0))
	publish(b, kept("a/other", "y", 0))
	p.subscribe("a/+", SubscribeOptions{NoLocal: true})
	p.hears("a/other=y q0 retain")
	p.subscribe("a/own", SubscribeOptions{NoLocal: true})
	p.hears()
	p.subscribe("a/own", SubscribeOptions{})
	p.hears("a/own=x q0 retain")
}

func TestRetainedExpiry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := New(DefaultLimits())
		m := kept("a", "short", 0)
		m.Expiry = time.Second
		publish(b, m)
		publish(b, kept("b", "long", 0))
		p := attach(t, b, ConnectOptions{ClientID: "c"})
		time.Sleep(time.Second - 1)
		p.subscribe("#", SubscribeOptions{})
		p.hears("a=short q0 retain", "b=long q0 retain")
		time.Sleep(1)
		p.subscribe("#", SubscribeOptions{})
		p.hears("b=long q0 retain")
		p.subscribe("a", SubscribeOptions{})
		p.hears()
	})
}

// A replay in chunks while topics come and go in between: what stays all the
// time is seen exactly once, what was never there is not seen, nothing twice,
// and all in order.
func TestReplayWithChangesInBetween(t *testing.T) {
	for seed := range uint64(60) {
		if *seedFlag != 0 && seed != *seedFlag {
			continue
		}
		r := rand.New(rand.NewPCG(seed, 5))
		store := retained{max: 1 << 20}
		topic := func() string {
			name := fmt.Sprintf("%c/%d", "abc$"[r.IntN(4)], r.IntN(800))
			if r.IntN(8) == 0 {
				name = name[:1]
			}
			return name
		}
		now := make(map[string]bool)
		change := func() string {
			m := &Message{Topic: topic(), Payload: []byte("x")}
			if r.IntN(3) == 0 {
				m.Payload = nil
			}
			store.put(m)
			if now[m.Topic] = m.Payload != nil; !now[m.Topic] {
				delete(now, m.Topic)
			}
			return m.Topic
		}
		for range 3000 {
			change()
		}
		filter := []string{"#", "a/#", "+/+", "a/+", "b/7", "b", "+", "$/#", "a/5", "c/+/#"}[r.IntN(10)]
		before := maps.Clone(now)
		touched := make(map[string]bool)
		var got []string
		p := &replay{filter: filter}
		for calls := 0; ; calls++ {
			out, more := store.next(p, nil)
			if len(out) > replayChunk {
				t.Fatalf("seed %d: %d messages in one chunk", seed, len(out))
			}
			for _, e := range out {
				got = append(got, e.msg.Topic)
			}
			if !more {
				break
			}
			if calls > 100 {
				t.Fatalf("seed %d: no end", seed)
			}
			for range r.IntN(300) {
				touched[change()] = true
			}
		}
		for i := 1; i < len(got); i++ {
			if got[i] <= got[i-1] {
				t.Fatalf("seed %d: %q came after %q", seed, got[i], got[i-1])
			}
		}
		for topic := range before {
			if !touched[topic] && fits(filter, topic) != slices.Contains(got, topic) {
				t.Fatalf("seed %d: %q under %q: came %v", seed, topic, filter, !fits(filter, topic))
			}
		}
		for _, topic := range got {
			if !fits(filter, topic) || !before[topic] && !touched[topic] {
				t.Fatalf("seed %d: %q came for %q", seed, topic, filter)
			}
		}
		if store.count() != len(now) {
			t.Fatalf("seed %d: %d are counted, want %d", seed, store.count(), len(now))
		}
	}
}

// A subscription to more than a chunk gets all of it, and live messages come
// in between.
func TestLongReplay(t *testing.T) {
	b := New(DefaultLimits())
	const n = 5*replayChunk + 17
	for i := range n {
		publish(b, kept(fmt.Sprintf("r/%06d", i), "x", 0))
	}
	p := attach(t, b, ConnectOptions{ClientID: "c"})
	p.subscribe("r/+", SubscribeOptions{})
	p.subscribe("live", SubscribeOptions{})
	p.subscribe("r/000001", SubscribeOptions{Identifier: 9}) // waits for its turn
	var got, live int
	for {
		publish(b, text("live", "x", 0))
		batch := p.pull(64)
		for _, d := range batch {
			switch {
			case d.Message.Topic == "live":
				live++
			case d.SubscriptionIDs != nil:
				if got != n {
					t.Fatalf("the second subscription's came after %d of the first's", got)
				}
				got++
			default:
				if want := fmt.Sprintf("r/%06d", got); d.Message.Topic != want || !d.Retain {
					t.Fatalf("%s came, want %s", describe(&d), want)
				}
				got++
			}
		}
		if len(batch) < 64 {
			break
		}
	}
	if got != n+1 || live == 0 {
		t.Fatalf("%d retained and %d live messages, want %d and some", got, live, n+1)
	}
}

// UNSUBSCRIBE ends an unfinished replay, and SUBSCRIBE begins it anew: however
// often a client subscribes without reading, no more is kept than it has
// subscriptions.
func TestReplayEndsWithItsSubscription(t *testing.T) {
	b := New(DefaultLimits())
	const n = 3 * replayChunk
	for i := range n {
		publish(b, kept(fmt.Sprintf("r/%06d", i), "x", 0))
	}
	p := attach(t, b, ConnectOptions{ClientID: "c"})
	for range 1000 {
		p.subscribe("r/+", SubscribeOptions{})
		p.subscribe("r/000001", SubscribeOptions{})
	}
	kept := 0
	for r := p.session.replay; r != nil; r = r.then {
		kept++
	}
	if kept != 2 {
		t.Errorf("%d replays are kept for 2 subscriptions", kept)
	}
	got := p.pull(replayChunk / 2)
	p.Unsubscribe("r/+")
	p.Unsubscribe("r/000001")
	for batch := got; len(batch) > 0; got = append(got, batch...) {
		batch = p.pull(64)
	}
	if len(got) < replayChunk || len(got) >= 2*replayChunk {
		t.Errorf("%d messages came, want the chunk that was queued", len(got))
	}
}

func FuzzMatches(f *testing.F) {
	for _, c := range fitting {
		for _, topic := range append(slices.Clone(c.yes), c.no...) {
			f.Add(c.filter, topic)
		}
	}
	f.Fuzz(func(t *testing.T, filter, topic string) {
		if !mqtt.ValidTopicFilter(filter) || !mqtt.ValidTopicName(topic) {
			return // not a pair that can occur
		}
		want := fits(filter, topic)
		if got := matchesRetained(filter, topic); got != want {
			t.Errorf("retained messages have %q fit %q: %v", filter, topic, got)
		}
		if hasWildcard(filter) && want && !strings.HasPrefix(topic, literalPrefix(filter)) {
			t.Errorf("%q fits %q, but does not begin with %q", filter, topic, literalPrefix(filter))
		}
		x := newIndex()
		s := &Session{}
		x.subscribe(filter, target{session: s})
		if got, _ := x.match(topic); (len(got) == 1) != want {
			t.Errorf("the index has %q fit %q: %v", filter, topic, !want)
		}
		store := retained{max: 1}
		store.put(&Message{Topic: topic, Payload: []byte("x")})
		if got, more := store.next(&replay{filter: filter}, nil); (len(got) == 1) != want || more {
			t.Errorf("a replay of %q has %d of %q, more %v", filter, len(got), topic, more)
		}
		x.unsubscribe(filter, s)
		wantEmptyIndex(t, x)
	})
}

// A retained message that is published while somebody subscribes reaches him, at
// once or from what is retained, and once.
func TestSubscribeWhileRetained(t *testing.T) {
	b := New(DefaultLimits())
	for i := range 300 { // that the message is on its way for a while
		attach(t, b, ConnectOptions{ClientID: fmt.Sprint("c", i)}).subscribe("t/#", SubscribeOptions{QoS: 1})
	}
	s := attach(t, b, ConnectOptions{ClientID: "s"})
	for i := range 300 {
		topic := fmt.Sprint("t/", i)
		begun, done := make(chan struct{}), make(chan struct{})
		go func() {
			defer close(done)
			close(begun)
			publish(b, kept(topic, "x", 1))
		}()
		<-begun
		s.subscribe(topic, SubscribeOptions{})
		got := s.pull(9)
		<-done
		if got = append(got, s.pull(9)...); len(got) != 1 {
			t.Fatalf("%s came %d times", topic, len(got))
		}
	}
}

// What was retained long ago is older than a subscription, however much was retained
// since.
func TestRetainedLongAgo(t *testing.T) {
	b := New(DefaultLimits())
	publish(b, kept("a", "x", 1))
	b.retained.order.Add(1<<31 + 10)
	s := attach(t, b, ConnectOptions{ClientID: "s"})
	s.subscribe("#", SubscribeOptions{})
	s.hears("a=x q0 retain")
}
