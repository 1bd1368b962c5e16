package gateway

import (
	"testing"
	"testing/synctest"
	"time"

	"snbroker/broker"
	"snbroker/internal/mqtt"
	"snbroker/internal/store"
	"snbroker/mqttsn"
)

// lasting is a world on a disk, with power that can fail.
type lasting struct {
	*world
	fs      *store.MemFS
	log     *store.Log
	trouble error // that the log tells of
	options LinkOptions
	rights  broker.Authorizer // from the next start on
}

func (w *lasting) start() {
	log, err := store.Open(store.Options{Path: "data", FS: w.fs, SegmentSize: store.MinSegment})
	must(w.t, err)
	w.log = log
	w.broker = broker.New(broker.DefaultLimits())
	w.broker.Authorize(w.rights)
	restored, err := w.broker.Persist(telling{log, &w.trouble}, nil)
	must(w.t, err)
	if restored.Skipped > 0 {
		w.t.Fatalf("restored %+v", restored)
	}
	w.gateway = New(w.gateway.cfg, NewEmbedded(w.broker))
	w.gateway.Restore(w.broker.Survivors())
	w.broker.Release()
	w.link = w.net.Link(gatewayAddr)
	w.gateway.Start()
	go w.gateway.Serve(w.link, w.options)
	synctest.Wait()
}

// telling is a log that may say that its disk fails.
type telling struct {
	*store.Log
	trouble *error
}

func (l telling) Err() error { return *l.trouble }

// restart lets the power fail and come back.
func (w *lasting) restart() {
	held := w.fs
	w.fs = w.fs.Crash()
	held.Release()
	w.end()
	w.start()
}

func (w *lasting) end() {
	w.link.Close()
	w.gateway.quiet()
	w.broker.Close()
	w.log.Close()
	synctest.Wait()
}

// quiet ends a gateway without a word to anybody.
func (g *Gateway) quiet() {
	close(g.quit)
	g.pump.Wait()
}

func playOnDisk(t *testing.T, story func(w *lasting)) {
	synctest.Test(t, func(t *testing.T) {
		w := &lasting{world: newWorld(t, nil), fs: store.NewMemFS(), options: LinkOptions{Anonymous: true, QoSMinusOne: true}}
		w.gateway.Close()
		w.link.Close()
		synctest.Wait()
		w.start()
		defer func() {
			w.fs.Release()
			w.end()
			w.net.Close()
			synctest.Wait()
		}()
		story(w)
	})
}

// A sleeper does not notice that the gateway lost its power: it wakes by PINGREQ,
// keeps its topic ids, and gets what was kept for it.
func TestSleepOverRestart(t *testing.T) {
	for _, clean := range []bool{false, true} {
		playOnDisk(t, func(w *lasting) {
			d := w.device("10.0.0.2:4000")
			d.connect("c1", clean, 60)
			own := d.register("own/topic")
			id := d.subscribe("a/b", mqttsn.QoS2)
			d.subscribe("wild/#", mqttsn.QoS1)
			d.sleep(300)
			w.publish("a/b", "one", mqtt.QoS1, false)
			w.publish("a/b", "two", mqtt.QoS2, false)
			w.publish("a/b", "zero", mqtt.QoS0, false)
			w.settle()
			w.restart()
			w.publish("wild/x", "three", mqtt.QoS1, false)
			time.Sleep(100 * time.Second)
			d = w.device("10.0.0.2:4001") // and has another address
			d.send(&mqttsn.PingReq{ClientID: []byte("c1")})
			// They may have been on their way when the power failed.
			d.expect(&mqttsn.Publish{Dup: true, QoS: mqttsn.QoS1, TopicID: id, MsgID: 1, Data: []byte("one")})
			d.send(&mqttsn.PubAck{TopicID: id, MsgID: 1})
			d.expect(&mqttsn.Publish{Dup: true, QoS: mqttsn.QoS2, TopicID: id, MsgID: 2, Data: []byte("two")})
			d.send(&mqttsn.PubRec{MsgID: 2})
			d.expect(&mqttsn.PubRel{MsgID: 2})
			d.send(&mqttsn.PubComp{MsgID: 2})
			d.expect(&mqttsn.Publish{TopicID: id, Data: []byte("zero")})
			d.expect(&mqttsn.Register{TopicID: id + 1, MsgID: 1, TopicName: []byte("wild/x")})
			d.send(&mqttsn.RegAck{TopicID: id + 1, MsgID: 1})
			d.expect(&mqttsn.Publish{QoS: mqttsn.QoS1, TopicID: id + 1, MsgID: 4, Data: []byte("three")})
			d.send(&mqttsn.PubAck{TopicID: id + 1, MsgID: 4})
			d.expect(&mqttsn.PingResp{})
			watch := w.device("10.0.0.3:4000")
			watch.connect("watch", true, 60)
			watch.subscribe("own/topic", mqttsn.QoS0)
			d.send(&mqttsn.Publish{QoS: mqttsn.QoS1, TopicID: own, MsgID: 9, Data: []byte("mine")})
			d.expect(&mqttsn.PubAck{TopicID: own, MsgID: 9})
			watch.expect(&mqttsn.Publish{TopicID: 1, Data: []byte("mine")})
		})
	}
}

// A sleeper that does not come back after the restart is lost when its time is
// up, and its will is published.
func TestSleeperLostAfterRestart(t *testing.T) {
	playOnDisk(t, func(w *lasting) {
		d := w.device("10.0.0.2:4000")
		d.connectWithWill("c1", true, 60, "will", "gone")
		d.sleep(300)
		w.restart()
		watch := w.device("10.0.0.3:4000")
		watch.connect("watch", true, 1000)
		id := watch.subscribe("will", mqttsn.QoS0)
		watch.expectSilence(300 * time.Second)
		watch.expectWithin(200*time.Second, &mqttsn.Publish{TopicID: id, Data: []byte("gone")})
		w.settle()
		w.restart()
		if n := w.gateway.Stats().states[Asleep]; n != 0 {
			t.Errorf("%d devices sleep", n)
		}
	})
}

// settle waits until all is on the disk.
func (w *lasting) settle() {
	done := make(waiting, 1)
	if w.log.Notify(w.log.End(), done) {
		<-done
	}
}

type waiting chan struct{}

func (c waiting) Durable() { c <- struct{}{} }

// A DISCONNECT that is repeated while the first waits for the disk ends the
// session once.
func TestDisconnectTwiceBeforeTheDisk(t *testing.T) {
	playOnDisk(t, func(w *lasting) {
		d := w.device("10.0.0.2:4000")
		d.connectWithWill("c1", true, 60, "will", "gone")
		w.fs.Hold()
		d.send(&mqttsn.Disconnect{})
		d.send(&mqttsn.Subscribe{QoS: 1, MsgID: 3, TopicName: []byte("a")})
		d.send(&mqttsn.Disconnect{})
		d.expectSilence(time.Second)
		w.fs.Release()
		synctest.Wait()
		d.expect(&mqttsn.Disconnect{})
		stats := w.gateway.Stats()
		if n := stats.Devices(Active); n != 0 {
			t.Errorf("%d devices are active", n)
		}
	})
}

// A device that leaves while it has a QoS 2 message under way keeps its packet
// identifier: what it sends again at its next connection is known.
func TestPubRelAfterDisconnect(t *testing.T) {
	playOnDisk(t, func(w *lasting) {
		d := w.device("10.0.0.2:4000")
		d.connectWithWill("c1", false, 60, "will", "gone")
		id := d.register("a")
		message := &mqttsn.Publish{QoS: mqttsn.QoS2, TopicID: id, MsgID: 7, Data: []byte("x")}
		d.send(message)
		d.expect(&mqttsn.PubRec{MsgID: 7})
		w.fs.Hold()
		d.send(&mqttsn.Disconnect{})
		d.send(&mqttsn.PubRel{MsgID: 7})
		w.fs.Release()
		synctest.Wait()
		d.expect(&mqttsn.Disconnect{})
		d.connect("c1", false, 60)
		published := w.broker.Stats().Published
		message.Dup = true
		d.send(message)
		d.expect(&mqttsn.PubRec{MsgID: 7})
		if n := w.broker.Stats().Published; n != published {
			t.Errorf("published %d times more", n-published)
		}
	})
}

// What follows the answer to a DISCONNECT may be lost with the power. The device
// has left all the same: it is not lost, and has no will.
func TestNoWillOfWhoLeftBeforeARestart(t *testing.T) {
	for _, clean := range []bool{true, false} {
		playOnDisk(t, func(w *lasting) {
			d := w.device("10.0.0.2:4000")
			d.connectWithWill("c1", clean, 60, "will", "gone")
			d.send(&mqttsn.Disconnect{})
			d.expect(&mqttsn.Disconnect{})
			w.restart()
			watch := w.device("10.0.0.3:4000")
			watch.connect("watch", true, 1000)
			watch.subscribe("will", mqttsn.QoS0)
			watch.expectSilence(900 * time.Second)
			if !clean { // the will itself is kept for the next connection
				d.connect("c1", false, 60)
			}
		})
	}
}
