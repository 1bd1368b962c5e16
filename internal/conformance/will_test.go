package conformance

import (
	"testing/synctest"
	"time"

	"snbroker/internal/mqtt"
)

// Wills.

var will311 = []proof{
	{"MQTT-3.1.2-8", inBubble(willsComeAndGo)},
	{"MQTT-3.1.2-9", both(overTCP(willQoSAndRetain),
		noEntry("10 [ 0004'MQTT' 04 06 003c 0001'c' ]", "10 [ 0004'MQTT' 04 06 003c 0001'c' 0001'w' ]", "10 [ 0004'MQTT' 04 06 003c 0001'c' 0001'w' 0002'x' ]"))},
	{"MQTT-3.1.2-10", inBubble(willOnce)},
	{"MQTT-3.1.2-11", noEntry("10 [ 0004'MQTT' 04 0a 003c 0001'c' ]", "10 [ 0004'MQTT' 04 22 003c 0001'c' ]", "10 [ 0004'MQTT' 04 02 003c 0001'c' 0001'w' 0001'x' ]")},
	{"MQTT-3.1.2-12", inBubble(noWill)},
	{"MQTT-3.1.2-13", noEntry("10 [ 0004'MQTT' 04 0a 003c 0001'c' ]", "10 [ 0004'MQTT' 04 12 003c 0001'c' ]", "10 [ 0004'MQTT' 04 1a 003c 0001'c' ]")},
	{"MQTT-3.1.2-14", both(overTCP(willQoSAndRetain), noEntry("10 [ 0004'MQTT' 04 1e 003c 0001'c' 0001'w' 0001'x' ]"))},
	{"MQTT-3.1.2-15", noEntry("10 [ 0004'MQTT' 04 22 003c 0001'c' ]")},
	{"MQTT-3.1.2-16", overTCP(willQoSAndRetain)},
	{"MQTT-3.1.2-17", overTCP(willQoSAndRetain)},
	{"MQTT-3.1.3-10", noEntry("10 [ 0004'MQTT' 04 06 003c 0001'c' 0001 ff 0001'x' ]", "10 [ 0004'MQTT' 04 06 003c 0001'c' 0002'w' 00 0001'x' ]")},
	{"MQTT-3.14.4-3", inBubble(discardedWill)},
}

var will5 = []proof{
	{"MQTT-3.1.2-7", overTCP(willQoSAndRetain)},
	{"MQTT-3.1.2-8", both(inBubble(willsComeAndGo), inBubble(delayedWill), inBubble(willAfterReason))},
	{"MQTT-3.1.2-9", noEntry("10 [ 0004'MQTT' 05 06 003c 00 0001'c' ]", "10 [ 0004'MQTT' 05 06 003c 00 0001'c' 00 ]",
		"10 [ 0004'MQTT' 05 06 003c 00 0001'c' 00 0001'w' ]", "10 [ 0004'MQTT' 05 06 003c 00 0001'c' 00 0001'w' 0002'x' ]")},
	{"MQTT-3.1.2-10", inBubble(willOnce)},
	{"MQTT-3.1.2-11", noEntry("10 [ 0004'MQTT' 05 0a 003c 00 0001'c' ]", "10 [ 0004'MQTT' 05 12 003c 00 0001'c' ]", "10 [ 0004'MQTT' 05 1a 003c 00 0001'c' ]")},
	{"MQTT-3.1.2-12", both(overTCP(willQoSAndRetain), noEntry("10 [ 0004'MQTT' 05 1e 003c 00 0001'c' 00 0001'w' 0001'x' ]"))},
	{"MQTT-3.1.2-13", noEntry("10 [ 0004'MQTT' 05 22 003c 00 0001'c' ]")},
	{"MQTT-3.1.2-14", overTCP(willQoSAndRetain)},
	{"MQTT-3.1.2-15", overTCP(willQoSAndRetain)},
	{"MQTT-3.1.3-9", inBubble(delayedWill)},
	{"MQTT-3.1.3-10", overTCP(willProperties)},
	{"MQTT-3.1.3-11", noEntry("10 [ 0004'MQTT' 05 06 003c 00 0001'c' 00 0001 ff 0001'x' ]", "10 [ 0004'MQTT' 05 06 003c 00 0001'c' 00 0002'w' 00 0001'x' ]")},
	{"MQTT-3.14.4-3", inBubble(discardedWill)},
}

func willing(p *mqtt.Connect) {
	p.Will = &mqtt.Will{Topic: []byte("will"), Payload: []byte("gone")}
}

// watcher is who hears wills.
func watcher(w *world) *client {
	c := w.connect("watch", func(p *mqtt.Connect) { p.KeepAlive = 0 })
	c.Subscribe(filter("will", 0))
	return c
}

// willsComeAndGo ends connections in every way that is not a DISCONNECT.
func willsComeAndGo(w *world) {
	watch := watcher(w)
	gone := func() {
		w.t.Helper()
		watch.Expect(pub("will", "gone", 0, 0))
		watch.Silence()
	}
	w.connect("c", willing).drop()
	gone()

	c := w.connect("c", willing, func(p *mqtt.Connect) { p.KeepAlive = 10 })
	time.Sleep(15*time.Second - 1)
	watch.Silence()
	time.Sleep(1)
	synctest.Wait()
	c.Ended(mqtt.ReasonKeepAliveTimeout)
	gone()

	c = w.connect("c", willing)
	c.SendHex("00 00") // a protocol error
	c.Ended(malformed)
	gone()

	old := w.connect("c", willing)
	c = w.connect("c", willing) // takes over
	old.Ended(mqtt.ReasonSessionTakenOver)
	gone()

	// With a DISCONNECT it does not come, also when the session stays.
	c.leave()
	w.connect("c", willing, anew).leave()
	time.Sleep(time.Hour)
	watch.Silence()
}

func willOnce(w *world) {
	watch := watcher(w)
	w.connect("c", willing, anew).drop()
	watch.Expect(pub("will", "gone", 0, 0))
	w.connect("c", lasting).drop() // the session has none any more
	time.Sleep(2 * time.Hour)
	watch.Silence()
	w.connect("c", willing, anew).leave()
	w.connect("c", lasting).drop()
	time.Sleep(2 * time.Hour)
	watch.Silence()
}

func noWill(w *world) {
	watch := watcher(w)
	w.connect("c").drop()
	w.connect("c", lasting).drop()
	w.connect("c", willing, lasting).leave()
	w.connect("c", lasting).drop()
	watch.Silence()
}

func discardedWill(w *world) {
	watch := watcher(w)
	w.connect("c", willing).leave()
	w.connect("d", willing, anew).leave()
	time.Sleep(24 * time.Hour)
	watch.Silence()
	w.connect("d", lasting).drop()
	watch.Silence()
}

// willQoSAndRetain looks at wills of each QoS, retained and not, as they come
// and as they stay.
func willQoSAndRetain(w *world) {
	for qos := mqtt.QoS0; qos <= mqtt.QoS2; qos++ {
		for _, retain := range []bool{false, true} {
			watch := w.connect("watch")
			watch.Subscribe(filter("will", 2))
			w.connect("c", func(p *mqtt.Connect) {
				p.Will = &mqtt.Will{Topic: []byte("will"), Payload: []byte("gone"), QoS: qos, Retain: retain}
			}).drop()
			if m := watch.Message(); m.QoS != qos || m.Retain || string(m.Payload) != "gone" {
				w.t.Errorf("QoS %d, retain %v: heard %+v", qos, retain, m)
			}
			late := w.connect("late")
			late.Subscribe(filter("will", 2))
			if retain {
				if m := late.Message(); m.QoS != qos || !m.Retain || string(m.Payload) != "gone" {
					w.t.Errorf("QoS %d: %+v is kept", qos, m)
				}
			}
			late.Silence()
			late.Unsubscribe("will")
			late.Publish(kept("will", "", 0, 0)) // for the next
		}
	}
}

// delayedWill waits, but not longer than the session.
func delayedWill(w *world) {
	watch := watcher(w)
	delayed := func(delay, expiry uint32) option {
		return func(p *mqtt.Connect) {
			willing(p)
			p.Will.Properties.WillDelay = delay
			p.Properties.SessionExpiry, p.Properties.HasSessionExpiry = expiry, true
		}
	}
	comesAfter := func(want time.Duration) {
		w.t.Helper()
		time.Sleep(want - 1)
		watch.Silence()
		time.Sleep(1)
		synctest.Wait()
		watch.Expect(pub("will", "gone", 0, 0))
	}
	w.connect("c", delayed(10, 60)).drop()
	comesAfter(10 * time.Second)
	time.Sleep(time.Hour)
	watch.Silence()

	w.connect("c", delayed(60, 10)).drop()
	comesAfter(10 * time.Second)

	w.connect("c", delayed(60, 0)).drop()
	watch.Expect(pub("will", "gone", 0, 0))

	// Whoever comes back in time prevents it.
	w.connect("c", delayed(10, 60)).drop()
	time.Sleep(10*time.Second - 1)
	c := w.connect("c", lasting)
	time.Sleep(time.Hour)
	watch.Silence()
	c.leave()

	// One that begins anew ends the session, and so the wait.
	w.connect("c", delayed(10, 60)).drop()
	c = w.connect("c")
	watch.Expect(pub("will", "gone", 0, 0))
	c.leave()

	// A DISCONNECT that ends the session with the connection does too.
	c = w.connect("c", delayed(10, 60))
	c.Say(&mqtt.Disconnect{ReasonCode: mqtt.ReasonDisconnectWithWill,
		Properties: mqtt.DisconnectProperties{HasSessionExpiry: true}})
	c.Closed()
	watch.Expect(pub("will", "gone", 0, 0))
	watch.Silence()
}

// willAfterReason leaves with every reason a client has: only the normal one
// takes the will back.
func willAfterReason(w *world) {
	watch := watcher(w)
	for reason := range 256 {
		reason := mqtt.ReasonCode(reason)
		if reason == mqtt.ReasonNormalDisconnection || !reason.ValidIn(mqtt.TypeDisconnect, mqtt.FromClient) {
			continue
		}
		c := w.connect("c", willing)
		c.Say(&mqtt.Disconnect{ReasonCode: reason})
		c.Closed()
		w.settle(1)
		watch.Say(&mqtt.Pingreq{})
		heard := watch.Next()
		if m, ok := heard.(*mqtt.Publish); !ok || string(m.Payload) != "gone" {
			w.t.Errorf("after DISCONNECT with %v no will", reason)
		} else {
			watch.Expect(&mqtt.Pingresp{})
		}
	}
}

func willProperties(w *world) {
	var user []byte
	for _, kv := range [][2]string{{"b", "1"}, {"a", "2"}, {"b", "1"}, {"", ""}} {
		user = mqtt.AppendUserProperty(user, kv[0], kv[1])
	}
	watch := watcher(w)
	w.connect("c", willing, func(p *mqtt.Connect) { p.Will.Properties.Forward = user }).drop()
	want := pub("will", "gone", 0, 0)
	want.Properties.Forward = user
	watch.Expect(want)
}
