package listener

import (
	"testing"

	"snbroker/internal/mqtt"
)

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
