package broker

import (
	"testing"
	"time"

	"snbroker/internal/store"
)

// disk is a broker on a file system in memory, which power cuts can hit.
type disk struct {
	*Broker
	t    *testing.T
	fs   *store.MemFS
	log  *store.Log
	size int64
	back Restored
}

func newDisk(t *testing.T) *disk {
	t.Helper()
	d := &disk{t: t, fs: store.NewMemFS(), size: store.MinSegment}
	d.start()
	d.Release()
	return d
}

func (d *disk) start() {
	d.t.Helper()
	log, err := store.Open(store.Options{Path: "data", FS: d.fs, SegmentSize: d.size})
	if err != nil {
		d.t.Fatal(err)
	}
	d.log = log
	d.Broker = New(DefaultLimits())
	if d.back, err = d.Persist(log, nil); err != nil {
		d.t.Fatal(err)
	}
	if d.back.Skipped > 0 {
		d.t.Fatalf("%d records make no sense", d.back.Skipped)
	}
	d.t.Cleanup(func() { log.Close() })
}

// settle waits until all is on the disk.
func (d *disk) settle() {
	d.t.Helper()
	done := make(settled, 1)
	if d.Notify(d.store.End(), done) {
		<-done
	}
}

type settled chan struct{}

func (s settled) Durable() { s <- struct{}{} }

// restart pulls the plug when all is on the disk, and starts again.
func (d *disk) restart() {
	d.t.Helper()
	d.settle()
	d.cut()
	d.Release()
}

// cut pulls the plug now. Release is the caller's.
func (d *disk) cut() {
	d.t.Helper()
	d.fs = d.fs.Crash()
	d.log.Close()
	d.start()
}

func TestRestart(t *testing.T) {
	all := SubscribeOptions{QoS: 2}
	forever := ConnectOptions{ClientID: "c", Expiry: Never}
	t.Run("queue, in order", func(t *testing.T) {
		d := newDisk(t)
		p := attach(t, d.Broker, forever)
		p.subscribe("a/#", all)
		p.close(false)
		publish(d.Broker, text("a/1", "one", 1))
		publish(d.Broker, text("a/2", "two", 2))
		publish(d.Broker, text("a/3", "three", 1))
		d.restart()
		publish(d.Broker, text("a/4", "four", 1))
		p = connect(t, d.Broker, forever)
		if !p.present {
			t.Error("the session is gone")
		}
		p.hears("a/1=one q1 #1", "a/2=two q2 #2", "a/3=three q1 #3", "a/4=four q1 #4")
	})
	t.Run("on its way", func(t *testing.T) {
		d := newDisk(t)
		p := attach(t, d.Broker, forever)
		p.subscribe("a", all)
		for _, text := range []Publication{text("a", "one", 1), text("a", "two", 2), text("a", "three", 2), text("a", "four", 2)} {
			publish(d.Broker, text)
		}
		d.settle()
		p.hears("a=one q1 #1", "a=two q2 #2", "a=three q2 #3", "a=four q2 #4")
		p.PubAck(1)
		p.PubRec(2, false)
		p.PubComp(2)
		p.PubRec(3, false)
		d.restart()
		p = connect(t, d.Broker, forever)
		p.hears("release #3", "a=four q2 #4 dup")
		p.PubComp(3)
		p.PubRec(4, false)
		p.PubComp(4)
		publish(d.Broker, text("a", "five", 1))
		p.hears("a=five q1 #5")
	})
	t.Run("on its way, and nobody comes before the next restart", func(t *testing.T) {
		d := newDisk(t)
		o := ConnectOptions{ClientID: "c", Expiry: Never, Will: &Will{Topic: "will"}}
		p := attach(t, d.Broker, o)
		p.subscribe("a", all)
		publish(d.Broker, text("a", "one", 1))
		publish(d.Broker, text("a", "two", 2))
		d.settle()
		p.hears("a=one q1 #1", "a=two q2 #2")
		d.restart()
		publish(d.Broker, text("a", "three", 2))
		d.restart()
		p = connect(t, d.Broker, o)
		d.settle()
		p.hears("a=one q1 #1 dup", "a=two q2 #2 dup", "a=three q2 #3")
	})
	t.Run("on its way, and what made room for it is not on the disk", func(t *testing.T) {
		d := newDisk(t)
		p := attach(t, d.Broker, forever)
		p.subscribe("a", all)
		most := DefaultLimits().MaxInflight
		for range most + 10 {
			publish(d.Broker, text("a", "x", 1))
		}
		d.settle()
		for i := range p.pull(most) {
			p.PubAck(uint16(i + 1))
		}
		p.pull(10)
		d.cut()
		d.Release()
		p = connect(t, d.Broker, forever)
		for {
			got := p.pull(1)
			if len(got) == 0 {
				break
			}
			if !got[0].Dup {
				t.Fatalf("#%d was sent before the restart", got[0].PacketID)
			}
			p.PubAck(got[0].PacketID)
		}
	})
	t.Run("QoS 2 identifiers", func(t *testing.T) {
		d := newDisk(t)
		s := attach(t, d.Broker, forever)
		s.subscribe("a", all)
		p := attach(t, d.Broker, ConnectOptions{ClientID: "p", Expiry: Never})
		p.publish(Publication{Topic: "a", Payload: []byte("x"), QoS: 2, PacketID: 7})
		p.publish(Publication{Topic: "nobody", Payload: []byte("x"), QoS: 2, PacketID: 8})
		p.publish(Publication{Topic: "a", Payload: []byte("y"), QoS: 2, PacketID: 9})
		p.PubRel(9)
		d.restart()
		p = attach(t, d.Broker, ConnectOptions{ClientID: "p", Expiry: Never})
		p.publish(Publication{Topic: "a", Payload: []byte("x"), QoS: 2, PacketID: 7})
		if !p.PubRel(7) || !p.PubRel(8) || p.PubRel(9) {
			t.Error("identifiers were forgotten, or remembered too long")
		}
		s = connect(t, d.Broker, forever)
		s.hears("a=x q2 #1 dup", "a=y q2 #2 dup")
	})
	t.Run("retained", func(t *testing.T) {
		d := newDisk(t)
		for _, m := range []Publication{retain("a", "1"), retain("b", "1"), retain("c", "1"), retain("b", ""), retain("c", "2")} {
			p := connect(t, d.Broker, ConnectOptions{ClientID: "p"})
			p.publish(m)
		}
		d.restart()
		p := connect(t, d.Broker, forever)
		p.subscribe("#", all)
		p.hears("a=1 q0 retain", "c=2 q0 retain")
	})
	t.Run("wills", func(t *testing.T) {
		d := newDisk(t)
		watch := attach(t, d.Broker, forever)
		watch.subscribe("#", all)
		watch.close(false)
		will := func(text string, delay time.Duration) *Will {
			return &Will{Topic: "will", Payload: []byte(text), QoS: 1, Delay: delay}
		}
		attach(t, d.Broker, ConnectOptions{ClientID: "clean", Will: will("clean", 0)})
		attach(t, d.Broker, ConnectOptions{ClientID: "left", Will: will("left", 0)}).close(false)
		attach(t, d.Broker, ConnectOptions{ClientID: "lost", Will: will("lost", 0)}).close(true)
		attach(t, d.Broker, ConnectOptions{ClientID: "late", Expiry: Never, Will: will("late", time.Hour)}).close(true)
		d.restart()
		watch = connect(t, d.Broker, forever)
		watch.hears("will=lost q1 #1", "will=clean q1 #2")
		attach(t, d.Broker, ConnectOptions{ClientID: "late", Expiry: Never, CleanStart: true})
		watch.hears("will=late q1 #3")
		d.restart()
		watch = connect(t, d.Broker, forever)
		watch.hears("will=lost q1 #1 dup", "will=clean q1 #2 dup", "will=late q1 #3 dup")
	})
	t.Run("a second time before anybody was told", func(t *testing.T) {
		d := newDisk(t)
		watch := attach(t, d.Broker, forever)
		watch.subscribe("will", all)
		attach(t, d.Broker, ConnectOptions{ClientID: "lost", Expiry: Never, Will: &Will{Topic: "will", QoS: 1}})
		attach(t, d.Broker, ConnectOptions{ClientID: "sn", Survives: true})
		d.settle()
		d.cut()
		p := connect(t, d.Broker, ConnectOptions{ClientID: "p"})
		for range 3000 { // enough for a log that is to be compacted
			p.publish(retain("a", "x"))
		}
		d.settle()
		d.cut()
		if n := len(d.Survivors()); n != 1 {
			t.Errorf("%d devices go on, want 1", n)
		}
		d.Release()
		d.settle()
		watch = connect(t, d.Broker, forever)
		watch.hears("will= q1 #1")
	})
	t.Run("what ended", func(t *testing.T) {
		d := newDisk(t)
		attach(t, d.Broker, ConnectOptions{ClientID: "gone", Expiry: time.Hour}).subscribe("a", all)
		attach(t, d.Broker, ConnectOptions{ClientID: "gone", CleanStart: true}).close(false)
		p := attach(t, d.Broker, forever)
		p.subscribe("a", all)
		p.subscribe("b", all)
		p.Unsubscribe("a")
		d.restart()
		if d.back.Sessions != 1 || d.back.Subscriptions != 1 {
			t.Errorf("restored: %+v", d.back)
		}
	})
	t.Run("kept", func(t *testing.T) {
		d := newDisk(t)
		kept := KeptOctets("one,")
		p := attach(t, d.Broker, ConnectOptions{ClientID: "sn", Survives: true, Keep: func(Kept) Kept { return kept }})
		p.subscribe("a", all)
		p.NoteKept([]byte("two,"))
		p.NoteKept([]byte("three"))
		d.settle()
		d.cut()
		survivors := d.Survivors()
		if len(survivors) != 1 || survivors[0].ClientID != "sn" || string(survivors[0].Kept) != "one,two,three" {
			t.Fatalf("survivors: %+v", survivors)
		}
		publish(d.Broker, text("a", "x", 1))
		p = connect(t, d.Broker, ConnectOptions{ClientID: "sn", Survives: true})
		d.Release()
		p.hears("a=x q1 #1")
		d.restart()
		if n := d.Stats().Sessions; n != 0 {
			t.Errorf("%d sessions outlived a connection that nobody claimed", n)
		}
	})
}

func retain(topic, payload string) Publication {
	return Publication{Topic: topic, Payload: []byte(payload), Retain: true}
}

// What was replayed at QoS 2 has the same identifier after a crash, whatever was
// retained since.
func TestReplayedOverRestart(t *testing.T) {
	d := newDisk(t)
	keep := func(topic, payload string) {
		t.Helper()
		if r := connect(t, d.Broker, ConnectOptions{ClientID: "p"}).publish(Publication{Topic: topic, Payload: []byte(payload), QoS: 2, PacketID: 1, Retain: true}); r.IsError() {
			t.Fatal(r)
		}
	}
	keep("b", "one")
	forever := ConnectOptions{ClientID: "c", Expiry: Never}
	p := connect(t, d.Broker, forever)
	p.subscribe("#", SubscribeOptions{QoS: 2})
	p.pull(1) // it is queued, and waits for the disk
	d.settle()
	p.hears("b=one q2 #1 retain")
	keep("a", "two")
	d.restart()
	p = connect(t, d.Broker, forever)
	d.settle()
	got := p.pull(1)
	if len(got) != 1 || got[0].PacketID != 1 || got[0].Message.Topic != "b" || !got[0].Dup || !got[0].Retain {
		t.Fatalf("first came %+v", got)
	}
}
