package listener

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"snbroker/broker"
	"snbroker/internal/mqtt"
)

// What messages have in MQTT 5 alone.

func TestTopicAliases5(t *testing.T) {
	onBoth(t, func(s *settings) { s.TopicAliasMaximum = 2 }, func(t *testing.T, w *world) {
		watch := w.connect(mqtt.V311, "watch")
		watch.Subscribe(filter("#", 0))
		aliased := func(topic, payload string, alias uint16) *mqtt.Publish {
			m := pub(topic, payload, 0, 0)
			m.Properties.TopicAlias = alias
			return m
		}
		c := w.connect(mqtt.V5, "c")
		c.Say(aliased("one", "1", 1), aliased("two", "2", 2), aliased("", "3", 1), aliased("", "4", 2), aliased("three", "5", 1), aliased("", "6", 1))
		for _, want := range []string{"one 1", "two 2", "one 3", "two 4", "three 5", "three 6"} {
			topic, payload, _ := strings.Cut(want, " ")
			watch.Expect(pub(topic, payload, 0, 0))
		}
		for _, bad := range []struct {
			m    *mqtt.Publish
			want mqtt.ReasonCode
		}{
			{aliased("x", "x", 3), mqtt.ReasonTopicAliasInvalid},
			{aliased("", "x", 2), mqtt.ReasonProtocolError},
		} {
			c := w.connect(mqtt.V5, "fresh") // aliases end with the connection
			c.Say(bad.m)
			c.Expect(&mqtt.Disconnect{ReasonCode: bad.want})
			c.Closed()
		}
		watch.Silence()
	})
}

func TestForwardedProperties5(t *testing.T) {
	onBoth(t, nil, func(t *testing.T, w *world) {
		s := w.connect(mqtt.V5, "s")
		s.Subscribe(filter("a", 0))
		old := w.connect(mqtt.V311, "old")
		old.Subscribe(filter("a", 0))
		m := pub("a", "x", 1, 1)
		f := mqtt.AppendUserProperty(nil, "b", "1")
		f = mqtt.AppendResponseTopic(f, "answer/here")
		f = mqtt.AppendUserProperty(f, "a", "2")
		f = mqtt.AppendCorrelationData(f, []byte{0, 1, 2})
		f = mqtt.AppendUserProperty(f, "b", "1")
		f = mqtt.AppendPayloadFormat(f, 1)
		m.Properties.Forward = mqtt.AppendContentType(f, "text/plain")
		w.connect(mqtt.V5, "p").Publish(m)
		want := pub("a", "x", 0, 0)
		want.Properties.Forward = m.Properties.Forward
		s.Expect(want)
		old.Expect(pub("a", "x", 0, 0))
	})
}

func TestMessageExpiry5(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, w *world) {
		s := w.connect(mqtt.V5, "s", lasting)
		s.Subscribe(filter("a", 1))
		s.Disconnect()
		p := w.connect(mqtt.V5, "p")
		for i, seconds := range []uint32{0, 3, 10, 100} {
			m := pub("a", fmt.Sprint(seconds), 1, uint16(i+1))
			m.Properties.MessageExpiry, m.Properties.HasMessageExpiry = seconds, true
			p.Publish(m)
		}
		p.Publish(pub("a", "never", 1, 9))
		time.Sleep(3500 * time.Millisecond)
		s = w.connect(mqtt.V5, "s", lasting)
		for i, c := range []struct {
			payload string
			left    uint32
		}{{"10", 7}, {"100", 97}, {"never", 0}} {
			want := pub("a", c.payload, 1, uint16(i+1))
			want.Properties.MessageExpiry, want.Properties.HasMessageExpiry = c.left, c.left > 0
			s.Expect(want)
		}
		s.Silence()
		if n := w.broker.Stats().Dropped[broker.DropExpired]; n != 2 {
			t.Errorf("%d messages were counted as expired, want 2", n)
		}
	})
}

// What is larger than an MQTT 5 client takes is dropped for it alone, and does
// not stop what comes after it, even with a window of one.
func TestMaximumPacketSize5(t *testing.T) {
	onBoth(t, nil, func(t *testing.T, w *world) {
		small := w.connect(mqtt.V5, "small", func(p *mqtt.Connect) {
			p.Properties.MaximumPacketSize, p.Properties.ReceiveMaximum = 50, 1
		})
		small.Subscribe(filter("a", 1))
		other := w.connect(mqtt.V311, "other")
		other.Subscribe(filter("a", 0))
		p := w.connect(mqtt.V5, "p")
		exact := strings.Repeat("x", 50-8)
		for i, payload := range []string{exact + "x", exact, exact + "xx", "end"} {
			p.Publish(pub("a", payload, 1, uint16(i+1)))
			other.Expect(pub("a", payload, 0, 0))
		}
		got := small.Frame()
		if len(got) != 50 || !bytes.HasSuffix(got, []byte(exact)) {
			t.Fatalf("heard %d octets: %s", len(got), mqtt.Describe(got, mqtt.V5))
		}
		small.Say(&mqtt.Puback{PacketID: 2})
		small.Expect(pub("a", "end", 1, 4))
		small.Say(&mqtt.Puback{PacketID: 4})
		small.Silence()
		if n := w.broker.Stats().Dropped[broker.DropTooLarge]; n != 2 {
			t.Errorf("%d drops are counted, want 2", n)
		}
	})
}

func TestReceiveMaximum5(t *testing.T) {
	onBoth(t, func(s *settings) { s.MaxReceived = 2 }, func(t *testing.T, w *world) {
		s := w.connect(mqtt.V5, "s", func(p *mqtt.Connect) { p.Properties.ReceiveMaximum = 2 })
		s.Subscribe(filter("a", 2))
		p := w.connect(mqtt.V5, "p")
		for i := range uint16(4) {
			p.Publish(pub("a", fmt.Sprint(i), 1, i+1))
		}
		s.Expect(pub("a", "0", 1, 1), pub("a", "1", 1, 2))
		s.Silence()
		s.Say(&mqtt.Puback{PacketID: 2})
		s.Expect(pub("a", "2", 1, 3))
		s.Say(&mqtt.Puback{PacketID: 1}, &mqtt.Puback{PacketID: 3})
		s.Expect(pub("a", "3", 1, 4))

		// The other way: more QoS 2 than the broker keeps.
		p.Say(pub("b", "x", 2, 1), pub("b", "x", 2, 2), pub("b", "x", 2, 3))
		none := mqtt.ReasonNoMatchingSubscribers
		p.Expect(&mqtt.Pubrec{PacketID: 1, ReasonCode: none}, &mqtt.Pubrec{PacketID: 2, ReasonCode: none},
			&mqtt.Disconnect{ReasonCode: mqtt.ReasonReceiveMaximumExceeded})
		p.Closed()
	})
}
