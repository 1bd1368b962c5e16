package conformance

import (
	"context"
	"testing"

	"snbroker/internal/mqtt"
	"snbroker/internal/mqtt/mqtttest"
)

// DISCONNECT of MQTT 5, in both directions.

var disconnect5 = []proof{
	{"MQTT-3.14.0-1", both(overTCP(connackFirstInACrowd), overTCP(refusalIsNoDisconnect))},
	{"MQTT-3.14.1-1", ends(malformed, "e1 00", "e2 00", "e4 00", "e8 00", "ef 00")},
	{"MQTT-3.14.2-1", both(overTCP(disconnectCodes), ends(wrong, "e0 [ 01 ]", "e0 [ 8b ]", "e0 [ 8e ]", "e0 [ 87 ]", "e0 [ ff ]"))},
	{"MQTT-3.14.2-2", both(overTCP(disconnectCodes), ends(wrong, "e0 [ 00 [ 1100000001 ] ]"))},
	{"MQTT-3.14.2-3", overTCP(smallAnswers, fullOfTwo)},
	{"MQTT-3.14.2-4", overTCP(smallAnswers, fullOfTwo)},
	{"MQTT-3.14.4-1", both(overTCP(nothingAfterDisconnect), overTCP(nothingAfterTakeover))},
	{"MQTT-3.14.4-2", overTCP(disconnectCodes)},
}

// refusalIsNoDisconnect makes every mistake before CONNECT is over.
func refusalIsNoDisconnect(w *world) {
	for _, s := range []string{"00 00", "c000", "e000", "f000", "30 [ 0001'a' 00 ]", "10 ffff7f", "10 ffffffff01",
		"10 [ 0004'MQTT' 05 03 003c 00 0001'c' ]", "10 [ 0004'MQTT' 05 02 003c [ 150001'm' ] 0001'c' ] c000"} {
		c := w.dial()
		c.SendHex(s)
		if b := c.Frame(); b != nil {
			if b[0] != 0x20 {
				w.t.Errorf("%s: heard %x", s, b)
			}
			c.Closed()
		}
	}
}

// disconnectCodes gathers the server's DISCONNECTs: to the octet, so that
// nothing is in them but the reason, and with the end after them.
func disconnectCodes(w *world) {
	for _, c := range []struct {
		sent string
		want mqtt.ReasonCode
	}{
		{"00 00", malformed},
		{"d0 00", wrong},
		{"30 ffff7f", mqtt.ReasonPacketTooLarge},
		{"30 [ 0001'a' [ 23ffff ] ]", mqtt.ReasonTopicAliasInvalid},
	} {
		if !c.want.ValidIn(mqtt.TypeDisconnect, mqtt.FromServer) {
			w.t.Errorf("%v is not for a server", c.want)
		}
		p := w.connect("c", anew)
		p.SendHex(c.sent)
		p.Expect(&mqtt.Disconnect{ReasonCode: c.want})
		p.Closed()
	}
	old := w.connect("c", anew)
	c := w.connect("c", anew)
	old.Expect(&mqtt.Disconnect{ReasonCode: mqtt.ReasonSessionTakenOver})
	old.Closed()
	ctx, cancel := context.WithTimeout(context.Background(), mqtttest.Patience)
	defer cancel()
	w.listener.Close(ctx)
	c.Expect(&mqtt.Disconnect{ReasonCode: mqtt.ReasonServerShuttingDown})
	c.Closed()
}

// nothingAfterDisconnect has more to say to a client that has to go.
func nothingAfterDisconnect(w *world) {
	p := w.connect("p")
	for range 20 {
		s := w.connect("s", anew)
		s.Subscribe(filter("a", 1))
		done := make(chan struct{})
		go func() {
			defer close(done)
			for range 20 {
				p.Say(pub("a", "x", 0, 0))
			}
		}()
		s.SendHex("c000 00 00 c000 82 [ 0001 00 0001'b' 00 ]")
		for {
			b := s.Frame()
			if b == nil {
				w.t.Fatal("no DISCONNECT")
			}
			if b[0] == 0xe0 {
				break
			}
		}
		s.Closed()
		<-done
	}
}

// nothingAfterTakeover takes over from clients in the middle of what they say.
func nothingAfterTakeover(w *world) {
	old := w.connect("s")
	for range 50 {
		done := make(chan struct{})
		go func() {
			defer close(done)
			for range 20 {
				old.SendHex("c000 c000 c000 c000 82 [ 0001 00 0001'b' 00 ] c000")
			}
		}()
		next := w.connect("s")
		for b := old.Frame(); b != nil; b = old.Frame() {
			if b[0] == 0xe0 {
				old.Closed()
				break
			}
		}
		<-done
		old = next
	}
}

// What a client says after its own DISCONNECT is not heard.
func TestAfterClientsDisconnect(t *testing.T) {
	for _, v := range []mqtt.Version{mqtt.V311, mqtt.V5} {
		overTCP(func(w *world) {
			c := w.connect("c")
			c.Say(&mqtt.Disconnect{}, kept("a", "x", 1, 1))
			c.Closed()
			w.settle(0)
			if n := w.broker.Stats().Published; n != 0 {
				w.t.Errorf("%d messages were taken", n)
			}
		})(t, v)
	}
}
