package conformance

import (
	"snbroker/internal/mqtt"
)

// The end of subscriptions.

func unsubscribedExactly(w *world) {
	s := w.connect("s")
	s.Subscribe(filter("a/+", 0))
	p := w.connect("p")
	for i, name := range []string{"a/b", "a/#", "+/+", "A/+", "a/", "a/+/", "#"} {
		s.Say(&mqtt.Unsubscribe{PacketID: 3, Filters: [][]byte{[]byte(name)}})
		s.Expect(&mqtt.Unsuback{PacketID: 3, ReasonCodes: []mqtt.ReasonCode{mqtt.ReasonNoSubscriptionExisted}})
		p.Publish(pub("a/b", string('0'+rune(i)), 0, 0))
		s.Expect(pub("a/b", string('0'+rune(i)), 0, 0))
	}
	s.Unsubscribe("a/+")
	p.Publish(pub("a/b", "too late", 0, 0))
	s.Silence()
}

func nothingNew(w *world) {
	p := w.connect("p")
	s := w.connect("s", anew)
	s.Subscribe(filter("a/#", 1), filter("a/b", 1), filter("c", 1))
	s.Unsubscribe("a/#")
	p.Publish(pub("a/x", "no longer", 1, 1))
	p.Publish(pub("a/b", "by the other", 1, 2))
	s.Expect(pub("a/b", "by the other", 1, 1))
	s.Unsubscribe("a/b")
	p.Publish(pub("a/b", "no longer", 1, 3))
	s.Silence()
	s.leave()
	p.Publish(pub("a/b", "no longer", 1, 3))
	p.Publish(pub("c", "still", 1, 4))
	s = w.connect("s", lasting)
	s.Expect(again("a/b", "by the other", 1, 1), pub("c", "still", 1, 2))
	s.Silence()
}

// begunIsFinished unsubscribes in the middle of deliveries.
func begunIsFinished(w *world) {
	s, _ := w.unanswered()
	s.Unsubscribe("a")
	s.Say(&mqtt.Pubrec{PacketID: 2})
	s.Expect(&mqtt.Pubrel{PacketID: 2})
	s.drop()
	s = w.connect("s", lasting)
	s.Expect(again("a", "1", 1, 1), &mqtt.Pubrel{PacketID: 2})
	s.Say(&mqtt.Puback{PacketID: 1}, &mqtt.Pubcomp{PacketID: 2})
	s.Silence()
}

func unsubackInAnyCase(w *world) {
	c := w.connect("c")
	c.Say(&mqtt.Unsubscribe{PacketID: 4, Filters: [][]byte{[]byte("never/subscribed")}})
	c.Expect(&mqtt.Unsuback{PacketID: 4, ReasonCodes: []mqtt.ReasonCode{mqtt.ReasonNoSubscriptionExisted}})
}

func unsubscribesSeveral(w *world) {
	c := w.connect("c")
	c.Subscribe(filter("a", 0), filter("b", 0), filter("c", 0))
	c.Say(&mqtt.Unsubscribe{PacketID: 5, Filters: [][]byte{[]byte("a"), []byte("x"), []byte("c"), []byte("a")}})
	gone, none := mqtt.ReasonSuccess, mqtt.ReasonNoSubscriptionExisted
	c.Expect(&mqtt.Unsuback{PacketID: 5, ReasonCodes: []mqtt.ReasonCode{gone, none, gone, none}})
	p := w.connect("p")
	for _, topic := range []string{"a", "b", "c"} {
		p.Publish(pub(topic, "x", 0, 0))
	}
	c.Expect(pub("b", "x", 0, 0))
	c.Silence()
}
