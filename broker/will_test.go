package broker

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestWills(t *testing.T) {
	const delay, expiry = 10 * time.Second, time.Minute
	type world struct {
		b     *Broker
		watch *peer
		p     *peer
	}
	now := []string{"will=gone q1 #1"}
	for _, c := range []struct {
		name   string
		delay  time.Duration
		expiry time.Duration
		story  func(w *world)
		want   []string
	}{
		{"lost", 0, expiry, func(w *world) { w.p.close(true) }, now},
		{"normal DISCONNECT", 0, expiry, func(w *world) { w.p.close(false); time.Sleep(day) }, nil},
		{"lost, session ends", 0, 0, func(w *world) { w.p.close(true) }, now},
		{"deleted", 0, expiry, func(w *world) { w.p.SetWill(nil); w.p.close(true) }, nil},
		{"replaced", 0, expiry, func(w *world) {
			w.p.SetWill(&Will{Topic: "will", Payload: []byte("other")})
			w.p.close(true)
		}, []string{"will=other q0"}},
		{"delayed, too early", delay, expiry, func(w *world) { w.p.close(true); time.Sleep(delay - 1) }, nil},
		{"delayed, due", delay, expiry, func(w *world) { w.p.close(true); time.Sleep(delay) }, now},
		{"delayed, once", delay, expiry, func(w *world) { w.p.close(true); time.Sleep(day) }, now},
		{"delayed, session that never ends", delay, Never, func(w *world) { w.p.close(true); time.Sleep(delay) }, now},
		{"delayed, normal DISCONNECT", delay, expiry, func(w *world) { w.p.close(false); time.Sleep(day) }, nil},
		{"delayed, session resumed", delay, expiry, func(w *world) {
			w.p.close(true)
			time.Sleep(delay / 2)
			connect(t, w.b, ConnectOptions{ClientID: "c", Expiry: expiry})
			time.Sleep(day)
		}, nil},
		{"delayed, session resumed too late", delay, expiry, func(w *world) {
			w.p.close(true)
			time.Sleep(2 * delay)
			connect(t, w.b, ConnectOptions{ClientID: "c", Expiry: expiry})
		}, now},
		{"delayed, brought forward by the session's end", 2 * expiry, expiry, func(w *world) {
			w.p.close(true)
			time.Sleep(expiry)
		}, now},
		{"delayed, not before the session's end", 2 * expiry, expiry, func(w *world) {
			w.p.close(true)
			time.Sleep(expiry - 1)
		}, nil},
		{"delayed, session ends with the connection", delay, 0, func(w *world) { w.p.close(true) }, now},
		{"delayed, expiry taken away", delay, expiry, func(w *world) { w.p.SetExpiry(0); w.p.close(true) }, now},
		{"delayed, clean start", delay, expiry, func(w *world) {
			w.p.close(true)
			connect(t, w.b, ConnectOptions{ClientID: "c", CleanStart: true})
		}, now},
		{"delayed, taken over", delay, expiry, func(w *world) {
			connect(t, w.b, ConnectOptions{ClientID: "c", Expiry: expiry})
			time.Sleep(day)
		}, nil},
		{"delayed, taken over with a clean start", delay, expiry, func(w *world) {
			connect(t, w.b, ConnectOptions{ClientID: "c", CleanStart: true})
		}, now},
		{"delayed, taken over, session ends", delay, 0, func(w *world) {
			connect(t, w.b, ConnectOptions{ClientID: "c"})
		}, now},
		{"taken over", 0, expiry, func(w *world) {
			connect(t, w.b, ConnectOptions{ClientID: "c", Expiry: expiry})
		}, now},
		{"broker closed", delay, expiry, func(w *world) { w.p.close(true); w.b.Close(); time.Sleep(day) }, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := New(DefaultLimits())
				w := &world{b: b, watch: attach(t, b, ConnectOptions{ClientID: "watch", Expiry: Never})}
				w.watch.subscribe("will", SubscribeOptions{QoS: 1})
				w.p = attach(t, b, ConnectOptions{ClientID: "c", Expiry: c.expiry,
					Will: &Will{Topic: "will", Payload: []byte("gone"), QoS: 1, Delay: c.delay}})
				c.story(w)
				synctest.Wait()
				if !w.watch.Attached() { // the broker was closed
					w.watch.session.conn = w.watch.Conn
				}
				w.watch.hears(c.want...)
			})
		})
	}
}

// A will has the properties that it was given.
func TestWillIsAMessage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := New(DefaultLimits())
		watch := attach(t, b, ConnectOptions{ClientID: "watch"})
		watch.subscribe("will", SubscribeOptions{QoS: 2, RetainHandling: 2})
		p := attach(t, b, ConnectOptions{ClientID: "c", Will: &Will{Topic: "will", Payload: []byte("gone"),
			Forward: []byte("forward"), Expiry: time.Minute, QoS: 2, Retain: true}})
		p.subscribe("will", SubscribeOptions{NoLocal: true})
		p.close(true)
		got := watch.pull(2)
		if len(got) != 1 || string(got[0].Message.Forward) != "forward" || got[0].QoS != 2 ||
			!got[0].Message.Expires.Equal(time.Now().Add(time.Minute)) {
			t.Fatalf("the will came as %+v", got)
		}
		late := connect(t, b, ConnectOptions{ClientID: "late"})
		late.subscribe("will", SubscribeOptions{})
		late.hears("will=gone q0 retain")
		time.Sleep(time.Minute)
		late.subscribe("will", SubscribeOptions{})
		late.hears()
	})
}
