package conformance

import (
	"slices"

	"snbroker/internal/mqtt"
)

// SUBSCRIBE, UNSUBSCRIBE and their answers.

var subscribe311 = []proof{
	{"MQTT-3.8.3-1", ends(malformed, "82 [ 0001 0001 ff 00 ]", "82 [ 0001 0002'a' 00 00 ]", "82 [ 0001 0003 eda080 00 ]")},
	{"MQTT-3.8.3-2", overTCP(wildcardsAreGranted)},
	{"MQTT-3.8.3-3", ends(wrong, "82 [ 0001 ]")},
	{"MQTT-3.8.3-4", ends(malformed, "82 [ 0001 0001'a' 03 ]", "82 [ 0001 0001'a' 04 ]", "82 [ 0001 0001'a' 81 ]", "82 [ 0001 0001'a' 00 0001'b' 10 ]")},
	{"MQTT-3.8.4-1", overTCP(subackForEach, oneSubscription)},
	{"MQTT-3.8.4-2", overTCP(sameIdentifierOfSubscriptions)},
	{"MQTT-3.8.4-3", overTCP(replaces)},
	{"MQTT-3.8.4-4", overTCP(asASequence)},
	{"MQTT-3.8.4-5", overTCP(subackForEach, oneSubscription)},
	{"MQTT-3.8.4-6", overTCP(lowerQoS)},
	{"MQTT-3.9.3-1", overTCP(subackForEach, oneSubscription)},
	{"MQTT-3.9.3-2", overTCP(subackForEach, oneSubscription)},
	{"MQTT-3.10.3-1", ends(malformed, "a2 [ 0001 0001 ff ]", "a2 [ 0001 0002'a' 00 ]", "a2 [ 0001 0001'a' 0005'b' ]")},
	{"MQTT-3.10.3-2", ends(wrong, "a2 [ 0001 ]")},
	{"MQTT-3.10.4-1", overTCP(unsubscribedExactly)},
	{"MQTT-3.10.4-2", overTCP(nothingNew)},
	{"MQTT-3.10.4-3", overTCP(begunIsFinished)},
	{"MQTT-3.10.4-4", overTCP(sameIdentifierOfSubscriptions)},
	{"MQTT-3.10.4-5", overTCP(unsubackInAnyCase)},
	{"MQTT-3.10.4-6", overTCP(unsubscribesSeveral)},
}

var subscribe5 = []proof{
	{"MQTT-3.8.3-1", ends(malformed, "82 [ 0001 00 0001 ff 00 ]", "82 [ 0001 00 0002'a' 00 00 ]", "82 [ 0001 00 0003 eda080 00 ]")},
	{"MQTT-3.8.3-2", ends(wrong, "82 [ 0001 00 ]")},
	{"MQTT-3.8.3-3", overTCP(noLocal)},
	{"MQTT-3.8.3-4", ends(wrong, "82 [ 0001 00 000a'$share/g/a' 04 ]")},
	{"MQTT-3.8.3-5", ends(malformed, "82 [ 0001 00 0001'a' 40 ]", "82 [ 0001 00 0001'a' 80 ]", "82 [ 0001 00 0001'a' 00 0001'b' c1 ]")},
	{"MQTT-3.8.4-1", overTCP(subackForEach, oneSubscription)},
	{"MQTT-3.8.4-2", overTCP(sameIdentifierOfSubscriptions)},
	{"MQTT-3.8.4-3", both(overTCP(replaces), overTCP(replacesOptions))},
	{"MQTT-3.8.4-4", both(overTCP(replaces), overTCP(losesNothing))},
	{"MQTT-3.8.4-5", overTCP(asASequence)},
	{"MQTT-3.8.4-6", overTCP(subackForEach, oneSubscription)},
	{"MQTT-3.8.4-7", overTCP(subackForEach, oneSubscription)},
	{"MQTT-3.8.4-8", overTCP(lowerQoS)},
	{"MQTT-3.9.2-1", overTCP(smallAnswers, fullOfTwo)},
	{"MQTT-3.9.2-2", overTCP(smallAnswers, fullOfTwo)},
	{"MQTT-3.9.3-1", overTCP(subackForEach, oneSubscription)},
	{"MQTT-3.9.3-2", overTCP(subackForEach, oneSubscription)},
	{"MQTT-3.10.3-1", ends(malformed, "a2 [ 0001 00 0001 ff ]", "a2 [ 0001 00 0002'a' 00 ]")},
	{"MQTT-3.10.3-2", ends(wrong, "a2 [ 0001 00 ]")},
	{"MQTT-3.10.4-1", overTCP(unsubscribedExactly)},
	{"MQTT-3.10.4-2", overTCP(nothingNew)},
	{"MQTT-3.10.4-3", overTCP(begunIsFinished)},
	{"MQTT-3.10.4-4", overTCP(sameIdentifierOfSubscriptions)},
	{"MQTT-3.10.4-5", overTCP(unsubackInAnyCase)},
	{"MQTT-3.10.4-6", overTCP(unsubscribesSeveral)},
	{"MQTT-3.11.2-1", overTCP(smallAnswers, fullOfTwo)},
	{"MQTT-3.11.2-2", overTCP(smallAnswers, fullOfTwo)},
	{"MQTT-3.11.3-1", overTCP(unsubscribesSeveral)},
	{"MQTT-3.11.3-2", overTCP(unsubscribesSeveral)},
	{"MQTT-3.3.4-3", overTCP(identifiersOfAll)},
	{"MQTT-3.3.4-4", overTCP(identifiersOfAll)},
	{"MQTT-3.3.4-5", overTCP(identifierOfEachCopy)},
	{"MQTT-3.3.4-6", ends(wrong, "30 [ 0001'a' [ 0b01 ] ]", "32 [ 0001'a' 0001 [ 0bff7f ] ]")},
}

func oneSubscription(s *settings) { s.MaxSubscriptions = 1 }

func wildcardsAreGranted(w *world) {
	c := w.connect("c")
	c.Subscribe(filter("#", 0), filter("+", 1), filter("a/+/b", 2), filter("a/#", 1), filter("+/+", 0), filter("/#", 0))
}

// subackForEach asks for more than there is room for, so that some are granted
// and some are not.
func subackForEach(w *world) {
	for qos := mqtt.QoS0; qos <= mqtt.QoS2; qos++ {
		c := w.connect("c")
		c.Say(&mqtt.Subscribe{PacketID: 7, Filters: []mqtt.Filter{filter("a", qos), filter("b", 1), filter("a", 2), filter("c/#", 0), filter("a", 0)}})
		if w.v == mqtt.V5 {
			c.ExpectHex("90 [ 0007 00 0" + string('0'+rune(qos)) + " 97 02 97 00 ]")
		} else {
			c.ExpectHex("90 [ 0007 0" + string('0'+rune(qos)) + " 80 02 80 00 ]")
		}
		c.leave()
	}
}

func replaces(w *world) {
	p := w.connect("p")
	p.Publish(kept("a", "kept", 2, 1))
	s := w.connect("s")
	for _, qos := range []mqtt.QoS{0, 2, 1} {
		s.Subscribe(filter("a", qos))
		if m := s.Message(); m.QoS != qos || !m.Retain || string(m.Payload) != "kept" {
			w.t.Errorf("QoS %d: heard %+v", qos, m)
		}
		p.Publish(pub("a", "live", 2, 2))
		if m := s.Message(); m.QoS != qos || string(m.Payload) != "live" {
			w.t.Errorf("QoS %d: heard %+v", qos, m)
		}
		s.Silence() // there is one subscription
	}
	s.Unsubscribe("a")
	p.Publish(pub("a", "live", 2, 2))
	s.Silence()
}

// replacesOptions has nothing of the old options stay.
func replacesOptions(w *world) {
	s := w.connect("s")
	f := filter("a", 0)
	f.NoLocal, f.RetainAsPublished = true, true
	s.identified(7, f)
	s.Publish(kept("a", "own", 0, 0))
	s.Silence()
	s.Subscribe(filter("a", 0))
	s.Expect(kept("a", "own", 0, 0))
	s.Say(kept("a", "again", 0, 0))
	s.Expect(pub("a", "again", 0, 0))
	s.Silence()
}

// losesNothing subscribes again and again while messages come.
func losesNothing(w *world) {
	const n = 300
	s := w.connect("s")
	s.Subscribe(filter("a", 0))
	p := w.connect("p")
	var sent []mqtt.Packet
	for i := range byte(n / 3) {
		sent = append(sent, pub("a", string([]byte{'0' + i/10, '0' + i%10}), 0, 0))
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for range 3 {
			p.Say(sent...)
		}
	}()
	for range n {
		s.Say(&mqtt.Subscribe{PacketID: 1, Filters: []mqtt.Filter{filter("a", 0)}})
	}
	<-done
	messages, answers := 0, 0
	for messages < n || answers < n {
		switch s.Next().(type) {
		case *mqtt.Publish:
			messages++
		case *mqtt.Suback:
			answers++
		default:
			w.t.Fatal("neither a message nor an answer")
		}
	}
	s.Silence()
}

// asASequence has one filter twice in a packet: the second replaces the first.
func asASequence(w *world) {
	w.connect("r").Publish(kept("a", "kept", 0, 0))
	s := w.connect("s")
	s.Subscribe(filter("a", 2), filter("b", 1), filter("a", 1))
	s.Expect(kept("a", "kept", 0, 0))
	s.Silence()
	p := w.connect("p")
	p.Publish(pub("a", "1", 2, 1))
	p.Publish(pub("b", "2", 2, 2))
	s.Expect(pub("a", "1", 1, 1), pub("b", "2", 1, 2))
	s.Silence()
}

// lowerQoS tries every pair.
func lowerQoS(w *world) {
	p := w.connect("p")
	for granted := mqtt.QoS0; granted <= mqtt.QoS2; granted++ {
		s := w.connect("s")
		s.Subscribe(filter("a", granted))
		for qos := mqtt.QoS0; qos <= mqtt.QoS2; qos++ {
			p.Publish(pub("a", "x", qos, 1))
			if m := s.Message(); m.QoS != min(granted, qos) {
				w.t.Errorf("granted %d, published at %d, came at %d", granted, qos, m.QoS)
			}
		}
		s.Silence()
		s.leave()
	}
}

func noLocal(w *world) {
	s := w.connect("s")
	f := filter("a", 1)
	f.NoLocal = true
	s.Subscribe(f)
	s.Publish(pub("a", "own", 1, 1))
	s.Publish(kept("a", "own", 0, 0))
	s.Silence()
	p := w.connect("p")
	p.Publish(pub("a", "another's", 1, 1))
	s.Expect(pub("a", "another's", 1, 1))
	s.Subscribe(f) // what is kept is its own, too
	s.Silence()
	s.leave()
	// The ClientID counts, not the connection nor the session.
	s = w.connect("s")
	s.Subscribe(f)
	s.Silence()
	s.Subscribe(filter("a", 0))
	s.Expect(kept("a", "own", 0, 0))
}

func identifiersOfAll(w *world) {
	s := w.connect("s")
	s.identified(1, filter("a/#", 0))
	s.identified(268_435_455, filter("a/+", 1))
	s.Subscribe(filter("a/b", 0)) // has none
	s.identified(1, filter("+/b", 0))
	w.connect("p").Publish(pub("a/b", "x", 1, 1))
	m := s.Message()
	slices.Sort(m.Properties.SubscriptionIDs)
	if m.QoS != 1 || !slices.Equal(m.Properties.SubscriptionIDs, []uint32{1, 1, 268_435_455}) {
		w.t.Errorf("heard %+v", m)
	}
	s.Silence()
}

// identifierOfEachCopy has a message come once for a subscription of its own,
// and once for a shared one.
func identifierOfEachCopy(w *world) {
	s := w.connect("s")
	s.identified(1, filter("a", 0))
	s.identified(2, filter("$share/g/a", 0))
	w.connect("p").Publish(pub("a", "x", 0, 0))
	one, two := s.Message(), s.Message()
	got := append(one.Properties.SubscriptionIDs, two.Properties.SubscriptionIDs...)
	slices.Sort(got)
	if !slices.Equal(got, []uint32{1, 2}) || len(one.Properties.SubscriptionIDs) != 1 {
		w.t.Errorf("heard %+v and %+v", one, two)
	}
	s.Silence()
}
