package broker

import (
	"runtime"
	"slices"
	"strings"
	"testing"

	"snbroker/internal/store"
)

// witness is a store that notes in which order records come and are given up.
type witness struct {
	Store
	said []string
}

func (w *witness) Append(record []byte, live bool) (at, end store.LSN) {
	w.said = append(w.said, DescribeRecord(record))
	return w.Store.Append(record, live)
}

func (w *witness) Dead(at store.LSN, n int) {
	w.said = append(w.said, "dead")
	w.Store.Dead(at, n)
}

// follows tells whether the first thing said is a record, and the next that what
// it replaces is dead.
func (w *witness) follows() bool {
	return len(w.said) == 2 && w.said[0] != "dead" && w.said[1] == "dead"
}

// What makes a record dead is in the log before the record is called so: its
// segment may be let go at once.
func TestDeadFollowsItsReason(t *testing.T) {
	d := newDisk(t)
	p := attach(t, d.Broker, ConnectOptions{ClientID: "c", Expiry: Never})
	p.subscribe("a", SubscribeOptions{QoS: 2})
	publish(d.Broker, text("a", "x", 2))
	publish(d.Broker, text("a", "y", 1))
	d.settle()
	p.hears("a=x q2 #1", "a=y q1 #2")
	for what, do := range map[string]func(){
		"the clock": d.tellTime,
		"PUBREC":    func() { p.PubRec(1, false) },
		"PUBACK":    func() { p.PubAck(2) },
	} {
		w := &witness{Store: d.store}
		d.store = w
		do()
		d.store = w.Store
		if !w.follows() {
			t.Errorf("%s: %q", what, w.said)
		}
	}
}

// A retained message whose record nobody needs any more is replayed without one:
// it must not be given up twice, or another's segment would seem empty.
func TestReplayOfWhatIsDead(t *testing.T) {
	d := newDisk(t)
	p := attach(t, d.Broker, ConnectOptions{ClientID: "c", Expiry: Never})
	p.subscribe("a", SubscribeOptions{QoS: 1})
	publish(d.Broker, kept("a", "x", 1)) // the broker's own: retained in memory alone
	d.settle()
	p.hears("a=x q1 #1")
	p.PubAck(1)
	w := &witness{Store: d.store}
	d.store = w
	p.subscribe("a", SubscribeOptions{QoS: 1})
	p.hears("a=x q1 #2 retain")
	p.PubAck(2)
	d.store = w.Store
	if slices.Contains(w.said, "dead") {
		t.Errorf("%q", w.said)
	}
}

// SUBSCRIBE while the retained messages of the one before are still on their way
// does not end that, after a restart neither.
func TestReplayGoesOn(t *testing.T) {
	d := newDisk(t)
	connect(t, d.Broker, ConnectOptions{ClientID: "p"}).publish(kept("a", "x", 1))
	forever := ConnectOptions{ClientID: "c", Expiry: Never}
	p := attach(t, d.Broker, forever)
	p.subscribe("a", SubscribeOptions{QoS: 1})
	p.subscribe("a", SubscribeOptions{QoS: 1, RetainHandling: 2})
	d.restart()
	connect(t, d.Broker, forever).hears("a=x q1 #1 retain")
}

// Retained messages that were queued at QoS 2 are not queued again after a restart
// that cut their replay short; one at QoS 1 may come twice.
func TestReplayedOnce(t *testing.T) {
	for _, filter := range []string{"#", "b"} {
		for _, compacted := range []bool{false, true} {
			d := newDisk(t)
			s := connect(t, d.Broker, ConnectOptions{ClientID: "p"})
			for i, m := range []Publication{kept("a", "x", 1), kept("b", "y", 2), kept("c", "z", 2), kept("d", "w", 1)} {
				m.PacketID = uint16(i + 1)
				s.publish(m)
			}
			forever := ConnectOptions{ClientID: "c", Expiry: Never}
			p := connect(t, d.Broker, forever)
			p.subscribe("d", SubscribeOptions{QoS: 1}) // stays in flight, and so the replays go on
			p.subscribe(filter, SubscribeOptions{QoS: 2})
			p.pull(9)
			d.settle()
			for _, m := range p.pull(9) {
				if m.QoS == 2 {
					p.PubRec(m.PacketID, false)
					p.PubComp(m.PacketID)
				}
			}
			p.pull(9)
			for before := d.log.Stats().Compactions; compacted && d.log.Stats().Compactions < before+3; {
				s.publish(Publication{Topic: "$x", Payload: make([]byte, 1000), QoS: 1, Retain: true})
				d.settle()
			}
			d.restart()
			p = connect(t, d.Broker, forever)
			got := p.pull(9)
			d.settle()
			got = append(got, p.pull(9)...)
			for _, m := range got {
				if m.QoS == 2 {
					t.Errorf("%s, compacted %v: %s came again", filter, compacted, m.Message.Topic)
				}
			}
			if len(got) == 0 {
				t.Error("the replays were over")
			}
		}
	}
}

// compacting is a store that begins to move a message as soon as it has it.
type compacting struct {
	Store
	b     *Broker
	moved chan struct{}
}

func (c *compacting) Append(record []byte, live bool) (at, end store.LSN) {
	at, end = c.Store.Append(record, live)
	if recordKind(record[0]) != recordMessage || c.moved != nil {
		return at, end
	}
	c.moved = make(chan struct{})
	record = slices.Clone(record)
	go func() {
		defer close(c.moved)
		c.b.Relocate(at, record)
	}()
	for range 1000 {
		runtime.Gosched() // it has its chance to look too early
	}
	return at, end
}

// A message whose publisher has yet to note where its record is, is needed.
func TestMovedAtOnce(t *testing.T) {
	d := newDisk(t)
	p := attach(t, d.Broker, ConnectOptions{ClientID: "c", Expiry: Never})
	p.subscribe("a", SubscribeOptions{QoS: 1})
	p.close(false)
	w := &witness{Store: d.store}
	c := &compacting{Store: w, b: d.Broker}
	d.store = c
	publish(d.Broker, text("a", "x", 1))
	<-c.moved
	if len(w.said) < 2 || !strings.Contains(w.said[1], "moved_from") {
		t.Errorf("%q", w.said)
	}
}
