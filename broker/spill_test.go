package broker

import (
	"fmt"
	"strings"
	"testing"

	"snbroker/internal/mqtt"
	"snbroker/internal/store"
)

// What waits for sessions that nobody is attached to is on the disk alone when
// memory is short, and comes back whole and in order, also after a restart.
func TestSpill(t *testing.T) {
	d := newDisk(t)
	d.size = 1 << 20
	small := func() {
		l := DefaultLimits()
		l.MaxMemory = 64 << 10
		d.SetLimits(l)
	}
	small()
	forever := ConnectOptions{ClientID: "c", Expiry: Never}
	p := attach(t, d.Broker, forever)
	p.subscribe("a", SubscribeOptions{QoS: 2})
	p.close(false)
	body := strings.Repeat("x", 500)
	const n = 500 // four times what memory may hold
	want := make([]string, n)
	for i := range n {
		m := text("a", fmt.Sprint(body, i), mqtt.QoS(1+i%2))
		m.Forward = []byte("forward")
		if r := publish(d.Broker, m); r.IsError() {
			t.Fatalf("message %d was refused: %v", i, r)
		}
		want[i] = fmt.Sprint(body, i)
	}
	if q := d.QueuedBytes(); q > 64<<10 {
		t.Errorf("the queue holds %d octets of memory", q)
	}
	d.settle()
	p = connect(t, d.Broker, forever)
	spilled := 0
	take := func(from, to int) {
		t.Helper()
		for i := from; i < to; {
			for _, got := range p.pull(min(7, to-i)) {
				if string(got.Message.Payload) != want[i] || string(got.Message.Forward) != "forward" {
					t.Fatalf("message %d came as %.10q... %q", i, got.Message.Payload, got.Message.Forward)
				}
				if i++; got.QoS == 1 {
					p.PubAck(got.PacketID)
				} else {
					p.PubRec(got.PacketID, false)
					p.PubComp(got.PacketID)
				}
			}
		}
	}
	take(0, n/2)
	for i := range p.session.queue.count {
		if p.session.queue.at(i).msg.spilled {
			spilled++
		}
	}
	if spilled == 0 {
		t.Error("nothing was on the disk alone")
	}
	d.settle()
	d.cut()
	small()
	d.Release()
	p = connect(t, d.Broker, forever)
	take(n/2, n)
	d.settle()
	if live := d.log.Stats().Live; live > 500 {
		t.Errorf("%d octets of log are still needed", live)
	}
}

// A message that cannot be read back is counted, and the rest comes.
func TestSpilledAndGone(t *testing.T) {
	d := newDisk(t)
	l := DefaultLimits()
	l.MaxMemory = 4 << 10
	d.SetLimits(l)
	forever := ConnectOptions{ClientID: "c", Expiry: Never}
	p := attach(t, d.Broker, forever)
	p.subscribe("a", SubscribeOptions{QoS: 1})
	p.close(false)
	for i := range 12 {
		publish(d.Broker, text("a", fmt.Sprint(strings.Repeat("x", 400), i), 1))
	}
	d.settle()
	p = connect(t, d.Broker, forever)
	q := &p.session.queue
	for i := range q.count {
		if m := q.at(i).msg; m.spilled {
			m.disk.at.Store(1) // where there is none
			break
		}
	}
	got := 0
	for {
		batch := p.pull(5)
		if len(batch) == 0 {
			break
		}
		for _, m := range batch {
			got++
			p.PubAck(m.PacketID)
		}
	}
	if n := dropped(d.Broker, DropUnreadable); got != 11 || n != 1 {
		t.Errorf("%d came and %d were counted as unreadable", got, n)
	}
}

// moving is a store that moves what is to be read just before, every other time.
type moving struct {
	Store
	b     *Broker
	reads int
}

func (m *moving) Read(at store.LSN, buf []byte) ([]byte, error) {
	raw, err := m.Store.Read(at, buf)
	if m.reads++; err != nil || m.reads%2 == 0 {
		return raw, err
	}
	m.b.Relocate(at, raw)
	return nil, store.ErrGone
}

// What a member of a shared subscription leaves to the others is read back wherever
// it is by then.
func TestSpilledOrphans(t *testing.T) {
	d := newDisk(t)
	l := DefaultLimits()
	l.MaxMemory = 8000
	d.SetLimits(l)
	for _, id := range []string{"a", "b"} {
		p := attach(t, d.Broker, ConnectOptions{ClientID: id, Expiry: Never})
		p.subscribe("$share/g/t", SubscribeOptions{QoS: 1})
		p.close(false)
	}
	const n = 20
	for i := range n {
		if r := publish(d.Broker, text("t", strings.Repeat("x", 500+i), 1)); r.IsError() {
			t.Fatal(r)
		}
	}
	whole := d.store
	d.store = &moving{Store: whole, b: d.Broker}
	connect(t, d.Broker, ConnectOptions{ClientID: "a", CleanStart: true})
	d.store = whole
	if got := connect(t, d.Broker, ConnectOptions{ClientID: "b", Expiry: Never}).session.queue.len(); got != n {
		t.Errorf("%d are left of %d", got, n)
	}
}
