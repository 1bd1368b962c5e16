package broker

import (
	"errors"
	"fmt"
	"runtime"
	"testing"

	"snbroker/internal/store"
)

// failing is a store whose disk takes nothing.
type failing struct {
	Store
	since store.LSN
}

func (f failing) Err() error         { return errors.New("no disk") }
func (f failing) Durable() store.LSN { return f.since }

// While the disk fails what is kept for it in memory is bounded: what comes at
// QoS 0 goes its way without it, and clients that come again and again are
// refused.
func TestFailingDiskIsNotWaitedForWithoutEnd(t *testing.T) {
	d := newDisk(t)
	l := DefaultLimits()
	l.QueueQoS0Offline, l.MaxQueued = true, 10
	d.SetLimits(l)
	forever := ConnectOptions{ClientID: "c", Expiry: Never}
	p := attach(t, d.Broker, forever)
	p.subscribe("#", SubscribeOptions{})
	p.close(false)
	d.settle()
	whole := d.store
	d.store = failing{whole, whole.End()}
	s := connect(t, d.Broker, ConnectOptions{ClientID: "s"})
	body := string(make([]byte, 1000))
	const many = 2 * maxBacklog / 1000
	for i := range many {
		s.publish(text("a", fmt.Sprint(i, body), 0))
		s.publish(retain("b", fmt.Sprint(i, body)))
	}
	if n := whole.End() - d.store.Durable(); n > maxBacklog+maxBacklog/10 {
		t.Errorf("%d octets wait", n)
	}
	for _, o := range []ConnectOptions{forever, {ClientID: "w", Will: &Will{Topic: "will"}}} {
		var turn Turn
		if _, _, err := d.Connect(o, new(peer), &turn); !errors.Is(err, ErrStore) {
			t.Errorf("%s: %v", o.ClientID, err)
		}
	}
	r := connect(t, d.Broker, ConnectOptions{ClientID: "r"})
	r.subscribe("b", SubscribeOptions{})
	r.hears(fmt.Sprint("b=", many-1, body, " q0 retain"))
	d.store = whole
	connect(t, d.Broker, forever)
}

// takenOver is a store during whose failure another connection takes a session.
type takenOver struct {
	Store
	fails func() error
}

func (s takenOver) Err() error { return s.fails() }

// A publish at QoS 2 that is refused while another connection takes the session over
// leaves no identifier behind: what that one sends again is taken in.
func TestRefusedAndTakenOver(t *testing.T) {
	d := newDisk(t)
	s := attach(t, d.Broker, ConnectOptions{ClientID: "s"})
	s.subscribe("a", SubscribeOptions{})
	forever := ConnectOptions{ClientID: "c", Expiry: Never}
	old := attach(t, d.Broker, forever)
	whole := d.store
	next := make(chan *peer, 1)
	begun := false
	d.store = takenOver{whole, func() error {
		if begun {
			return nil
		}
		begun = true
		go func() { next <- connect(t, d.Broker, forever) }()
		for old.Attached() {
			runtime.Gosched()
		}
		return errors.New("no disk")
	}}
	m := text("a", "x", 2)
	m.PacketID = 7
	if r := old.publish(m); !r.IsError() {
		t.Fatalf("%v", r)
	}
	p := <-next
	d.store = whole
	if r := p.publish(m); r.IsError() {
		t.Fatalf("%v", r)
	}
	s.hears("a=x q0")
}
