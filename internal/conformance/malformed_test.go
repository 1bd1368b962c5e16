package conformance

import (
	"bytes"
	"fmt"
	"strings"

	"snbroker/internal/mqtt"
	"snbroker/internal/mqtt/mqtttest/octets"
)

// Strings, headers, packet identifiers, and what is done about bad ones.

var encoding311 = []proof{
	{"MQTT-1.5.3-1", both(
		noEntry("10 [ 0004'MQTT' 04 02 003c 0001 ff ]", "10 [ 0004'MQTT' 04 02 003c 0003 eda080 ]",
			"10 [ 0004'MQTT' 04 06 003c 0001'c' 0001 80 0000 ]", "10 [ 0004'MQTT' 04 82 003c 0001'c' 0002 c080 ]"),
		ends(malformed, "30 [ 0001 ff ]", "30 [ 0004'a' eda080 ]", "30 [ 0004'a' edbfbf ]", "30 [ 0002'a' c3 ]",
			"82 [ 0001 0001 ff 00 ]", "82 [ 0001 0003 eda080 00 ]", "a2 [ 0001 0001 ff ]"))},
	{"MQTT-1.5.3-2", both(
		noEntry("10 [ 0004'MQTT' 04 02 003c 0002'c' 00 ]", "10 [ 0004'MQTT' 04 06 003c 0001'c' 0002'w' 00 0000 ]",
			"10 [ 0004'MQTT' 04 82 003c 0001'c' 0001 00 ]"),
		ends(malformed, "30 [ 0002'a' 00 ]", "82 [ 0001 0002'a' 00 00 ]", "a2 [ 0001 0002'a' 00 ]"))},
	{"MQTT-1.5.3-3", overTCP(byteOrderMark)},
	{"MQTT-2.2.2-1", overTCP(serversFlags)},
	{"MQTT-2.2.2-2", ends(malformed, "41 [ 0001 ]", "52 [ 0001 ]", "60 [ 0001 ]", "74 [ 0001 ]", "80 [ 0001 0001'a' 00 ]",
		"a0 [ 0001 0001'a' ]", "c1 00", "e8 00", "38 [ 0001'a' ]")},
	{"MQTT-2.3.1-1", both(
		ends(wrong, "32 [ 0001'a' 0000 ]", "34 [ 0001'a' 0000 ]", "82 [ 0000 0001'a' 00 ]", "a2 [ 0000 0001'a' ]"),
		overTCP(serversIdentifiers))},
	{"MQTT-2.3.1-4", overTCP(serversIdentifiers)},
	{"MQTT-2.3.1-5", overTCP(noIdentifierAtQoS0)},
	{"MQTT-2.3.1-6", overTCP(sameIdentifier)},
	{"MQTT-2.3.1-7", overTCP(sameIdentifierOfSubscriptions)},
	{"MQTT-3.6.1-1", ends(malformed, "60 [ 0001 ]", "61 [ 0001 ]", "63 [ 0001 ]", "66 [ 0001 ]", "6a [ 0001 ]")},
	{"MQTT-3.8.1-1", ends(malformed, "80 [ 0001 0001'a' 00 ]", "83 [ 0001 0001'a' 00 ]", "86 [ 0001 0001'a' 00 ]", "8a [ 0001 0001'a' 00 ]")},
	{"MQTT-3.10.1-1", ends(malformed, "a0 [ 0001 0001'a' ]", "a3 [ 0001 0001'a' ]", "a6 [ 0001 0001'a' ]", "aa [ 0001 0001'a' ]")},
	{"MQTT-3.12.4-1", overTCP(ping)},
	{"MQTT-3.14.1-1", ends(malformed, "e1 00", "e2 00", "e4 00", "e8 00", "ef 00")},
	{"MQTT-4.8.0-1", ends(wrong, "00 00", "f0 00", "20 [ 0000 ]", "d0 00", "90 [ 0001 00 ]", "30 [ 0009'a' ]", "30 ffffffff01", "c0 8000", "c0 [ 00 ]")},
	{"MQTT-4.8.0-2", overTCP(noRoom, func(s *settings) { s.MaxRetained = 0 })},
}

var encoding5 = []proof{
	{"MQTT-1.5.4-1", both(
		noEntry("10 [ 0004'MQTT' 05 02 003c 00 0001 ff ]", "10 [ 0004'MQTT' 05 02 003c 00 0003 eda080 ]",
			"10 [ 0004'MQTT' 05 06 003c 00 0001'c' 00 0001 80 0000 ]", "10 [ 0004'MQTT' 05 82 003c 00 0001'c' 0002 c080 ]"),
		ends(malformed, "30 [ 0001 ff 00 ]", "30 [ 0004'a' eda080 00 ]", "30 [ 0004'a' edbfbf 00 ]", "30 [ 0001'a' [ 030001 ff ] ]",
			"82 [ 0001 00 0001 ff 00 ]", "a2 [ 0001 00 0001 ff ]", "e0 [ 00 [ 1f0001 ff ] ]"))},
	{"MQTT-1.5.4-2", both(
		noEntry("10 [ 0004'MQTT' 05 02 003c 00 0002'c' 00 ]", "10 [ 0004'MQTT' 05 82 003c 00 0001'c' 0001 00 ]"),
		ends(malformed, "30 [ 0002'a' 00 00 ]", "30 [ 0001'a' [ 030001 00 ] ]", "82 [ 0001 00 0002'a' 00 00 ]", "a2 [ 0001 00 0002'a' 00 ]"))},
	{"MQTT-1.5.4-3", overTCP(byteOrderMark)},
	{"MQTT-1.5.5-1", both(
		ends(malformed, "c0 8000", "30 8500 0001'a' 00", "82 [ 0001 [ 0b8100 ] 0001'a' 00 ]", "30 [ 0001'a' 8000 ]"),
		overTCP(shortestLengths))},
	{"MQTT-1.5.7-1", ends(malformed, "30 [ 0001'a' [ 260001 ff 0001'v' ] ]", "30 [ 0001'a' [ 260001'k' 0001 ff ] ]",
		"30 [ 0001'a' [ 260001 00 0001'v' ] ]", "82 [ 0001 [ 260001'k' 0003 eda080 ] 0001'a' 00 ]")},
	{"MQTT-2.1.3-1", both(
		ends(malformed, "41 [ 0001 ]", "52 [ 0001 ]", "60 [ 0001 ]", "74 [ 0001 ]", "80 [ 0001 00 0001'a' 00 ]",
			"a0 [ 0001 00 0001'a' ]", "c1 00", "e8 00", "f1 00"),
		overTCP(serversFlags))},
	{"MQTT-2.2.1-2", overTCP(noIdentifierAtQoS0)},
	{"MQTT-2.2.1-3", ends(wrong, "32 [ 0001'a' 0000 00 ]", "34 [ 0001'a' 0000 00 ]", "82 [ 0000 00 0001'a' 00 ]", "a2 [ 0000 00 0001'a' ]")},
	{"MQTT-2.2.1-4", overTCP(serversIdentifiers)},
	{"MQTT-2.2.1-5", overTCP(sameIdentifier)},
	{"MQTT-2.2.1-6", overTCP(sameIdentifierOfSubscriptions)},
	{"MQTT-2.2.2-1", overTCP(noPropertiesIsZero)},
	{"MQTT-3.6.1-1", ends(malformed, "60 [ 0001 ]", "61 [ 0001 ]", "63 [ 0001 ]", "66 [ 0001 ]", "6a [ 0001 ]")},
	{"MQTT-3.8.1-1", ends(malformed, "80 [ 0001 00 0001'a' 00 ]", "83 [ 0001 00 0001'a' 00 ]", "86 [ 0001 00 0001'a' 00 ]", "8a [ 0001 00 0001'a' 00 ]")},
	{"MQTT-3.10.1-1", ends(malformed, "a0 [ 0001 00 0001'a' ]", "a3 [ 0001 00 0001'a' ]", "a6 [ 0001 00 0001'a' ]", "aa [ 0001 00 0001'a' ]")},
	{"MQTT-3.12.4-1", overTCP(ping)},
	{"MQTT-4.13.1-1", both(
		ends(malformed, "00 00", "30 [ 0009'a' ]", "30 ffffffff01", "c0 [ 00 ]", "36 [ 0001'a' 0001 00 ]", "30 [ 0001'a' [ 7f00 ] ]"),
		ends(wrong, "20 [ 0000 00 ]", "d0 00", "90 [ 0001 00 00 ]", "82 [ 0001 00 ]", "30 [ 0001'a' [ 0101 0101 ] ]"),
		ends(mqtt.ReasonTopicAliasInvalid, "30 [ 0001'a' [ 230000 ] ]"),
		ends(mqtt.ReasonPacketTooLarge, "30 ffff7f"))},
	{"MQTT-4.13.2-1", both(overTCP(endsOnlyItself), noEntry("10 [ 0004'MQTT' 05 03 003c 00 0001'c' ]", "10 [ 0004'MQTT' 05 02 003c [ 210001 210001 ] 0001'c' ]"))},
}

const (
	malformed = mqtt.ReasonMalformedPacket
	wrong     = mqtt.ReasonProtocolError
)

// ends is the story of clients that say these octets after CONNECT: each is
// disconnected, for the reason given, and not one of them for nothing.
func ends(why mqtt.ReasonCode, sent ...string) story {
	return overTCP(func(w *world) {
		for _, s := range sent {
			c := w.connect("bad")
			c.SendHex(s)
			if w.v == mqtt.V5 {
				if d, ok := c.Next().(*mqtt.Disconnect); !ok || d.ReasonCode != why {
					w.t.Errorf("%s: heard %+v, want %v", s, d, why)
				}
			}
			c.Closed()
		}
	})
}

// noEntry is the story of clients whose CONNECT is wrong: before MQTT 5 they
// hear nothing, and in it a refusal.
func noEntry(sent ...string) story {
	return overTCP(func(w *world) {
		for _, s := range sent {
			c := w.dial()
			c.SendHex(s)
			if w.v == mqtt.V5 {
				if ack, ok := c.Next().(*mqtt.Connack); !ok || !ack.ReasonCode.IsError() || ack.SessionPresent {
					w.t.Errorf("%s: heard %+v, want a refusal", s, ack)
				}
			}
			c.Closed()
		}
		w.settle(0)
		if n := w.broker.Stats().Sessions; n != 0 {
			w.t.Errorf("%d sessions were made", n)
		}
	})
}

func byteOrderMark(w *world) {
	s := w.connect("s")
	s.Subscribe(filter("\uFEFFa", 0), filter("b\uFEFF", 0), filter("a", 0))
	p := w.connect("\uFEFFp")
	p.Publish(pub("\uFEFFa", "1", 0, 0))
	p.Publish(pub("b\uFEFF", "2", 0, 0))
	p.Publish(pub("b", "not subscribed to", 0, 0))
	s.Expect(pub("\uFEFFa", "1", 0, 0), pub("b\uFEFF", "2", 0, 0))
	s.Silence()
	w.connect("p") // a name without the mark is another's
	p.Silence()
}

// serversFlags has the server send one of each packet.
func serversFlags(w *world) {
	c := w.dial()
	c.Say(c.Hello("c"))
	first := func(want byte) {
		w.t.Helper()
		if b := c.Frame(); len(b) == 0 || b[0] != want {
			w.t.Fatalf("heard %x, want a packet that begins with %x", b, want)
		}
	}
	first(0x20)
	c.Say(&mqtt.Subscribe{PacketID: 1, Filters: []mqtt.Filter{filter("a", 2)}})
	first(0x90)
	c.Say(pub("none", "", 1, 1))
	first(0x40)
	c.Say(pub("a", "", 2, 1))
	var kinds []byte
	for range 2 {
		kinds = append(kinds, c.Frame()[0])
	}
	if !bytes.Contains([]byte{0x50, 0x34, 0x50}, kinds) {
		w.t.Fatalf("heard %x", kinds)
	}
	c.Say(&mqtt.Pubrel{PacketID: 1})
	first(0x70)
	c.Say(&mqtt.Pubrec{PacketID: 1})
	first(0x62)
	c.Say(&mqtt.Pubcomp{PacketID: 1}, &mqtt.Unsubscribe{PacketID: 1, Filters: [][]byte{[]byte("a")}})
	first(0xb0)
	c.Say(&mqtt.Pingreq{})
	first(0xd0)
	if w.v == mqtt.V5 {
		c.SendHex("00 00")
		first(0xe0)
	}
}

// serversIdentifiers fills the window of deliveries.
func serversIdentifiers(w *world) {
	s := w.connect("s", anew)
	s.Subscribe(filter("a", 2))
	p := w.connect("p")
	for i := range uint16(60) {
		p.Publish(pub("a", fmt.Sprint(i), mqtt.QoS(1+i%2), i+1))
	}
	seen := map[uint16]string{}
	for range 60 {
		m := s.Message()
		if m.PacketID == 0 || seen[m.PacketID] != "" {
			w.t.Fatalf("identifier %d for %s, and for %s", m.PacketID, m.Payload, seen[m.PacketID])
		}
		seen[m.PacketID] = string(m.Payload)
	}
	// A repetition has the same identifier.
	s.drop()
	s = w.connect("s", lasting)
	for range 60 {
		if m := s.Message(); seen[m.PacketID] != string(m.Payload) || !m.Dup {
			w.t.Fatalf("%s came again as %d, which was %s", m.Payload, m.PacketID, seen[m.PacketID])
		}
	}
}

func noIdentifierAtQoS0(w *world) {
	s := w.connect("s")
	s.Subscribe(filter("a", 2))
	p := w.connect("p")
	p.Publish(pub("a", "xy", 0, 0))
	if w.v == mqtt.V5 {
		s.ExpectHex("30 [ 0001'a' 00 'xy' ]")
	} else {
		s.ExpectHex("30 [ 0001'a' 'xy' ]")
	}
}

func sameIdentifier(w *world) {
	s := w.connect("s")
	s.Subscribe(filter("a", 2))
	p := w.connect("p")
	p.Say(pub("a", "1", 1, 0x1234))
	p.Expect(&mqtt.Puback{PacketID: 0x1234})
	p.Say(pub("a", "2", 2, 0xfedc))
	p.Expect(&mqtt.Pubrec{PacketID: 0xfedc})
	p.Say(&mqtt.Pubrel{PacketID: 0xfedc})
	p.Expect(&mqtt.Pubcomp{PacketID: 0xfedc})
	s.Message()
	id := s.Message().PacketID
	s.Say(&mqtt.Pubrec{PacketID: id})
	s.Expect(&mqtt.Pubrel{PacketID: id})
}

func sameIdentifierOfSubscriptions(w *world) {
	c := w.connect("c")
	c.Say(&mqtt.Subscribe{PacketID: 0xabcd, Filters: []mqtt.Filter{filter("a", 1)}})
	c.Expect(&mqtt.Suback{PacketID: 0xabcd, ReasonCodes: []mqtt.ReasonCode{1}})
	c.Say(&mqtt.Unsubscribe{PacketID: 0xffff, Filters: [][]byte{[]byte("a")}})
	c.Expect(&mqtt.Unsuback{PacketID: 0xffff, ReasonCodes: []mqtt.ReasonCode{0}})
}

func ping(w *world) {
	c := w.connect("c")
	c.SendHex("c000 c000 c000")
	c.ExpectHex("d000 d000 d000")
}

// noRoom is a server that cannot keep what it is to keep. It cannot say so
// before MQTT 5.
func noRoom(w *world) {
	c := w.connect("c")
	c.Say(kept("a", "x", 1, 1))
	c.Closed()
	c = w.connect("c")
	c.Say(kept("a", "x", 2, 1))
	c.Closed()
}

// shortestLengths looks at packets around a length of 128.
func shortestLengths(w *world) {
	s := w.connect("s")
	s.Subscribe(filter("a", 0))
	p := w.connect("p")
	for _, c := range []struct {
		payload int
		head    string
	}{{123, "30 7f"}, {124, "30 8001"}, {16379, "30 ff7f"}, {16380, "30 808001"}} {
		p.Publish(pub("a", strings.Repeat("x", c.payload), 0, 0))
		if got, want := s.Frame(), octets.Read(w.t, c.head+"0001'a' 00"); !bytes.HasPrefix(got, want) {
			w.t.Fatalf("%d octets came as %x, want %x", c.payload, got[:8], want)
		}
	}
}

func noPropertiesIsZero(w *world) {
	c := w.connect("c")
	c.SendHex("82 [ 0001 00 0001'a' 01 ]")
	c.ExpectHex("90 [ 0001 00 01 ]")
	c.SendHex("32 [ 0001'a' 0007 00 'x' ]")
	got := map[string]bool{string(c.Frame()): true, string(c.Frame()): true}
	if !got[string(octets.Read(w.t, "40 [ 0007 ]"))] || !got[string(octets.Read(w.t, "32 [ 0001'a' 0001 00 'x' ]"))] {
		w.t.Errorf("heard %v", got)
	}
	c.SendHex("a2 [ 0002 00 0001'a' ]")
	c.ExpectHex("b0 [ 0002 00 00 ]")
	// Without the length it is no packet.
	c.SendHex("82 [ 0001 0001'a' 01 ]")
	c.Ended(malformed)
}

// endsOnlyItself ends a connection, and no session nor anybody else's.
func endsOnlyItself(w *world) {
	other := w.connect("other")
	c := w.connect("c", anew)
	c.Subscribe(filter("a", 1))
	c.SendHex("36 [ 0001'a' 0001 00 ]")
	c.Ended(malformed)
	w.settle(1)
	other.Publish(pub("a", "x", 1, 1))
	c = w.connect("c", lasting)
	if !c.Connack.SessionPresent {
		w.t.Error("the session is gone")
	}
	c.Expect(pub("a", "x", 1, 1))
	other.Silence()
}
