package listener

import (
	"net"
	"testing"
	"testing/synctest"
	"time"

	"snbroker/broker"
	"snbroker/internal/mqtt"
)

func TestTakeover(t *testing.T) {
	onBoth(t, nil, func(t *testing.T, w *world) {
		for _, v := range versions {
			old := w.connect(v, "c")
			w.connect(mqtt.V5, "c", func(p *mqtt.Connect) {
				p.Will = &mqtt.Will{Topic: []byte("will")}
			}).Silence()
			old.Ended(mqtt.ReasonSessionTakenOver)
		}
		if n := w.broker.Stats().Sessions; n != 1 {
			t.Errorf("%d sessions, want one", n)
		}
	})
}

// A session is resumed with what was on its way: the same packet identifiers,
// DUP, and a PUBREL where PUBREC had come.
func TestResumed(t *testing.T) {
	onBoth(t, nil, func(t *testing.T, w *world) {
		for _, v := range versions {
			p := w.connect(mqtt.V311, "pub")
			c := w.connect(v, "sub") // ends what the version before left
			c.Disconnect()
			c = w.connect(v, "sub", lasting)
			if c.Connack.SessionPresent {
				t.Errorf("%v: a new session is present", v)
			}
			c.Subscribe(filter("a/#", 2))
			p.Publish(pub("a/1", "one", 1, 1))
			p.Publish(pub("a/2", "two", 2, 2))
			p.Publish(pub("a/3", "three", 2, 3))
			c.Expect(pub("a/1", "one", 1, 1), pub("a/2", "two", 2, 2), pub("a/3", "three", 2, 3))
			c.Say(&mqtt.Pubrec{PacketID: 2})
			c.Expect(&mqtt.Pubrel{PacketID: 2})
			c.Close()
			until(t, "the connection's end", func() bool { return w.Stats().Connections == 1 })
			p.Publish(pub("a/4", "four", 1, 4))

			c = w.connect(v, "sub", lasting)
			if want := v != mqtt.V31; c.Connack.SessionPresent != want {
				t.Errorf("%v: session present %v, want %v", v, c.Connack.SessionPresent, want)
			}
			c.Expect(again("a/1", "one", 1, 1), &mqtt.Pubrel{PacketID: 2}, again("a/3", "three", 2, 3), pub("a/4", "four", 1, 4))
			c.Say(&mqtt.Puback{PacketID: 1}, &mqtt.Pubcomp{PacketID: 2}, &mqtt.Pubrec{PacketID: 3}, &mqtt.Puback{PacketID: 4})
			c.Expect(&mqtt.Pubrel{PacketID: 3})
			c.Say(&mqtt.Pubcomp{PacketID: 3})
			c.Silence()
			c.Close()
			until(t, "the connection's end", func() bool { return w.Stats().Connections == 1 })
			c = w.connect(v, "sub", lasting)
			c.Silence()
			c.Close()
			p.Close()
			until(t, "the connections' end", func() bool { return w.Stats().Connections == 0 })
		}
	})
}

func TestSessionExpiry5(t *testing.T) {
	inBubble(t, func(s *settings) { s.SessionExpiry = 100 * time.Second }, func(t *testing.T, w *world) {
		present := func(expiry uint32, change func(*mqtt.Disconnect), after time.Duration) bool {
			t.Helper()
			p := mqtt.ConnectProperties{SessionExpiry: expiry, HasSessionExpiry: true}
			c := w.connect(mqtt.V5, "c", func(c *mqtt.Connect) { c.Properties = p })
			if told := c.Connack.Properties.HasSessionExpiry; told != (expiry > 100) || told && c.Connack.Properties.SessionExpiry != 100 {
				t.Errorf("asked for %d s, told %v %d", expiry, told, c.Connack.Properties.SessionExpiry)
			}
			d := &mqtt.Disconnect{}
			if change != nil {
				change(d)
			}
			c.Say(d)
			c.Closed()
			time.Sleep(after)
			synctest.Wait()
			again := w.connect(mqtt.V5, "c", func(c *mqtt.Connect) { c.CleanStart = false })
			again.Disconnect()
			return again.Connack.SessionPresent
		}
		to := func(seconds uint32) func(*mqtt.Disconnect) {
			return func(d *mqtt.Disconnect) {
				d.Properties.SessionExpiry, d.Properties.HasSessionExpiry = seconds, true
			}
		}
		for _, c := range []struct {
			expiry uint32
			change func(*mqtt.Disconnect)
			after  time.Duration
			want   bool
		}{
			{0, nil, 0, false},
			{10, nil, 10*time.Second - 1, true},
			{10, nil, 10 * time.Second, false},
			{0xFFFFFFFF, nil, 100*time.Second - 1, true}, // bounded by the listener
			{0xFFFFFFFF, nil, 100 * time.Second, false},
			{10, to(50), 50*time.Second - 1, true},
			{10, to(50), 50 * time.Second, false},
			{10, to(0), 0, false},
			{10, to(0xFFFFFFFF), 100 * time.Second, false},
		} {
			if got := present(c.expiry, c.change, c.after); got != c.want {
				t.Errorf("expiry %d, changed %v, after %v: present %v", c.expiry, c.change != nil, c.after, got)
			}
		}
		// [MQTT-3.14.2-2]: none at CONNECT, none at DISCONNECT.
		c := w.connect(mqtt.V5, "c")
		d := &mqtt.Disconnect{}
		to(10)(d)
		c.Say(d)
		c.Expect(&mqtt.Disconnect{ReasonCode: mqtt.ReasonProtocolError})
		c.Closed()
	})
}

// What has become of a delivery, or of a message, is not for a connection to say
// whose session another one has: it is sent again by that one.
func TestAnswersOfAConnectionTakenOver(t *testing.T) {
	w := overPipes(t, nil)
	ours, theirs := net.Pipe()
	defer theirs.Close()
	c := newConn(w.Listener, w.Listener.cfg, ours)
	c.version = mqtt.V311
	var turn broker.Turn
	var err error
	c.session, _, err = w.broker.Connect(broker.ConnectOptions{ClientID: "c", Expiry: broker.Never}, c, &turn)
	must(t, err)
	w.connect(mqtt.V311, "c", lasting)
	work := takeWorker()
	defer work.release()
	work.decoder.Version = c.version
	for _, p := range []mqtt.Packet{&mqtt.Pubrec{PacketID: 1}, &mqtt.Pubrel{PacketID: 1}} {
		frame, err := p.AppendTo(nil, c.version)
		must(t, err)
		if err := c.packet(work, frame); err != errTakenOver || len(work.acks) > 0 {
			t.Errorf("%v: %v, answered % x", p.Type(), err, work.acks)
		}
	}
}
