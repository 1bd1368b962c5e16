package listener

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"snbroker/broker"
	"snbroker/internal/mqtt"
	"snbroker/internal/mqtt/mqtttest"
)

// Every QoS of a publisher with every QoS of a subscriber, in every version on
// both sides.
func TestPublishAndSubscribe(t *testing.T) {
	onBoth(t, nil, func(t *testing.T, w *world) {
		for _, from := range versions {
			for _, to := range versions {
				p := w.connect(from, "p")
				for qos := range mqtt.QoS(3) {
					s := w.connect(to, "s")
					s.Subscribe(filter("a/+", qos))
					n := uint16(0)
					for sent := range mqtt.QoS(3) {
						p.Publish(pub("a/b", "payload", sent, 7))
						want := pub("a/b", "payload", min(sent, qos), 0)
						if want.QoS > 0 {
							n++
							want.PacketID = n
						}
						s.Expect(want)
						switch want.QoS {
						case mqtt.QoS1:
							s.Say(&mqtt.Puback{PacketID: n})
						case mqtt.QoS2:
							s.Say(&mqtt.Pubrec{PacketID: n})
							s.Expect(&mqtt.Pubrel{PacketID: n})
							s.Say(&mqtt.Pubcomp{PacketID: n})
						}
						s.Silence()
					}
					p.Publish(pub("b/b", "elsewhere", 1, 8))
					s.Say(&mqtt.Unsubscribe{PacketID: 5, Filters: [][]byte{[]byte("a/+"), []byte("nothing")}})
					codes := []mqtt.ReasonCode{mqtt.ReasonSuccess, mqtt.ReasonNoSubscriptionExisted}
					s.Expect(&mqtt.Unsuback{PacketID: 5, ReasonCodes: codes})
					p.Publish(pub("a/b", "late", 2, 9))
					s.Disconnect()
				}
				p.Disconnect()
			}
		}
	})
}

// What is acknowledged how, in MQTT 5 and before.
func TestAcknowledgements(t *testing.T) {
	onBoth(t, nil, func(t *testing.T, w *world) {
		for _, v := range versions {
			reason := func(r mqtt.ReasonCode) mqtt.ReasonCode {
				if v == mqtt.V5 {
					return r
				}
				return 0
			}
			none, unknown := reason(mqtt.ReasonNoMatchingSubscribers), reason(mqtt.ReasonPacketIDNotFound)
			c := w.connect(v, "c")
			c.Say(pub("a", "x", 1, 1), pub("a", "x", 0, 0), pub("a", "x", 2, 2), pub("a", "x", 2, 2),
				&mqtt.Pubrel{PacketID: 2}, &mqtt.Pubrel{PacketID: 2}, &mqtt.Pubrec{PacketID: 70},
				&mqtt.Puback{PacketID: 71}, &mqtt.Pubcomp{PacketID: 72}, &mqtt.Pingreq{})
			c.Expect(&mqtt.Puback{PacketID: 1, ReasonCode: none}, &mqtt.Pubrec{PacketID: 2, ReasonCode: none}, &mqtt.Pubrec{PacketID: 2},
				&mqtt.Pubcomp{PacketID: 2}, &mqtt.Pubcomp{PacketID: 2, ReasonCode: unknown}, &mqtt.Pubrel{PacketID: 70, ReasonCode: unknown},
				&mqtt.Pingresp{})
		}
	})
}

func TestRetained(t *testing.T) {
	onBoth(t, nil, func(t *testing.T, w *world) {
		for _, v := range versions {
			p := w.connect(v, "p")
			m := kept("r/1", "kept", 1, 1)
			p.Publish(m)
			s := w.connect(v, "s")
			s.Subscribe(filter("r/#", 1))
			s.Expect(kept("r/1", "kept", 1, 1))
			m.Payload = []byte("newer")
			p.Publish(m)
			s.Expect(pub("r/1", "newer", 1, 2)) // live, so without RETAIN
			m.Payload = nil
			p.Publish(m)
			s.Expect(pub("r/1", "", 1, 3))
			s.Subscribe(filter("r/1", 0))
			s.Silence()
		}
	})
}

func TestSubscriptionOptions5(t *testing.T) {
	onBoth(t, nil, func(t *testing.T, w *world) {
		p := w.connect(mqtt.V5, "p")
		p.Publish(kept("a/r", "kept", 0, 0))

		c := w.connect(mqtt.V5, "c")
		for handling, want := range [][2]bool{{true, true}, {true, false}, {false, false}} {
			f := filter("a/r", 0)
			f.RetainHandling = uint8(handling)
			for i, comes := range want {
				c.Subscribe(f)
				if comes {
					c.Expect(kept("a/r", "kept", 0, 0))
				}
				c.Silence()
				if t.Failed() {
					t.Fatalf("retain handling %d, subscription %d", handling, i)
				}
			}
			c.Unsubscribe("a/r")
		}

		// No-local, retain as published, and identifiers of all that match.
		c.Say(&mqtt.Subscribe{PacketID: 1, Filters: []mqtt.Filter{{TopicFilter: []byte("b/+"), NoLocal: true, RetainAsPublished: true}},
			Properties: mqtt.SubscribeProperties{SubscriptionID: 300}})
		c.Expect(&mqtt.Suback{PacketID: 1, ReasonCodes: []mqtt.ReasonCode{0}})
		c.Publish(pub("b/x", "own", 0, 0))
		p.Publish(kept("b/x", "other", 0, 0))
		want := kept("b/x", "other", 0, 0)
		want.Properties.SubscriptionIDs = []uint32{300}
		c.Expect(want)
		c.Say(&mqtt.Subscribe{PacketID: 2, Filters: []mqtt.Filter{{TopicFilter: []byte("b/x"), QoS: 1, RetainHandling: 2}},
			Properties: mqtt.SubscribeProperties{SubscriptionID: 1}})
		c.Expect(&mqtt.Suback{PacketID: 2, ReasonCodes: []mqtt.ReasonCode{1}})
		p.Publish(pub("b/x", "both", 1, 1))
		got, ok := c.Next().(*mqtt.Publish)
		if !ok || got.QoS != 1 || len(got.Properties.SubscriptionIDs) != 2 ||
			got.Properties.SubscriptionIDs[0]+got.Properties.SubscriptionIDs[1] != 301 {
			t.Fatalf("heard %+v", got)
		}
	})
}

func TestSubscribeSeveral(t *testing.T) {
	onBoth(t, func(s *settings) { s.MaxSubscriptions = 2 }, func(t *testing.T, w *world) {
		for _, v := range versions {
			c := w.connect(v, "c")
			c.Say(&mqtt.Subscribe{PacketID: 3, Filters: []mqtt.Filter{filter("a", 2), filter("b", 0), filter("c", 1), filter("a", 1)}})
			c.Expect(&mqtt.Suback{PacketID: 3, ReasonCodes: []mqtt.ReasonCode{2, 0, mqtt.ReasonQuotaExceeded, 1}})
			c.Disconnect()
		}
	})
}

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

// A full store of retained messages refuses a message, not its client.
func TestRetainedFull5(t *testing.T) {
	onBoth(t, func(s *settings) { s.MaxRetained = 0 }, func(t *testing.T, w *world) {
		c := w.connect(mqtt.V5, "c")
		for qos := mqtt.QoS1; qos <= mqtt.QoS2; qos++ {
			c.Say(kept("a", "x", qos, 1))
			if qos == mqtt.QoS1 {
				c.Expect(&mqtt.Puback{PacketID: 1, ReasonCode: mqtt.ReasonQuotaExceeded})
			} else {
				c.Expect(&mqtt.Pubrec{PacketID: 1, ReasonCode: mqtt.ReasonQuotaExceeded})
			}
		}
		c.Silence()
	})
}

// Whatever a client does wrong ends its connection alone, with the reason in
// MQTT 5, and is counted.
func TestMalformed(t *testing.T) {
	const malformed, wrong = mqtt.ReasonMalformedPacket, mqtt.ReasonProtocolError
	cases := []struct {
		name string
		v    mqtt.Version
		sent string
		want mqtt.ReasonCode
	}{
		{"type 0", mqtt.V5, "00 00", malformed},
		{"PUBLISH, QoS 3", mqtt.V5, "36 [ 0001'a' 0001 00 ]", malformed},
		{"PUBLISH, wildcard", mqtt.V5, "30 [ 0003'a/#' 00 ]", malformed},
		{"PUBLISH, cut off", mqtt.V5, "30 [ 0009'a' ]", malformed},
		{"PUBLISH, not UTF-8", mqtt.V5, "30 [ 0001 ff 00 ]", malformed},
		{"PUBLISH, id 0", mqtt.V5, "32 [ 0001'a' 0000 00 ]", wrong},
		{"PUBLISH, no topic", mqtt.V5, "30 [ 0000 00 ]", wrong},
		{"PUBLISH, alias 0", mqtt.V5, "30 [ 0001'a' [ 230000 ] ]", mqtt.ReasonTopicAliasInvalid},
		{"PUBLISH, DUP at QoS 0", mqtt.V5, "38 [ 0001'a' 00 ]", malformed},
		{"PUBLISH, a server's property", mqtt.V5, "30 [ 0001'a' [ 0b01 ] ]", wrong},
		{"SUBSCRIBE, flags", mqtt.V5, "80 [ 0001 00 0001'a' 00 ]", malformed},
		{"SUBSCRIBE, no filter", mqtt.V5, "82 [ 0001 00 ]", wrong},
		{"SUBSCRIBE, QoS 3", mqtt.V5, "82 [ 0001 00 0001'a' 03 ]", wrong},
		{"SUBSCRIBE, bad filter", mqtt.V5, "82 [ 0001 00 0002'a#' 00 ]", malformed},
		{"length", mqtt.V5, "30 ffffffff01", malformed},
		{"length not minimal", mqtt.V5, "c0 8000", malformed},
		{"PINGREQ with a body", mqtt.V5, "c0 [ 00 ]", malformed},
		{"CONNACK", mqtt.V5, "20 [ 0000 00 ]", wrong},
		{"PINGRESP", mqtt.V5, "d0 00", wrong},
		{"DISCONNECT, unknown reason", mqtt.V5, "e0 [ 77 00 ]", wrong},
		{"AUTH unasked", mqtt.V5, "f0 [ 18 [ 150001'm' ] ]", wrong},
		{"3.1.1 PUBLISH, QoS 3", mqtt.V311, "36 [ 0001'a' 0001 ]", 0},
		{"3.1.1 AUTH", mqtt.V311, "f0 00", 0},
		{"3.1 type 0", mqtt.V31, "00 00", 0},
	}
	onBoth(t, nil, func(t *testing.T, w *world) {
		watch := w.connect(mqtt.V311, "watch")
		watch.Subscribe(filter("alive", 0))
		for i, c := range cases {
			p := w.connect(c.v, "bad")
			p.SendHex("30 [ 0005'alive'" + map[bool]string{true: "00", false: ""}[c.v == mqtt.V5] + "'x' ]" + c.sent)
			p.Ended(c.want)
			watch.Expect(pub("alive", "x", 0, 0)) // what came before it counts
			until(t, c.name+" is counted", func() bool { return w.Stats().ProtocolError == uint64(i+1) })
			if t.Failed() {
				t.Fatal(c.name)
			}
		}
		watch.Silence()
	})
}

func TestDisconnects(t *testing.T) {
	onBoth(t, nil, func(t *testing.T, w *world) {
		for _, v := range versions {
			c := w.connect(v, "c")
			c.Say(&mqtt.Disconnect{}, pub("a", "after the end", 0, 0))
			c.Closed()
		}
		if n := w.broker.Stats().Published; n != 0 {
			t.Errorf("%d messages were taken after DISCONNECT", n)
		}
		if n := w.Stats().ProtocolError; n != 0 {
			t.Errorf("%d protocol errors are counted", n)
		}
	})
}

// conversation is what a client says, from CONNECT on, and what it hears after
// CONNACK.
func conversation(t testing.TB, v mqtt.Version) (sent, heard []byte) {
	sent = mqtttest.Encode(t, v, &mqtt.Connect{Version: v, CleanStart: true, ClientID: []byte("c")},
		&mqtt.Pingreq{},
		&mqtt.Subscribe{PacketID: 10, Filters: []mqtt.Filter{filter("c/#", 0)}},
		pub("d", "nobody", 2, 11),
		&mqtt.Pubrel{PacketID: 11},
		&mqtt.Unsubscribe{PacketID: 13, Filters: [][]byte{[]byte("x")}},
		pub("c/own", "x", 1, 12))
	nobody := mqtt.ReasonSuccess
	if v == mqtt.V5 {
		nobody = mqtt.ReasonNoMatchingSubscribers
	}
	heard = mqtttest.Encode(t, v, &mqtt.Pingresp{}, &mqtt.Suback{PacketID: 10, ReasonCodes: []mqtt.ReasonCode{0}},
		&mqtt.Pubrec{PacketID: 11, ReasonCode: nobody}, &mqtt.Pubcomp{PacketID: 11},
		&mqtt.Unsuback{PacketID: 13, ReasonCodes: []mqtt.ReasonCode{mqtt.ReasonNoSubscriptionExisted}},
		pub("c/own", "x", 0, 0), &mqtt.Puback{PacketID: 12})
	return sent, heard
}

// The same octets in two pieces, cut at every place, and one by one. A write to
// a pipe ends when it has been read, so the cuts are where they are made.
func TestPacketsInPieces(t *testing.T) {
	for _, v := range versions {
		sent, want := conversation(t, v)
		run := func(pieces ...[]byte) {
			t.Helper()
			w := overPipes(t, nil)
			defer w.shut()
			c := w.dial(v)
			go func() {
				for _, b := range pieces {
					if _, err := c.Write(b); err != nil {
						return
					}
				}
			}()
			if ack := c.Frame(); len(ack) == 0 || ack[0] != byte(mqtt.TypeConnack)<<4 {
				t.Fatalf("%v: heard %x", v, ack)
			}
			sameWords(t, c, want)
			c.Disconnect()
		}
		for i := 1; i < len(sent); i++ {
			run(sent[:i], sent[i:])
		}
		single := make([][]byte, len(sent))
		for i := range sent {
			single[i] = sent[i : i+1]
		}
		run(single...)
	}
}

// sameWords checks that a client hears these packets, the acknowledgements in
// this order and deliveries anywhere between them.
func sameWords(t *testing.T, c *mqtttest.Peer, want []byte) {
	t.Helper()
	var got, wanted, deliveries, promised []string
	note := func(b []byte, acks, publishes *[]string) {
		line := mqtt.Describe(b, c.Version)
		if strings.HasPrefix(line, "PUBLISH") {
			acks = publishes
		}
		*acks = append(*acks, line)
	}
	for len(want) > 0 {
		n, _ := mqtt.PeekFrame(want, mqtt.MaxRemainingLength)
		note(want[:n], &wanted, &promised)
		note(c.Frame(), &got, &deliveries)
		want = want[n:]
	}
	g, w := strings.Join(append(got, deliveries...), "\n  "), strings.Join(append(wanted, promised...), "\n  ")
	if g != w {
		t.Fatalf("heard\n  %s\nwant\n  %s", g, w)
	}
}

// All of a connection's packets in one write.
func TestPacketsInOneWrite(t *testing.T) {
	onBoth(t, nil, func(t *testing.T, w *world) {
		for _, v := range versions {
			sent, want := conversation(t, v)
			c := w.dial(v)
			c.Send(sent)
			if ack := c.Frame(); len(ack) == 0 || ack[0] != byte(mqtt.TypeConnack)<<4 {
				t.Fatalf("%v: heard %x", v, ack)
			}
			sameWords(t, c, want)
			c.Disconnect()
		}
	})
}

func TestLargePayload(t *testing.T) {
	onBoth(t, func(s *settings) { s.MaxPacket = 2 << 20 }, func(t *testing.T, w *world) {
		payload := make([]byte, 1<<20)
		for i := range payload {
			payload[i] = byte(i * 31 >> 3)
		}
		for _, v := range versions {
			c := w.connect(v, "c")
			c.Subscribe(filter("a", 2))
			m := pub("a", string(payload), 2, 1)
			got := make(chan []byte, 2) // pipes need a reader
			go func() { got <- c.Frame(); got <- c.Frame() }()
			c.Say(m)
			ack, large := <-got, <-got
			if len(ack) > len(large) {
				ack, large = large, ack
			}
			if mqtt.PacketType(ack[0]>>4) != mqtt.TypePubrec || !bytes.HasSuffix(large, payload) {
				t.Fatalf("%v: heard %s and %d octets", v, mqtt.Describe(ack, v), len(large))
			}
			c.Say(&mqtt.Pubrel{PacketID: 1}, &mqtt.Pubrec{PacketID: 1})
			c.Expect(&mqtt.Pubcomp{PacketID: 1}, &mqtt.Pubrel{PacketID: 1})
			c.Say(&mqtt.Pubcomp{PacketID: 1})
			c.Silence()
		}
	})
}

// A subscriber that does not read holds up nobody: its messages are dropped
// and counted, and when it reads again it gets what was kept, whole and in
// order.
func TestSlowReader(t *testing.T) {
	const messages, size = 1500, 16 << 10
	onBoth(t, func(s *settings) { s.MaxQueued, s.SlowAt = 20, 0 }, func(t *testing.T, w *world) {
		slow := w.connect(mqtt.V311, "slow")
		slow.Subscribe(filter("a", 0))
		good := w.connect(mqtt.V311, "good")
		good.Subscribe(filter("a", 1))
		p := w.connect(mqtt.V311, "p")
		payload := make([]byte, size)
		for i := range uint32(messages) {
			binary.BigEndian.PutUint32(payload, i)
			p.Publish(pub("a", string(payload), 1, 1))
			got, ok := good.Next().(*mqtt.Publish)
			if !ok || binary.BigEndian.Uint32(got.Payload) != i {
				t.Fatalf("the good reader heard %+v", got)
			}
			good.Say(&mqtt.Puback{PacketID: got.PacketID})
		}
		lost := w.broker.Stats().Dropped[broker.DropQueueFull]
		if lost == 0 || lost >= messages {
			t.Fatalf("%d of %d messages are counted as dropped", lost, messages)
		}
		last := -1
		for range messages - int(lost) {
			got, ok := slow.Next().(*mqtt.Publish)
			if !ok || len(got.Payload) != size {
				t.Fatalf("the slow reader heard %T", got)
			}
			if i := int(binary.BigEndian.Uint32(got.Payload)); i <= last {
				t.Fatalf("message %d came after %d", i, last)
			} else {
				last = i
			}
		}
		if last != messages-1 {
			t.Errorf("the last message was %d: not the oldest were dropped", last)
		}
		slow.Silence()
	})
}

// A client that asks and asks and does not read the answers is disconnected
// before they fill the memory.
func TestAnswersUnread(t *testing.T) {
	w := overTCP(t, nil)
	c := w.connect(mqtt.V311, "c")
	pings := bytes.Repeat([]byte{byte(mqtt.TypePingreq) << 4, 0}, 32<<10)
	c.SetWriteDeadline(time.Now().Add(mqtttest.Patience))
	const most = 64 << 20 // what sockets hold, and then some
	for sent := 0; ; sent += len(pings) {
		if _, err := c.Write(pings); errors.Is(err, os.ErrDeadlineExceeded) || sent > most {
			t.Fatalf("after %d octets the client is still there: %v", sent, err)
		} else if err != nil {
			break
		}
	}
	until(t, "the connection's end", func() bool { return w.Stats().Connections == 0 })
}

// A client that leaves unread what it was sent is disconnected after the write
// timeout.
func TestWriteTimeout(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, w *world) {
		slow := w.connect(mqtt.V311, "slow")
		slow.Subscribe(filter("a", 0))
		w.connect(mqtt.V311, "p").Publish(pub("a", "x", 1, 1))
		for _, c := range []struct {
			wait time.Duration
			left int
		}{{30*time.Second - 1, 2}, {1, 1}} {
			time.Sleep(c.wait)
			synctest.Wait()
			if n := w.Stats().Connections; n != c.left {
				t.Errorf("%d connections, want %d", n, c.left)
			}
		}
	})
}

// Close ends, when its context does, connections whose clients do not read.
func TestCloseWithStuckClient(t *testing.T) {
	w := overTCP(t, func(s *settings) { s.MaxQueued = 10_000; s.MaxQueuedBytes = 1 << 30; s.SlowAt = 0 })
	slow := w.connect(mqtt.V5, "slow")
	slow.Subscribe(filter("a", 0))
	p := w.connect(mqtt.V311, "p")
	payload := strings.Repeat("x", 64<<10)
	for range 300 { // more than sockets hold
		p.Publish(pub("a", payload, 1, 1))
	}
	w.shutWithin(50 * time.Millisecond)
	if left := connGoroutines(); len(left) > 0 {
		t.Errorf("after Close there are still\n%s", strings.Join(left, "\n\n"))
	}
}
