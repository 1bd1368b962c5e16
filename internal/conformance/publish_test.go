package conformance

import (
	"fmt"

	"snbroker/internal/mqtt"
)

// PUBLISH and its acknowledgements, in both directions.

var publish311 = []proof{
	{"MQTT-3.3.1-1", overTCP(resentWithDup)},
	{"MQTT-3.3.1-2", both(ends(malformed, "38 [ 0001'a' ]", "39 [ 0001'a' 'x' ]"), overTCP(qos0HasNoDup))},
	{"MQTT-3.3.1-3", overTCP(dupIsNotPassedOn)},
	{"MQTT-3.3.1-4", ends(malformed, "36 [ 0001'a' 0001 ]", "3f [ 0001'a' 0001 ]")},
	{"MQTT-3.3.2-1", ends(malformed, "30 [ ]", "30 [ 00 ]", "30 [ 0002'a' ]", "30 [ 0001 ff ]")},
	{"MQTT-3.3.2-2", ends(malformed, "30 [ 0001'#' ]", "30 [ 0003'a/+' ]", "30 [ 0003'a+b' ]")},
	{"MQTT-3.3.2-3", overTCP(namesMatchFilters)},
	{"MQTT-3.3.4-1", overTCP(answers)},
	{"MQTT-3.3.5-1", overTCP(highestQoS)},
	{"MQTT-3.3.5-2", overTCP(forbidden, guarded)},
	{"MQTT-4.3.1-1", overTCP(qos0HasNoDup)},
	{"MQTT-4.3.2-1", overTCP(senderAtQoS1)},
	{"MQTT-4.3.2-2", overTCP(receiverAtQoS1)},
	{"MQTT-4.3.3-1", overTCP(senderAtQoS2)},
	{"MQTT-4.3.3-2", overTCP(receiverAtQoS2)},
	{"MQTT-4.6.0-5", overTCP(inOrder)},
	{"MQTT-4.6.0-6", overTCP(inOrder)},
}

var publish5 = []proof{
	{"MQTT-3.3.1-1", overTCP(resentWithDup)},
	{"MQTT-3.3.1-2", both(ends(malformed, "38 [ 0001'a' 00 ]", "39 [ 0001'a' 00 'x' ]"), overTCP(qos0HasNoDup))},
	{"MQTT-3.3.1-3", overTCP(dupIsNotPassedOn)},
	{"MQTT-3.3.1-4", ends(malformed, "36 [ 0001'a' 0001 00 ]", "3f [ 0001'a' 0001 00 ]")},
	{"MQTT-3.3.2-1", both(ends(malformed, "30 [ ]", "30 [ 00 ]", "30 [ 0002'a' ]", "30 [ 0001 ff 00 ]"), ends(wrong, "30 [ 0000 00 'x' ]"))},
	{"MQTT-3.3.2-2", ends(malformed, "30 [ 0001'#' 00 ]", "30 [ 0003'a/+' 00 ]", "30 [ 0003'a+b' 00 ]")},
	{"MQTT-3.3.2-3", overTCP(namesMatchFilters)},
	{"MQTT-3.3.4-1", overTCP(answers)},
	{"MQTT-3.3.4-2", overTCP(highestQoS)},
	{"MQTT-3.4.2-1", overTCP(acknowledgementCodes, full)},
	{"MQTT-3.4.2-2", overTCP(smallAnswers, fullOfTwo)},
	{"MQTT-3.4.2-3", overTCP(smallAnswers, fullOfTwo)},
	{"MQTT-3.5.2-1", overTCP(acknowledgementCodes, full)},
	{"MQTT-3.5.2-2", overTCP(smallAnswers, fullOfTwo)},
	{"MQTT-3.5.2-3", overTCP(smallAnswers, fullOfTwo)},
	{"MQTT-3.6.2-1", overTCP(acknowledgementCodes, full)},
	{"MQTT-3.6.2-2", overTCP(smallAnswers, fullOfTwo)},
	{"MQTT-3.6.2-3", overTCP(smallAnswers, fullOfTwo)},
	{"MQTT-3.7.2-1", overTCP(acknowledgementCodes, full)},
	{"MQTT-3.7.2-2", overTCP(smallAnswers, fullOfTwo)},
	{"MQTT-3.7.2-3", overTCP(smallAnswers, fullOfTwo)},
	{"MQTT-4.3.1-1", overTCP(qos0HasNoDup)},
	{"MQTT-4.3.2-1", both(overTCP(senderAtQoS1), overTCP(serversIdentifiers))},
	{"MQTT-4.3.2-2", overTCP(senderAtQoS1)},
	{"MQTT-4.3.2-3", overTCP(senderAtQoS1)},
	{"MQTT-4.3.2-4", overTCP(receiverAtQoS1)},
	{"MQTT-4.3.2-5", overTCP(receiverAtQoS1)},
	{"MQTT-4.3.3-1", both(overTCP(senderAtQoS2), overTCP(serversIdentifiers))},
	{"MQTT-4.3.3-2", overTCP(senderAtQoS2)},
	{"MQTT-4.3.3-3", overTCP(senderAtQoS2)},
	{"MQTT-4.3.3-4", both(overTCP(senderAtQoS2), overTCP(refusedIsNotResent))},
	{"MQTT-4.3.3-5", overTCP(senderAtQoS2)},
	{"MQTT-4.3.3-6", overTCP(senderAtQoS2)},
	{"MQTT-4.3.3-7", inBubble(expiryStopsNothingSent)},
	{"MQTT-4.3.3-8", overTCP(receiverAtQoS2)},
	{"MQTT-4.3.3-9", overTCP(refusedIsForgotten, func(s *settings) { s.MaxRetained = 1 })},
	{"MQTT-4.3.3-10", overTCP(receiverAtQoS2)},
	{"MQTT-4.3.3-11", overTCP(receiverAtQoS2)},
	{"MQTT-4.3.3-12", overTCP(receiverAtQoS2)},
	{"MQTT-4.3.3-13", inBubble(expiredIsFinished)},
	{"MQTT-4.6.0-5", overTCP(inOrder)},
	{"MQTT-4.6.0-6", overTCP(inOrder)},
}

// full keeps no retained message, fullOfTwo takes only one subscription too.
func full(s *settings)      { s.MaxRetained = 0 }
func fullOfTwo(s *settings) { s.MaxRetained, s.MaxSubscriptions = 0, 1 }

func qos0HasNoDup(w *world) {
	s := w.connect("s", anew)
	s.Subscribe(filter("a", 2))
	w.connect("p").Publish(pub("a", "x", 0, 0))
	if b := s.Frame(); b[0] != 0x30 {
		w.t.Errorf("heard %x", b)
	}
	s.drop()
	w.connect("s", lasting).Silence()
}

// dupIsNotPassedOn has a sender say DUP, and a receiver that hears for the
// first time.
func dupIsNotPassedOn(w *world) {
	s := w.connect("s", anew)
	s.Subscribe(filter("a", 2))
	p := w.connect("p")
	p.Publish(again("a", "1", 1, 1))
	p.Publish(again("a", "2", 2, 2))
	s.Expect(pub("a", "1", 1, 1), pub("a", "2", 2, 2))
	p.Publish(pub("a", "3", 1, 3))
	s.Expect(pub("a", "3", 1, 3))
	s.drop()
	s = w.connect("s", lasting)
	s.Expect(again("a", "1", 1, 1), again("a", "2", 2, 2), again("a", "3", 1, 3))
}

// namesMatchFilters: the name is the publisher's, whatever filter it came by.
func namesMatchFilters(w *world) {
	s := w.connect("s")
	s.Subscribe(filter("a/+/c", 0), filter("b/#", 0), filter("e", 0))
	p := w.connect("p")
	for _, topic := range []string{"a/b/c", "a/b/d", "b", "b/1/2", "c", "e", "e/f", "a//c"} {
		p.Publish(pub(topic, topic, 0, 0))
	}
	for _, topic := range []string{"a/b/c", "b", "b/1/2", "e", "a//c"} {
		s.Expect(pub(topic, topic, 0, 0))
	}
	s.Silence()
}

func answers(w *world) {
	c := w.connect("c")
	none := w.only5(mqtt.ReasonNoMatchingSubscribers)
	c.Say(pub("a", "x", 0, 0), pub("a", "x", 1, 1), pub("a", "x", 2, 2))
	c.Expect(&mqtt.Puback{PacketID: 1, ReasonCode: none}, &mqtt.Pubrec{PacketID: 2, ReasonCode: none})
	c.Silence()
}

func highestQoS(w *world) {
	s := w.connect("s")
	p := w.connect("p")
	s.Subscribe(filter("a/#", 0), filter("a/+", 2), filter("a/b", 1))
	for qos := mqtt.QoS0; qos <= mqtt.QoS2; qos++ {
		p.Publish(pub("a/b", fmt.Sprint(qos), qos, 1))
		if m := s.Message(); m.QoS != qos || string(m.Payload) != fmt.Sprint(qos) {
			w.t.Errorf("at QoS %d: heard %+v", qos, m)
		}
	}
	s.Silence()
}

// guarded lets nobody publish on "secret".
func guarded(s *settings) { s.authorizer = guard{} }

type guard struct{}

func (guard) CanPublish(_ any, _, topic string) bool { return topic != "secret" }
func (guard) CanSubscribe(any, string, string) bool  { return true }
func (guard) CanReceive(any, string, string) bool    { return true }

// forbidden publishes what it may not: the old standard has no way to say so,
// and the message is acknowledged all the same.
func forbidden(w *world) {
	s := w.connect("s")
	s.Subscribe(filter("#", 0))
	c := w.connect("c")
	c.Say(pub("secret", "x", 1, 1), pub("secret", "x", 2, 2), &mqtt.Pubrel{PacketID: 2}, kept("secret", "x", 0, 0))
	c.Expect(&mqtt.Puback{PacketID: 1}, &mqtt.Pubrec{PacketID: 2}, &mqtt.Pubcomp{PacketID: 2})
	c.Silence()
	s.Silence()
}

// acknowledgementCodes gathers those that the server has. The codec takes none
// that does not belong in its packet.
func acknowledgementCodes(w *world) {
	c := w.connect("c")
	c.Subscribe(filter("mine", 1))
	none, refused, unknown := mqtt.ReasonNoMatchingSubscribers, mqtt.ReasonQuotaExceeded, mqtt.ReasonPacketIDNotFound
	c.Say(pub("a", "x", 1, 1), kept("a", "x", 1, 2), pub("a", "x", 2, 3), kept("a", "x", 2, 4),
		&mqtt.Pubrel{PacketID: 3}, &mqtt.Pubrel{PacketID: 4}, &mqtt.Pubrec{PacketID: 77})
	c.Expect(&mqtt.Puback{PacketID: 1, ReasonCode: none}, &mqtt.Puback{PacketID: 2, ReasonCode: refused},
		&mqtt.Pubrec{PacketID: 3, ReasonCode: none}, &mqtt.Pubrec{PacketID: 4, ReasonCode: refused},
		&mqtt.Pubcomp{PacketID: 3}, &mqtt.Pubcomp{PacketID: 4, ReasonCode: unknown}, &mqtt.Pubrel{PacketID: 77, ReasonCode: unknown})
	// From a client the same ones are taken, and no others.
	for _, s := range []string{"40 [ 0001 92 ]", "50 [ 0001 01 ]", "62 [ 0001 80 ]", "70 [ 0001 10 ]"} {
		c := w.connect("c")
		c.SendHex(s)
		c.Ended(wrong)
	}
}
