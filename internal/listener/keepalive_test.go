package listener

import (
	"testing"
	"time"

	"snbroker/internal/mqtt"
)

func TestKeepAlive(t *testing.T) {
	for _, v := range versions {
		inBubble(t, nil, func(t *testing.T, w *world) {
			watch := w.connect(mqtt.V311, "watch")
			watch.Subscribe(filter("will", 0))
			c := w.connect(v, "c", func(p *mqtt.Connect) {
				p.KeepAlive = 10
				p.Will = &mqtt.Will{Topic: []byte("will"), Payload: []byte("gone")}
			})
			for range 20 { // as long as it says something
				time.Sleep(15*time.Second - 1)
				c.Silence()
			}
			start := time.Now()
			c.Ended(mqtt.ReasonKeepAliveTimeout)
			if silent := time.Since(start); silent != 15*time.Second {
				t.Errorf("%v: disconnected after %v, want one and a half keep-alives", v, silent)
			}
			watch.Expect(pub("will", "gone", 0, 0))
		})
	}
}

// The same once with a real socket and a real clock.
func TestKeepAliveOnSocket(t *testing.T) {
	t.Parallel()
	w := overTCP(t, nil)
	c := w.connect(mqtt.V5, "c", func(p *mqtt.Connect) { p.KeepAlive = 1 })
	c.Silence()
	c.Expect(&mqtt.Disconnect{ReasonCode: mqtt.ReasonKeepAliveTimeout})
	c.Closed()
}

func TestServerKeepAlive(t *testing.T) {
	inBubble(t, func(s *settings) { s.MaxKeepAlive = 30 * time.Second }, func(t *testing.T, w *world) {
		for _, c := range []struct {
			asked uint16
			told  bool
		}{{0, true}, {29, false}, {30, false}, {31, true}, {65535, true}} {
			p := w.connect(mqtt.V5, "c", func(p *mqtt.Connect) { p.KeepAlive = c.asked }).Connack.Properties
			if p.HasServerKeepAlive != c.told || c.told && p.ServerKeepAlive != 30 {
				t.Errorf("asked for %d, told %v %d", c.asked, p.HasServerKeepAlive, p.ServerKeepAlive)
			}
		}
		c := w.connect(mqtt.V311, "old") // cannot be told, is held to it
		start := time.Now()
		c.SetReadDeadline(time.Time{})
		if _, err := c.Read(make([]byte, 1)); err == nil || time.Since(start) != 45*time.Second {
			t.Errorf("%v after %v, want the end after 45 s", err, time.Since(start))
		}
	})
}
