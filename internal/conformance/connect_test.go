package conformance

import (
	"bytes"
	"fmt"
	"time"

	"snbroker/internal/mqtt"
	"snbroker/internal/mqtt/mqtttest"
	"snbroker/internal/mqtt/mqtttest/octets"
)

// CONNECT and CONNACK.

var connect311 = []proof{
	{"MQTT-3.1.0-1", overTCP(firstPacket)},
	{"MQTT-3.1.0-2", overTCP(secondConnect)},
	{"MQTT-3.1.2-1", overTCP(protocolName)},
	{"MQTT-3.1.2-2", overTCP(protocolVersion)},
	{"MQTT-3.1.2-3", noEntry("10 [ 0004'MQTT' 04 03 003c 0001'c' ]", "10 [ 0004'MQTT' 04 01 003c 0001'c' ]")},
	{"MQTT-3.1.2-18", noEntry("10 [ 0004'MQTT' 04 02 003c 0001'c' 0001'u' ]")},
	{"MQTT-3.1.2-19", noEntry("10 [ 0004'MQTT' 04 82 003c 0001'c' ]", "10 [ 0004'MQTT' 04 82 003c 0001'c' 0005'u' ]")},
	{"MQTT-3.1.2-20", noEntry("10 [ 0004'MQTT' 04 82 003c 0001'c' 0001'u' 0001'p' ]")},
	{"MQTT-3.1.2-21", noEntry("10 [ 0004'MQTT' 04 c2 003c 0001'c' 0001'u' ]", "10 [ 0004'MQTT' 04 c2 003c 0001'c' 0001'u' 0002'p' ]")},
	{"MQTT-3.1.2-22", noEntry("10 [ 0004'MQTT' 04 42 003c 0001'c' 0001'p' ]")},
	{"MQTT-3.1.2-24", inBubble(keepAlive)},
	{"MQTT-3.1.3-1", overTCP(fieldsInOrder, known)},
	{"MQTT-3.1.3-2", overTCP(identifiesState)},
	{"MQTT-3.1.3-3", noEntry("10 [ 0004'MQTT' 04 02 003c ]", "10 [ 0004'MQTT' 04 02 003c 00 ]", "10 [ 0004'MQTT' 04 02 003c 0009'c' ]")},
	{"MQTT-3.1.3-4", noEntry("10 [ 0004'MQTT' 04 02 003c 0002'c' ff ]")},
	{"MQTT-3.1.3-5", overTCP(plainIdentifiers)},
	{"MQTT-3.1.3-6", overTCP(noIdentifier)},
	{"MQTT-3.1.3-7", overTCP(noIdentifierNotClean)},
	{"MQTT-3.1.3-8", overTCP(noIdentifierNotClean)},
	{"MQTT-3.1.3-9", both(overTCP(noIdentifierNotClean), overTCP(identifierOfAnother, bound))},
	{"MQTT-3.1.3-11", noEntry("10 [ 0004'MQTT' 04 82 003c 0001'c' 0001 ff ]")},
	{"MQTT-3.1.4-1", noEntry("10 [ ]", "10 [ 0004'MQTT' 04 ]", "10 [ 0004'MQTT' 04 02 003c 0001'c' 00 ]", "11 [ 0004'MQTT' 04 02 003c 0001'c' ]",
		"10 [ 0004'MQTT' 04 1e 003c 0001'c' 0001'w' 0000 ]")},
	{"MQTT-3.1.4-2", overTCP(takeover)},
	{"MQTT-3.1.4-3", both(overTCP(discards), overTCP(resumes))},
	{"MQTT-3.1.4-4", overTCP(accepted)},
	{"MQTT-3.1.4-5", overTCP(nothingAfterRefusal, nobody)},
	{"MQTT-3.2.0-1", both(overTCP(connackFirst), overTCP(connackFirstInACrowd))},
	{"MQTT-3.2.2-1", overTCP(discards)},
	{"MQTT-3.2.2-2", overTCP(resumes)},
	{"MQTT-3.2.2-3", overTCP(beginsSession)},
	{"MQTT-3.2.2-4", overTCP(refusalHasNoSession, onlyKnown)},
	{"MQTT-3.2.2-5", overTCP(refusalHasNoSession, onlyKnown)},
	{"MQTT-3.2.2-6", noEntry("10 [ 0004'MQTT' 04 03 003c 0001'c' ]", "10 [ 0004'MQTT' 04 42 003c 0001'c' 0001'p' ]")},
}

var connect5 = []proof{
	{"MQTT-3.1.0-1", overTCP(firstPacket)},
	{"MQTT-3.1.0-2", overTCP(secondConnect)},
	{"MQTT-3.1.2-1", overTCP(protocolName)},
	{"MQTT-3.1.2-2", overTCP(protocolVersion)},
	{"MQTT-3.1.2-3", noEntry("10 [ 0004'MQTT' 05 03 003c 00 0001'c' ]", "10 [ 0004'MQTT' 05 01 003c 00 0001'c' ]")},
	{"MQTT-3.1.2-4", overTCP(discards)},
	{"MQTT-3.1.2-5", overTCP(resumes)},
	{"MQTT-3.1.2-6", overTCP(beginsSession)},
	{"MQTT-3.1.2-16", noEntry("10 [ 0004'MQTT' 05 02 003c 00 0001'c' 0001'u' ]")},
	{"MQTT-3.1.2-17", noEntry("10 [ 0004'MQTT' 05 82 003c 00 0001'c' ]", "10 [ 0004'MQTT' 05 82 003c 00 0001'c' 0005'u' ]")},
	{"MQTT-3.1.2-18", noEntry("10 [ 0004'MQTT' 05 82 003c 00 0001'c' 0001'u' 0001'p' ]")},
	{"MQTT-3.1.2-19", noEntry("10 [ 0004'MQTT' 05 c2 003c 00 0001'c' 0001'u' ]", "10 [ 0004'MQTT' 05 42 003c 00 0001'c' 0002'p' ]")},
	{"MQTT-3.1.2-22", inBubble(keepAlive)},
	{"MQTT-3.1.2-28", overTCP(noResponseInformation)},
	{"MQTT-3.1.2-29", overTCP(noProblemInformation, func(s *settings) { s.MaxRetained, s.MaxSubscriptions = 0, 1 })},
	{"MQTT-3.1.3-1", overTCP(fieldsInOrder, known)},
	{"MQTT-3.1.3-2", overTCP(identifiesState)},
	{"MQTT-3.1.3-3", noEntry("10 [ 0004'MQTT' 05 02 003c 00 ]", "10 [ 0004'MQTT' 05 02 003c 00 00 ]", "10 [ 0004'MQTT' 05 02 003c 00 0009'c' ]")},
	{"MQTT-3.1.3-4", noEntry("10 [ 0004'MQTT' 05 02 003c 00 0002'c' ff ]")},
	{"MQTT-3.1.3-5", overTCP(plainIdentifiers)},
	{"MQTT-3.1.3-6", overTCP(noIdentifier)},
	{"MQTT-3.1.3-7", overTCP(assigned)},
	{"MQTT-3.1.3-8", overTCP(identifierOfAnother, bound)},
	{"MQTT-3.1.3-12", noEntry("10 [ 0004'MQTT' 05 82 003c 00 0001'c' 0001 ff ]")},
	{"MQTT-3.1.4-1", noEntry("10 [ 0004'MQTT' 05 ]", "10 [ 0004'MQTT' 05 02 003c 00 0001'c' 00 ]", "11 [ 0004'MQTT' 05 02 003c 00 0001'c' ]",
		"10 [ 0004'MQTT' 05 1e 003c 00 0001'c' 00 0001'w' 0000 ]", "10 [ 0004'MQTT' 05 02 003c [ 0101 ] 0001'c' ]")},
	{"MQTT-3.1.4-2", both(overTCP(nothingAfterRefusal, nobody), overTCP(refusalHasNoSession, onlyKnown))},
	{"MQTT-3.1.4-3", overTCP(takeover)},
	{"MQTT-3.1.4-4", both(overTCP(discards), overTCP(resumes))},
	{"MQTT-3.1.4-5", overTCP(accepted)},
	{"MQTT-3.1.4-6", overTCP(nothingAfterRefusal, nobody)},
	{"MQTT-3.2.0-1", both(overTCP(connackFirst), overTCP(connackFirstInACrowd))},
	{"MQTT-3.2.0-2", overTCP(oneConnack)},
	{"MQTT-3.2.2-1", overTCP(connackFlags)},
	{"MQTT-3.2.2-2", overTCP(discards)},
	{"MQTT-3.2.2-3", both(overTCP(resumes), overTCP(beginsSession))},
	{"MQTT-3.2.2-6", overTCP(refusalHasNoSession, onlyKnown)},
	{"MQTT-3.2.2-7", overTCP(refusalHasNoSession, onlyKnown)},
	{"MQTT-3.2.2-8", overTCP(refusalCodes, func(s *settings) { s.MaxSessions = 1 })},
	{"MQTT-3.2.2-9", overTCP(everyQoS)},
	{"MQTT-3.2.2-10", overTCP(everyQoS)},
	{"MQTT-3.2.2-12", overTCP(everyQoS)},
	{"MQTT-3.2.2-13", overTCP(everyQoS)},
	{"MQTT-3.2.2-15", ends(mqtt.ReasonPacketTooLarge, "30 ffff7f", "32 ffffff7f")},
	{"MQTT-3.2.2-16", overTCP(assigned)},
	{"MQTT-3.2.2-19", overTCP(smallAnswers, func(s *settings) { s.MaxRetained, s.MaxSubscriptions = 0, 1 })},
	{"MQTT-3.2.2-20", overTCP(smallAnswers, func(s *settings) { s.MaxRetained, s.MaxSubscriptions = 0, 1 })},
	{"MQTT-3.2.2-22", inBubble(keepAlive)},
}

func firstPacket(w *world) {
	for _, s := range []string{"30 [ 0001'a' 00 ]", "32 [ 0001'a' 0001 00 ]", "40 [ 0001 ]", "50 [ 0001 ]", "62 [ 0001 ]", "70 [ 0001 ]",
		"82 [ 0001 00 0001'a' 00 ]", "a2 [ 0001 00 0001'a' ]", "c000", "e000", "f0 [ 18 [ 150001'm' ] ]", "20 [ 0000 ]", "d000", "0000"} {
		c := w.dial()
		c.SendHex(s + "10 [ 0004'MQTT' 04 02 003c 0001'c' ]")
		c.Closed()
	}
	w.settle(0)
	if s := w.broker.Stats(); s.Sessions != 0 || s.Published != 0 {
		w.t.Errorf("%d sessions were made and %d messages taken", s.Sessions, s.Published)
	}
}

func secondConnect(w *world) {
	for _, id := range []string{"c", "another"} {
		c := w.connect("c")
		c.Say(c.Hello(id), &mqtt.Pingreq{})
		c.Ended(wrong)
	}
}

// protocolName sends names that are not MQTT's. The server may say so, in
// whatever version, or say nothing.
func protocolName(w *world) {
	for _, name := range []string{"AMQP", "mqtt", "MQTT5"} {
		c := w.dial()
		c.SendHex(fmt.Sprintf("10 [ 00%02x'%s' %02x 02 003c 00 0001'c' ]", len(name), name, byte(w.v)))
		if b := c.Frame(); b != nil {
			if b[0] != 0x20 || b[3] == 0 {
				w.t.Fatalf("heard %x", b)
			}
			c.Closed()
		}
	}
	w.settle(0)
	if n := w.broker.Stats().Sessions; n != 0 {
		w.t.Errorf("%d sessions were made", n)
	}
}

func protocolVersion(w *world) {
	levels, answer := []byte{0, 1, 2, 3}, "20 [ 00 01 ]"
	if w.v == mqtt.V5 {
		levels, answer = []byte{6, 7, 127}, "20 [ 00 84 00 ]"
	}
	for _, level := range levels {
		c := w.dial()
		c.SendHex(fmt.Sprintf("10 [ 0004'MQTT' %02x 02 003c 00 0001'c' ]", level))
		c.ExpectHex(answer)
		c.Closed()
	}
}

// keepAlive is exact: one and a half times what was asked for, from the last
// packet on, and never without one.
func keepAlive(w *world) {
	never := w.connect("never", func(p *mqtt.Connect) { p.KeepAlive = 0 })
	for _, seconds := range []uint16{2, 10, 65535} {
		asked := time.Duration(seconds) * time.Second
		c := w.connect("c", func(p *mqtt.Connect) { p.KeepAlive = seconds })
		if c.Connack.Properties.HasServerKeepAlive {
			w.t.Error("the server overrules the client")
		}
		for range 3 {
			time.Sleep(asked*3/2 - 1)
			c.Say(&mqtt.Pingreq{})
			c.Expect(&mqtt.Pingresp{})
		}
		start := time.Now()
		c.SetReadDeadline(time.Time{})
		b := make([]byte, 256)
		n, err := c.Read(b)
		if took := time.Since(start); took != asked*3/2 {
			w.t.Errorf("%d s: closed after %v", seconds, took)
		}
		if w.v == mqtt.V5 {
			if !bytes.Equal(mqtttest.Bare(b[:n], w.v), octets.Read(w.t, "e0 [ 8d ]")) {
				w.t.Errorf("heard %x, %v", b[:n], err)
			}
			c.Closed()
		} else if err == nil {
			w.t.Errorf("heard %x", b[:n])
		}
	}
	never.Silence()
}

// fieldsInOrder fills in everything that a CONNECT can have.
func fieldsInOrder(w *world) {
	watch := w.connect("watch", named)
	watch.Subscribe(filter("will/#", 1))
	c := w.connect("the id", named, func(p *mqtt.Connect) {
		p.Will = &mqtt.Will{Topic: []byte("will/topic"), Payload: []byte("will payload"), QoS: 1}
	})
	wrong := w.dial()
	wrong.Say(wrong.Hello("x", named, func(p *mqtt.Connect) { p.Username, p.Password = p.Password, p.Username }))
	wrong.Expect(&mqtt.Connack{ReasonCode: mqtt.ReasonBadUserNameOrPassword})
	wrong.Closed()
	c.drop()
	watch.Expect(pub("will/topic", "will payload", 1, 1))
	if w.connect("the id", named, lasting).Connack.SessionPresent {
		w.t.Error("the session was to end")
	}
}

func takeover(w *world) {
	old := w.connect("c")
	c := w.connect("c")
	old.Ended(mqtt.ReasonSessionTakenOver)
	w.settle(1)
	c.Silence()
}

// discards begins anew over a session that has everything a session can have.
func discards(w *world) {
	s := w.connect("s", anew)
	s.Subscribe(filter("a/#", 2))
	p := w.connect("p")
	p.Publish(pub("a/1", "on its way", 1, 1))
	s.Expect(pub("a/1", "on its way", 1, 1))
	s.Say(pub("b", "unfinished", 2, 7))
	s.Expect(&mqtt.Pubrec{PacketID: 7, ReasonCode: w.only5(mqtt.ReasonNoMatchingSubscribers)})
	s.drop()
	p.Publish(pub("a/2", "queued", 2, 2))
	s = w.connect("s")
	if s.Connack.SessionPresent {
		w.t.Error("the session is present")
	}
	s.Silence()
	p.Publish(pub("a/3", "not subscribed to any more", 1, 3))
	s.Say(&mqtt.Pubrel{PacketID: 7})
	s.Expect(&mqtt.Pubcomp{PacketID: 7, ReasonCode: w.only5(mqtt.ReasonPacketIDNotFound)})
	s.Silence()
}

// resumes goes on with such a session.
func resumes(w *world) {
	s := w.connect("s", anew)
	s.Subscribe(filter("a/#", 2))
	p := w.connect("p")
	p.Publish(pub("a/1", "one", 1, 1))
	p.Publish(pub("a/2", "two", 2, 2))
	s.Expect(pub("a/1", "one", 1, 1), pub("a/2", "two", 2, 2))
	s.Say(pub("b", "unfinished", 2, 7), &mqtt.Pubrec{PacketID: 2})
	s.Expect(&mqtt.Pubrec{PacketID: 7, ReasonCode: w.only5(mqtt.ReasonNoMatchingSubscribers)}, &mqtt.Pubrel{PacketID: 2})
	s.drop()
	p.Publish(pub("a/3", "three", 2, 3))
	s = w.connect("s", lasting)
	if !s.Connack.SessionPresent {
		w.t.Error("the session is not present")
	}
	s.Expect(again("a/1", "one", 1, 1), &mqtt.Pubrel{PacketID: 2}, pub("a/3", "three", 2, 3))
	s.Say(pub("b", "unfinished", 2, 7), &mqtt.Pubrel{PacketID: 7})
	s.Expect(&mqtt.Pubrec{PacketID: 7}, &mqtt.Pubcomp{PacketID: 7})
	p.Publish(pub("a/4", "four", 0, 0))
	s.Expect(pub("a/4", "four", 0, 0))
}

func beginsSession(w *world) {
	s := w.connect("s", lasting)
	if s.Connack.SessionPresent {
		w.t.Error("a first session is present")
	}
	s.Subscribe(filter("a", 1))
	s.leave()
	w.connect("p").Publish(pub("a", "x", 1, 1))
	s = w.connect("s", lasting)
	if !s.Connack.SessionPresent {
		w.t.Error("it was not kept")
	}
	s.Expect(pub("a", "x", 1, 1))
}

func accepted(w *world) {
	c := w.dial()
	c.Say(c.Hello("c"))
	b := c.Frame()
	if len(b) < 4 || b[0] != 0x20 || b[2] != 0 || b[3] != 0 {
		w.t.Fatalf("heard %x", b)
	}
	c.Silence()
}

// nobody lets no one in.
func nobody(s *settings) { s.Anonymous = false }

func nothingAfterRefusal(w *world) {
	c := w.dial()
	c.Say(c.Hello("c"), kept("a", "x", 0, 0), kept("a", "x", 1, 1),
		&mqtt.Subscribe{PacketID: 2, Filters: []mqtt.Filter{filter("a", 0)}}, &mqtt.Pingreq{})
	c.Expect(&mqtt.Connack{ReasonCode: mqtt.ReasonNotAuthorized})
	c.Closed()
	w.settle(0)
	if s := w.broker.Stats(); s.Published != 0 || s.Subscriptions != 0 || s.Sessions != 0 || s.Retained != 0 {
		w.t.Errorf("it was heeded: %+v", s)
	}
}
