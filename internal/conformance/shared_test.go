package conformance

import (
	"time"

	"snbroker/internal/mqtt"
)

// Shared subscriptions.

var shared5 = []proof{
	{"MQTT-4.8.2-1", both(overTCP(sharedIsShared), ends(malformed, "82 [ 0001 00 0007'$share/' 00 ]", "82 [ 0001 00 0009'$share//a' 00 ]"))},
	{"MQTT-4.8.2-2", ends(malformed, "82 [ 0001 00 0008'$share/g' 00 ]", "82 [ 0001 00 0009'$share/g/' 00 ]", "82 [ 0001 00 000b'$share/g+/a' 00 ]",
		"82 [ 0001 00 000a'$share/#/a' 00 ]", "82 [ 0001 00 000a'$share/+/a' 00 ]", "82 [ 0001 00 0008'$share/#' 00 ]")},
	{"MQTT-4.8.2-3", overTCP(sharedQoS)},
	{"MQTT-4.8.2-4", overTCP(sharedIsCompleted)},
	{"MQTT-4.8.2-5", both(overTCP(sharedDiesWithItsSession), inBubble(sharedDiesWithItsExpiry))},
	{"MQTT-4.8.2-6", overTCP(sharedRefused)},
}

func sharedIsShared(w *world) {
	one, two, other := w.connect("one"), w.connect("two"), w.connect("other")
	one.Subscribe(filter("$share/g/a/+", 0))
	two.Subscribe(filter("$share/g/a/+", 0))
	other.Subscribe(filter("$share/h/a/+", 0))
	p := w.connect("p")
	for range 10 {
		p.Publish(pub("a/b", "x", 0, 0))
	}
	n := 0
	for _, c := range []*client{one, two, other} {
		c.Say(&mqtt.Pingreq{}, &mqtt.Pingreq{})
		for pings := 0; pings < 2; {
			switch c.Next().(type) {
			case *mqtt.Publish:
				n++
			case *mqtt.Pingresp:
				pings++
			default:
				w.t.Fatal("neither a message nor an answer")
			}
		}
	}
	if n != 20 {
		w.t.Errorf("%d came, want each once in each group", n)
	}
	// The prefix is as it is, and alone it is a filter like others.
	plain := w.connect("plain")
	plain.Subscribe(filter("$SHARE/g/a", 0), filter("$share", 0), filter("$shared/g/a", 0))
	p.Publish(pub("a", "x", 0, 0))
	p.Publish(pub("$SHARE/g/a", "y", 0, 0))
	plain.Expect(pub("$SHARE/g/a", "y", 0, 0))
	plain.Silence()
}

func sharedQoS(w *world) {
	p := w.connect("p")
	for granted := mqtt.QoS0; granted <= mqtt.QoS2; granted++ {
		s := w.connect("s")
		s.Subscribe(filter("$share/g/a", granted))
		for qos := mqtt.QoS0; qos <= mqtt.QoS2; qos++ {
			p.Publish(pub("a", "x", qos, 1))
			if m := s.Message(); m.QoS != min(granted, qos) {
				w.t.Errorf("granted %d, published at %d, came at %d", granted, qos, m.QoS)
			}
		}
		s.leave()
	}
}

// begunAt has a member whose delivery is on its way, and another beside it.
func begunAt(w *world, qos mqtt.QoS, options ...option) (s, other *client) {
	s = w.connect("s", options...)
	s.Subscribe(filter("$share/g/a", qos))
	w.connect("p").Publish(pub("a", "x", qos, 1))
	s.Expect(pub("a", "x", qos, 1))
	other = w.connect("other", func(p *mqtt.Connect) { p.KeepAlive = 0 })
	other.Subscribe(filter("$share/g/a", qos))
	return s, other
}

func sharedIsCompleted(w *world) {
	s, other := begunAt(w, 2, anew)
	s.drop()
	other.Silence()
	s = w.connect("s", lasting)
	s.Expect(again("a", "x", 2, 1))
	s.Say(&mqtt.Pubrec{PacketID: 1})
	s.Expect(&mqtt.Pubrel{PacketID: 1})
	s.drop()
	s = w.connect("s", lasting)
	s.Expect(&mqtt.Pubrel{PacketID: 1})
	s.Say(&mqtt.Pubcomp{PacketID: 1})
	s.Silence()
	other.Silence()
}

func sharedDiesWithItsSession(w *world) {
	s, other := begunAt(w, 2)
	s.drop() // and its session with it
	other.Silence()

	s, other = begunAt(w, 2, anew)
	s.drop()
	w.connect("s").Silence() // begins anew
	other.Silence()
}

func sharedDiesWithItsExpiry(w *world) {
	s, other := begunAt(w, 2, anew)
	s.drop()
	time.Sleep(2 * time.Hour)
	if n := w.broker.Stats().Sessions; n != 2 {
		w.t.Fatalf("%d sessions, want those of the publisher and the other", n)
	}
	other.Silence()
}

func sharedRefused(w *world) {
	for qos := mqtt.QoS1; qos <= mqtt.QoS2; qos++ {
		s, other := begunAt(w, qos, anew)
		if qos == 1 {
			s.Say(&mqtt.Puback{PacketID: 1, ReasonCode: mqtt.ReasonUnspecifiedError})
		} else {
			s.Say(&mqtt.Pubrec{PacketID: 1, ReasonCode: mqtt.ReasonUnspecifiedError})
		}
		s.Silence()
		other.Silence()
		s.drop()
		w.connect("s", lasting).Silence()
		w.connect("s").leave()
		other.Silence()
		other.leave()
	}
}
