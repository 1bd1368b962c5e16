package broker

import (
	"slices"
	"testing"
	"time"

	"snbroker/internal/store"
)

// recording is a store that remembers what is appended.
type recording struct {
	Store
	records [][]byte
}

func (r *recording) Append(record []byte, live bool) (at, end store.LSN) {
	r.records = append(r.records, slices.Clone(record))
	return r.Store.Append(record, live)
}

// after returns the broker that starts when power failed behind these records.
func after(t *testing.T, records [][]byte) *disk {
	t.Helper()
	d := newDisk(t)
	d.cut() // what the first start has written is to be the beginning here, too
	for _, record := range records {
		d.log.Append(record, false)
	}
	d.restart()
	return d
}

// Wherever power fails while a client with a will is followed by another one of
// its ClientID, whoever was let in has its will published once, and nobody twice.
func TestWillsAtEveryCut(t *testing.T) {
	will := func(payload string, delay time.Duration) *Will {
		return &Will{Topic: "will", Payload: []byte(payload), QoS: 2, Delay: delay}
	}
	for _, c := range []struct {
		name          string
		first, second ConnectOptions
		lost          bool // the first connection ends before the second comes
		// What is published if power fails when both were there.
		want []string
	}{
		{"taken over", ConnectOptions{Expiry: Never, Will: will("one", 0)}, ConnectOptions{Expiry: Never, Will: will("two", 0)}, false, []string{"one", "two"}},
		{"taken over, clean start", ConnectOptions{Expiry: Never, Will: will("one", 0)}, ConnectOptions{CleanStart: true, Expiry: Never, Will: will("two", 0)}, false, []string{"one", "two"}},
		{"taken over, session ends", ConnectOptions{Will: will("one", 0)}, ConnectOptions{Expiry: Never, Will: will("two", 0)}, false, []string{"one", "two"}},
		{"taken over, no other will", ConnectOptions{Expiry: Never, Will: will("one", 0)}, ConnectOptions{Expiry: Never}, false, []string{"one"}},
		{"lost", ConnectOptions{Expiry: Never, Will: will("one", 0)}, ConnectOptions{Expiry: Never, Will: will("two", 0)}, true, []string{"one", "two"}},
		{"lost, session ends", ConnectOptions{Will: will("one", 0)}, ConnectOptions{Will: will("two", 0)}, true, []string{"one", "two"}},
		{"lost, resumed before the delay is over", ConnectOptions{Expiry: Never, Will: will("one", time.Hour)}, ConnectOptions{Expiry: Never, Will: will("two", 0)}, true, []string{"two"}},
		{"lost, clean start before the delay is over", ConnectOptions{Expiry: Never, Will: will("one", time.Hour)}, ConnectOptions{CleanStart: true, Expiry: Never, Will: will("two", 0)}, true, []string{"one", "two"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := newDisk(t)
			log := &recording{Store: d.store}
			d.store = log
			w := attach(t, d.Broker, ConnectOptions{ClientID: "watch", Expiry: Never})
			w.subscribe("will", SubscribeOptions{QoS: 2})
			w.close(false)
			c.first.ClientID, c.second.ClientID = "c", "c"
			before := len(log.records)
			p := connect(t, d.Broker, c.first)
			admitted := len(log.records)
			if c.lost {
				p.close(true)
			}
			connect(t, d.Broker, c.second)
			for n := before; n <= len(log.records); n++ {
				d := after(t, log.records[:n])
				w := connect(t, d.Broker, ConnectOptions{ClientID: "watch", Expiry: Never})
				d.settle()
				var got []string
				for _, m := range w.pull(10) {
					got = append(got, string(m.Message.Payload))
				}
				allowed := [][]string{c.want}
				switch {
				case n < admitted:
					allowed = [][]string{nil}
				case n < len(log.records) && c.first.Will.Delay > 0: // it may wait, or come with the session's end
					allowed = [][]string{nil, {"one"}}
				case n < len(log.records):
					allowed = [][]string{{"one"}}
				}
				if !slices.ContainsFunc(allowed, func(want []string) bool { return slices.Equal(want, got) }) {
					t.Errorf("after %d of %d records: %q, not one of %q", n-before, len(log.records)-before, got, allowed)
				}
			}
		})
	}
}

// Deadlines on the disk are on the store's clock, so that must not be compacted
// away with the segment that it was last written to.
func TestClockOutlivesItsSegment(t *testing.T) {
	d := newDisk(t)
	began := d.clock.stored
	p := attach(t, d.Broker, ConnectOptions{ClientID: "p"})
	for d.log.Stats().Compactions < 3 {
		p.publish(Publication{Topic: "a", Payload: make([]byte, 1000), QoS: 1, Retain: true})
		d.settle()
	}
	if d.clock.stored == began {
		t.Fatal("its record was not moved")
	}
	d.cut()
	if d.clock.base == 0 {
		t.Error("the store's clock begins at 0 again")
	}
}

// A number that some record still names is not given to another session.
func TestNumbersAreNotGivenAgain(t *testing.T) {
	d := newDisk(t)
	const ended = 1000 // after the clock's last record
	m := messageRecord{qos: 1, topic: octets("a"), payload: octets("of another session"), targets: []recordTarget{{no: ended, seq: 1, qos: 1}}}
	d.append(false, m.appendTo)
	d.restart()
	p := attach(t, d.Broker, ConnectOptions{ClientID: "c", Expiry: Never})
	if no := p.Session().no; no <= ended {
		t.Errorf("the next session has number %d", no)
	}
	d.restart()
	connect(t, d.Broker, ConnectOptions{ClientID: "c", Expiry: Never}).hears()
}

// A clean start promises to be rid of what was there: CONNACK waits until that is
// so for ever.
func TestCleanStartWaitsForTheEnd(t *testing.T) {
	d := newDisk(t)
	attach(t, d.Broker, ConnectOptions{ClientID: "c", Expiry: Never}).close(false)
	d.settle()
	var turn Turn
	if _, _, err := d.Connect(ConnectOptions{ClientID: "c", CleanStart: true}, new(peer), &turn); err != nil {
		t.Fatal(err)
	}
	if until := turn.Until(); until < d.store.End() {
		t.Errorf("CONNACK waits for %v, and what is gone is so from %v on", until, d.store.End())
	}
}

// Wherever power fails while a member of a shared subscription leaves for good, what
// it leaves to the others is there once.
func TestOrphansAtEveryCut(t *testing.T) {
	d := newDisk(t)
	log := &recording{Store: d.store}
	d.store = log
	for _, id := range []string{"a", "b"} {
		p := attach(t, d.Broker, ConnectOptions{ClientID: id, Expiry: Never})
		p.subscribe("$share/g/t", SubscribeOptions{QoS: 2})
		p.close(false)
	}
	for _, text := range []Publication{text("t", "0", 2), text("t", "1", 1), text("t", "2", 2), text("t", "3", 1)} {
		publish(d.Broker, text)
	}
	before := len(log.records)
	connect(t, d.Broker, ConnectOptions{ClientID: "a", CleanStart: true, Expiry: Never})
	for n := before; n <= len(log.records); n++ {
		d := after(t, log.records[:n])
		var got []string
		for _, id := range []string{"a", "b"} {
			p := connect(t, d.Broker, ConnectOptions{ClientID: id, Expiry: Never})
			p.pull(9)
			p.Resume()
			d.settle()
			for _, m := range p.pull(9) {
				got = append(got, string(m.Message.Payload))
			}
		}
		slices.Sort(got)
		if want := []string{"0", "1", "2", "3"}; !slices.Equal(got, want) {
			t.Errorf("after %d of %d records: %q", n-before, len(log.records)-before, got)
		}
	}
}
