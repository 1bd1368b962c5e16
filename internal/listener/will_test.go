package listener

import (
	"testing"
	"time"

	"snbroker/internal/mqtt"
	"snbroker/internal/mqtt/mqtttest"
)

func TestWills(t *testing.T) {
	for _, v := range versions {
		onBoth(t, nil, func(t *testing.T, w *world) {
			watch := w.connect(v, "watch")
			watch.Subscribe(filter("will/#", 1))
			n := uint16(0)
			start := func() *mqtttest.Peer {
				return w.connect(v, "c", func(p *mqtt.Connect) {
					p.Will = &mqtt.Will{Topic: []byte("will/c"), Payload: []byte("gone"), QoS: 1}
				})
			}
			fired := func() {
				t.Helper()
				n++
				watch.Expect(pub("will/c", "gone", 1, n))
				watch.Say(&mqtt.Puback{PacketID: n})
			}
			ended := func() {
				t.Helper()
				until(t, "the connection's end", func() bool { return w.Stats().Connections == 1 })
			}
			c := start()
			c.Disconnect()
			ended()
			watch.Silence()

			start().Close() // dropped
			fired()
			ended()

			c = start()
			c.SendHex("f3 00") // malformed
			c.Ended(mqtt.ReasonMalformedPacket)
			fired()
			ended()

			old := start() // taken over
			taken := make(chan *mqtttest.Peer)
			go func() { taken <- start() }()
			old.Ended(mqtt.ReasonSessionTakenOver)
			c = <-taken
			fired()
			if v == mqtt.V5 {
				c.Say(&mqtt.Disconnect{ReasonCode: mqtt.ReasonDisconnectWithWill})
				fired()
			} else {
				c.Say(&mqtt.Disconnect{})
			}
			c.Closed()
			ended()
			watch.Silence()
		})
	}
}

// A client that leaves and is back at once does not take itself over.
func TestLeavingAndComingBackAtOnceIsNoLoss(t *testing.T) {
	w := overTCP(t, nil)
	watch := w.connect(mqtt.V311, "watch")
	watch.Subscribe(filter("will", 0))
	for range 200 {
		c := w.connect(mqtt.V311, "c", func(p *mqtt.Connect) { p.Will = &mqtt.Will{Topic: []byte("will")} })
		c.Disconnect()
	}
	watch.Silence()
}

func TestWillProperties5(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, w *world) {
		watch := w.connect(mqtt.V5, "watch")
		watch.Subscribe(filter("will", 0))
		user := mqtt.AppendUserProperty(mqtt.AppendContentType(nil, "t"), "k", "v")
		c := w.connect(mqtt.V5, "c", func(p *mqtt.Connect) {
			lasting(p)
			p.Will = &mqtt.Will{Topic: []byte("will"), Payload: []byte("gone"), Retain: true}
			p.Will.Properties.WillDelay = 5
			p.Will.Properties.MessageExpiry, p.Will.Properties.HasMessageExpiry = 60, true
			p.Will.Properties.Forward = user
		})
		c.Close()
		start := time.Now()
		want := pub("will", "gone", 0, 0)
		want.Properties.MessageExpiry, want.Properties.HasMessageExpiry = 60, true
		want.Properties.Forward = user
		watch.Expect(want)
		if d := time.Since(start); d != 5*time.Second {
			t.Errorf("the will came after %v, want 5 s", d)
		}
		time.Sleep(10 * time.Second)
		want.Retain = true
		want.Properties.MessageExpiry = 50
		watch.Subscribe(filter("will", 0))
		watch.Expect(want)
		// An expiry of 0 leaves nothing to retain.
		c = w.connect(mqtt.V5, "d", func(p *mqtt.Connect) {
			p.Will = &mqtt.Will{Topic: []byte("will"), Payload: []byte("short"), Retain: true}
			p.Will.Properties.HasMessageExpiry = true
		})
		watch.Unsubscribe("will")
		c.Close()
		time.Sleep(time.Second)
		watch.Subscribe(filter("will", 0))
		watch.Silence()
	})
}
