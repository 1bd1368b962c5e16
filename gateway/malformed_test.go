package gateway

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"snbroker/internal/mqtt"
	"snbroker/mqttsn"
)

// A connected device is served on whatever others send.
func TestBadInputDisturbsNobody(t *testing.T) {
	play(t, nil, func(w *world) {
		d, bad := w.device("10.0.0.2:4000"), w.device("10.0.0.3:4000")
		d.connect("c1", true, 600)
		id := d.subscribe("t", mqttsn.QoS1)
		for i, b := range [][]byte{
			{}, {1}, {1, 0}, {1, 0, 4}, {1, 0, 3, 0x17}, {0, 0x16}, {2}, {2, 3}, {2, 0xFE}, {3, 0xFE, 0, 2, 0x16},
			{4, 0xFE, 0, 1, 4, 0xFE, 0, 2, 2, 0x16}, {4, 0xFE, 0, 1, 2, 0x16, 0xFF}, {1, 0, 6, 0xFE, 0, 1, 2, 0x16},
			bytes.Repeat([]byte{0xFE}, 65000), bytes.Repeat([]byte{1}, 65000), bytes.Repeat([]byte{0}, 65507),
		} {
			bad.sendRaw(b)
			d.sendRaw(b) // its own noise, too
			w.publish("t", "x", mqtt.QoS1, false)
			d.expect(&mqttsn.Publish{QoS: mqttsn.QoS1, TopicID: id, MsgID: mqttsn.MsgID(i + 1), Data: []byte("x")})
			d.send(&mqttsn.PubAck{TopicID: id, MsgID: mqttsn.MsgID(i + 1)})
		}
		var malformed uint64
		for _, n := range w.gateway.Stats().Malformed {
			malformed += n
		}
		if malformed != 32 {
			t.Errorf("%d malformed datagrams were counted, want 32", malformed)
		}
		d.expectSilence(time.Second)
	})
}

func TestFloodFromManyAddresses(t *testing.T) {
	play(t, nil, func(w *world) {
		d := w.device("10.0.0.2:4000")
		d.connect("c1", true, 600)
		id := d.subscribe("t", mqttsn.QoS1)
		const strangers = 10_000
		for i := range strangers {
			bad := w.device(fmt.Sprintf("10.1.%d.%d:4000", i/250, i%250+1))
			bad.send(&mqttsn.PingReq{})
			bad.conn.Close()
		}
		s := w.gateway.Stats()
		if s.Refused != strangers || s.Refused-s.Hushed > uint64(strangerRate)+1 {
			t.Errorf("%d refused, %d of them not answered; at most %v answers a second are allowed", s.Refused, s.Hushed, strangerRate)
		}
		if n := len(w.gateway.byPeer); n != 1 {
			t.Errorf("%d peers are remembered, want 1", n)
		}
		w.publish("t", "x", mqtt.QoS1, false)
		d.expect(&mqttsn.Publish{QoS: mqttsn.QoS1, TopicID: id, MsgID: 1, Data: []byte("x")})
	})
}

func TestDevicesAreBounded(t *testing.T) {
	play(t, func(c *Config, _ *LinkOptions) { c.MaxDevices = 2 }, func(w *world) {
		for i := range 3 {
			d := w.device(fmt.Sprintf("10.0.0.%d:4000", i+2))
			d.send(&mqttsn.Connect{ProtocolID: 1, ClientID: fmt.Appendf(nil, "c%d", i)})
			want := mqttsn.ReturnAccepted
			if i == 2 {
				want = mqttsn.ReturnCongestion
			}
			d.expect(&mqttsn.ConnAck{ReturnCode: want})
		}
	})
}
