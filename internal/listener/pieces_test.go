package listener

import (
	"bytes"
	"strings"
	"testing"

	"snbroker/internal/mqtt"
	"snbroker/internal/mqtt/mqtttest"
)

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
