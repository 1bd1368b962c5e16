package conformance

import (
	"fmt"

	"snbroker/internal/mqtt"
)

// How many messages may be on their way, and what goes on when no more may.

var flow5 = []proof{
	{"MQTT-3.3.4-7", overTCP(tooManyReceived, func(s *settings) { s.ReceiveMaximum, s.MaxReceived = 5, 5 })},
	{"MQTT-3.3.4-9", both(overTCP(receiveMaximum), overTCP(receiveMaximumOnReturn))},
	{"MQTT-3.3.4-10", overTCP(othersAreNotHeldBack)},
	{"MQTT-4.9.0-1", overTCP(receiveMaximum)},
	{"MQTT-4.9.0-2", overTCP(receiveMaximum)},
	{"MQTT-4.9.0-3", overTCP(othersAreNotHeldBack)},
}

func receiving(n uint16) option {
	return func(p *mqtt.Connect) { p.Properties.ReceiveMaximum = n }
}

func tooManyReceived(w *world) {
	c := w.connect("c")
	if n := c.Connack.Properties.ReceiveMaximum; n != 5 {
		w.t.Fatalf("CONNACK says %d", n)
	}
	none := mqtt.ReasonNoMatchingSubscribers
	for id := uint16(1); id <= 5; id++ {
		c.Say(pub("a", "x", 2, id))
		c.Expect(&mqtt.Pubrec{PacketID: id, ReasonCode: none})
	}
	c.Say(pub("a", "x", 2, 5), &mqtt.Pubrel{PacketID: 3}) // one that is known, and room for one
	c.Expect(&mqtt.Pubrec{PacketID: 5}, &mqtt.Pubcomp{PacketID: 3})
	c.Say(pub("a", "x", 2, 6))
	c.Expect(&mqtt.Pubrec{PacketID: 6, ReasonCode: none})
	c.Say(pub("a", "x", 2, 7))
	c.Ended(mqtt.ReasonReceiveMaximumExceeded)
	// At QoS 1 the answer comes at once, however many are sent.
	c = w.connect("c")
	var all []mqtt.Packet
	for id := uint16(1); id <= 50; id++ {
		all = append(all, pub("a", "x", 1, id))
	}
	c.Say(all...)
	for id := uint16(1); id <= 50; id++ {
		c.Expect(&mqtt.Puback{PacketID: id, ReasonCode: none})
	}
}

// receiveMaximum has each kind of answer make room for one more, and nothing
// else.
func receiveMaximum(w *world) {
	s := w.connect("s", receiving(3))
	s.Subscribe(filter("a", 2))
	p := w.connect("p")
	for i, qos := range []mqtt.QoS{1, 2, 2, 0, 1, 1, 2, 0} {
		p.Publish(pub("a", fmt.Sprint(i), qos, uint16(i+1)))
	}
	s.Expect(pub("a", "0", 1, 1), pub("a", "1", 2, 2), pub("a", "2", 2, 3), pub("a", "3", 0, 0)) // QoS 0 needs no room
	s.Silence()
	s.Say(&mqtt.Puback{PacketID: 9}, &mqtt.Puback{PacketID: 2}, &mqtt.Pubcomp{PacketID: 2}) // of nothing
	s.Silence()
	s.Say(&mqtt.Puback{PacketID: 1})
	s.Expect(pub("a", "4", 1, 4))
	s.Silence()
	s.Say(&mqtt.Pubrec{PacketID: 2})
	s.Expect(&mqtt.Pubrel{PacketID: 2})
	s.Silence() // PUBCOMP is due
	s.Say(&mqtt.Pubcomp{PacketID: 2})
	s.Expect(pub("a", "5", 1, 5))
	s.Silence()
	s.Say(&mqtt.Pubrec{PacketID: 3, ReasonCode: mqtt.ReasonUnspecifiedError})
	s.Expect(pub("a", "6", 2, 6), pub("a", "7", 0, 0))
	s.Silence()
}

// receiveMaximumOnReturn has a client take less at a time than it did.
func receiveMaximumOnReturn(w *world) {
	s := w.connect("s", anew)
	s.Subscribe(filter("a", 2))
	p := w.connect("p")
	for i := range uint16(4) {
		p.Publish(pub("a", fmt.Sprint(i), 2, i+1))
	}
	for range 4 {
		s.Message()
	}
	s.drop()
	s = w.connect("s", lasting, receiving(2))
	s.Expect(again("a", "0", 2, 1), again("a", "1", 2, 2))
	s.Silence()
	s.Say(&mqtt.Pubrec{PacketID: 1})
	s.Expect(&mqtt.Pubrel{PacketID: 1})
	s.Silence()
	s.Say(&mqtt.Pubcomp{PacketID: 1})
	s.Expect(again("a", "2", 2, 3))
	s.Silence()
}

func othersAreNotHeldBack(w *world) {
	s := w.connect("s", receiving(1))
	s.Subscribe(filter("a", 2))
	p := w.connect("p")
	p.Publish(pub("a", "1", 2, 1))
	p.Publish(pub("a", "2", 2, 1))
	s.Expect(pub("a", "1", 2, 1))
	s.Silence() // PINGRESP comes
	s.Subscribe(filter("b", 0))
	s.Unsubscribe("b")
	s.Say(pub("c", "x", 1, 7), pub("c", "x", 2, 8), &mqtt.Pubrel{PacketID: 8}, &mqtt.Pubrec{PacketID: 1})
	none := mqtt.ReasonNoMatchingSubscribers
	s.Expect(&mqtt.Puback{PacketID: 7, ReasonCode: none}, &mqtt.Pubrec{PacketID: 8, ReasonCode: none},
		&mqtt.Pubcomp{PacketID: 8}, &mqtt.Pubrel{PacketID: 1})
	s.Silence()
	s.Say(&mqtt.Pubcomp{PacketID: 1})
	s.Expect(pub("a", "2", 2, 2))
}
