package broker

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"snbroker/internal/mqtt"
)

// Goroutines that connect, take each other over, subscribe, publish, pull and
// close on the same few ClientIDs. Whatever the interleaving, what is left must
// be consistent.
func TestStorm(t *testing.T) {
	l := DefaultLimits()
	l.MaxQueued, l.MaxInflight, l.MaxRetained = 50, 5, 10
	b := New(l)
	var done sync.WaitGroup
	for g := range uint64(8) {
		done.Go(func() { storm(t, b, rand.New(rand.NewPCG(g, 7))) })
	}
	done.Wait()
	wantConsistent(t, b)

	// Everybody goes, and nothing stays.
	for i := range 5 {
		c, _, err := b.Connect(ConnectOptions{ClientID: fmt.Sprint("c", i), CleanStart: true}, new(peer), new(Turn))
		if err != nil {
			t.Fatal(err)
		}
		c.Close(false, new(Turn))
	}
	wantEmptyIndex(t, b.index)
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.sessions) != 0 || len(b.deadlines) != 0 {
		t.Errorf("%d sessions, %d deadlines are left", len(b.sessions), len(b.deadlines))
	}
}

func storm(t *testing.T, b *Broker, r *rand.Rand) {
	var p *peer
	var turn Turn
	buf := make([]Delivery, 0, 16)
	filters := []string{"a", "a/b", "a/#", "+/b", "#", "+"}
	for range 4000 {
		if p == nil || r.IntN(20) == 0 {
			o := ConnectOptions{ClientID: fmt.Sprint("c", r.IntN(5)), CleanStart: r.IntN(3) == 0}
			o.Expiry = []time.Duration{0, 1, time.Millisecond, Never}[r.IntN(4)]
			if r.IntN(2) == 0 {
				o.Will = &Will{Topic: "a/b", Payload: []byte("will"), QoS: 1, Delay: time.Duration(r.IntN(2)) * time.Microsecond}
			}
			p = &peer{t: t}
			c, _, err := b.Connect(o, p, &turn)
			if err != nil {
				t.Error(err)
				return
			}
			p.Conn = c
		}
		switch r.IntN(8) {
		case 0:
			p.Subscribe(filters[r.IntN(len(filters))], SubscribeOptions{QoS: mqtt.QoS(r.IntN(3))})
		case 1:
			p.Unsubscribe(filters[r.IntN(len(filters))])
		case 2, 3, 4:
			p.Publish(&Publication{Topic: []string{"a", "a/b", "c/b"}[r.IntN(3)], Payload: []byte("payload")[:r.IntN(8)],
				QoS: mqtt.QoS(r.IntN(3)), Retain: r.IntN(4) == 0, PacketID: uint16(1 + r.IntN(9))}, &turn)
			p.PubRel(uint16(1 + r.IntN(9)))
		case 5, 6:
			for _, d := range p.Pull(buf, &turn) {
				switch r.IntN(4) {
				case 0:
					p.PubAck(d.PacketID)
				case 1:
					p.PubRec(d.PacketID, r.IntN(4) == 0)
				case 2:
					p.PubRec(d.PacketID, false)
					p.PubComp(d.PacketID)
				}
			}
		case 7:
			if r.IntN(3) == 0 {
				p.Close(r.IntN(2) == 0, &turn)
				p = nil
			}
		}
		if r.IntN(4) == 0 {
			b.End(&turn)
		}
	}
	if p != nil {
		p.Close(true, &turn)
	}
	b.End(&turn)
}

// wantConsistent walks everything that the broker holds.
func wantConsistent(t *testing.T, b *Broker) {
	t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	filters := make(map[*Session]int)
	for id, s := range b.sessions {
		s.mu.Lock()
		if s.id != id || s.ended {
			t.Errorf("session %q is listed as %q, ended %v", s.id, id, s.ended)
		}
		if s.conn == nil && s.expiry == 0 {
			t.Errorf("session %q should have ended", id)
		}
		if s.conn == nil && s.expiry != neverExpires && s.deadline == nil {
			t.Errorf("session %q has no end", id)
		}
		filters[s] = len(s.subs)
		bytes, qos0 := 0, 0
		for i := range s.queue.count {
			e := s.queue.at(i)
			bytes += e.msg.size()
			if e.qos == mqtt.QoS0 {
				qos0++
			}
		}
		if s.queue.bytes != bytes || int(s.queue.qos0) != qos0 {
			t.Errorf("the queue of %q counts %d bytes, %d of QoS 0; it holds %d, %d", id, s.queue.bytes, s.queue.qos0, bytes, qos0)
		}
		if w := s.window; w != nil {
			live, out := 0, 0
			seen := make(map[uint16]bool)
			for i := range w.count {
				e := w.at(i)
				if e.stage == done {
					continue
				}
				live++
				if e.out {
					out++
				}
				if seen[e.id()] || e.id() == 0 {
					t.Errorf("session %q uses identifier %d twice", id, e.id())
				}
				seen[e.id()] = true
			}
			if w.live != live || int(w.out) != out || live > b.limits.Load().MaxInflight {
				t.Errorf("the window of %q counts %d on their way, %d sent; it holds %d, %d", id, w.live, w.out, live, out)
			}
		}
		s.mu.Unlock()
	}
	b.index.mu.RLock()
	defer b.index.mu.RUnlock()
	total := 0
	found := make(map[*Session]int)
	walk := func(filter string, subs *subscribers) {
		if subs == nil {
			return
		}
		if len(subs.list) == 0 {
			t.Errorf("nobody is left at %q", filter)
		}
		for _, n := range subs.list {
			total++
			found[n.session]++
			if b.sessions[n.session.id] != n.session {
				t.Errorf("a session that is gone, %q, is at %q", n.session.id, filter)
				continue
			}
			if _, ok := n.session.findSubscription(filter); !ok {
				t.Errorf("session %q is at %q and does not know it", n.session.id, filter)
			}
		}
	}
	for filter, subs := range b.index.exact {
		walk(filter, subs)
	}
	var descend func(path string, n *node)
	descend = func(path string, n *node) {
		if n != &b.index.root && n.empty() {
			t.Errorf("the trie keeps an empty branch %q", path)
		}
		walk(path[:max(0, len(path)-1)], n.here)
		walk(path+"#", n.below)
		for level, child := range n.children {
			descend(path+level+"/", child)
		}
		if n.plus != nil {
			descend(path+"+/", n.plus)
		}
	}
	descend("", &b.index.root)
	if total != b.index.count {
		t.Errorf("the index counts %d subscriptions and holds %d", b.index.count, total)
	}
	for s, n := range filters {
		if found[s] != n {
			t.Errorf("session %q has %d subscriptions, the index %d", s.id, n, found[s])
		}
	}
	for i, d := range b.deadlines {
		if d.slot != i || d.session.deadline != d || b.sessions[d.session.id] != d.session || d.session.conn != nil {
			t.Errorf("deadline %d of %q is out of place", i, d.session.id)
		}
		if parent := (i - 1) / 2; i > 0 && b.deadlines.Less(i, parent) {
			t.Errorf("deadline %d is before its parent", i)
		}
	}
}

// puller takes whatever comes, on a goroutine of its own.
type puller struct {
	wake chan struct{}
}

func (p *puller) Ready() {
	select {
	case p.wake <- struct{}{}:
	default:
	}
}
func (p *puller) Closed(mqtt.ReasonCode) {}

// Publishers on goroutines of their own, subscribers on theirs: each
// subscriber gets everything of each publisher, once and in order, whatever
// the QoS, with no more to wake it than Ready.
func TestConcurrentOrder(t *testing.T) {
	const publishers, messages = 4, 3000
	l := DefaultLimits()
	l.MaxQueued = publishers * messages * 2
	b := New(l)
	var subscribers, senders sync.WaitGroup
	for qos := range mqtt.QoS(3) {
		p := &puller{wake: make(chan struct{}, 1)}
		var turn Turn
		c, _, err := b.Connect(ConnectOptions{ClientID: fmt.Sprint("s", qos), CleanStart: true}, p, &turn)
		if err != nil {
			t.Fatal(err)
		}
		c.Subscribe("order/+", SubscribeOptions{QoS: qos})
		p.Ready() // the first pull
		subscribers.Go(func() {
			var next [publishers]uint32
			buf := make([]Delivery, 0, 7)
			var turn Turn
			for got := 0; got < publishers*messages; {
				<-p.wake
				for again := true; again; {
					batch := c.Pull(buf, &turn)
					again = len(batch) == cap(buf)
					for _, d := range batch {
						from, n := d.Message.Payload[0], binary.BigEndian.Uint32(d.Message.Payload[1:])
						if n != next[from] || d.Dup {
							t.Errorf("QoS %d: message %d of publisher %d came, want %d", qos, n, from, next[from])
							return
						}
						next[from]++
						got++
						switch qos {
						case mqtt.QoS1:
							again = c.PubAck(d.PacketID) || again
						case mqtt.QoS2:
							again = c.PubRec(d.PacketID, false) && c.PubComp(d.PacketID) || again
						}
					}
				}
			}
		})
	}
	var published atomic.Uint64
	for from := range publishers {
		senders.Go(func() {
			var turn Turn
			c, _, err := b.Connect(ConnectOptions{ClientID: fmt.Sprint("p", from), CleanStart: true}, new(peer), &turn)
			if err != nil {
				t.Error(err)
				return
			}
			payload := make([]byte, 5)
			payload[0] = byte(from)
			for i := range uint32(messages) {
				binary.BigEndian.PutUint32(payload[1:], i)
				c.Publish(&Publication{Topic: fmt.Sprint("order/", from), Payload: payload, QoS: mqtt.QoS2, PacketID: 1}, &turn)
				c.PubRel(1)
				published.Add(1)
				if i%5 == 0 {
					b.End(&turn)
				}
			}
			b.End(&turn)
			c.Close(false, &turn)
			b.End(&turn)
		})
	}
	senders.Wait()
	subscribers.Wait()
	if n := b.Stats().Delivered; n != 3*published.Load() {
		t.Errorf("%d deliveries are counted, want %d", n, 3*published.Load())
	}
	wantConsistent(t, b)
}

// Publishing while subscriptions come and go: a session that stays subscribed
// misses nothing, whatever the cache holds.
func TestPublishWhileSubscriptionsChange(t *testing.T) {
	const messages = 5000
	b := New(DefaultLimits())
	steady := attach(t, b, ConnectOptions{ClientID: "steady"})
	steady.subscribe("a/b", SubscribeOptions{})
	steady.hears()
	var others sync.WaitGroup
	stop := make(chan struct{})
	for i := range 3 {
		others.Go(func() {
			p := &peer{t: t}
			var turn Turn
			c, _, _ := b.Connect(ConnectOptions{ClientID: fmt.Sprint("o", i)}, p, &turn)
			for n := 0; ; n++ {
				select {
				case <-stop:
					c.Close(false, &turn)
					return
				default:
				}
				filter := []string{"a/b", "a/+", "#"}[(n+i)%3]
				c.Subscribe(filter, SubscribeOptions{})
				c.Unsubscribe(filter)
			}
		})
	}
	for range messages {
		publish(b, text("a/b", "x", 0))
	}
	close(stop)
	others.Wait()
	if got := steady.session.queue.len(); got != messages {
		t.Errorf("the steady subscriber has %d messages, want %d", got, messages)
	}
	wantConsistent(t, b)
	// The storm is over: what the cache says now is what the index says.
	if m := b.cache.match(b.index, "a/b"); len(m.targets) != 1 || m.targets[0].session != steady.session {
		t.Errorf("%d sessions at a/b", len(m.targets))
	}
}
