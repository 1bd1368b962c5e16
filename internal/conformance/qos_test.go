package conformance

import (
	"fmt"
	"slices"
	"testing/synctest"
	"time"

	"snbroker/internal/mqtt"
)

// Both sides of QoS 1 and QoS 2.

func senderAtQoS1(w *world) {
	s := w.connect("s", anew)
	s.Subscribe(filter("a", 1))
	p := w.connect("p")
	p.Publish(pub("a", "1", 1, 1))
	p.Publish(pub("a", "2", 2, 1))
	s.Expect(pub("a", "1", 1, 1), pub("a", "2", 1, 2))
	s.drop() // it was not acknowledged
	s = w.connect("s", lasting)
	s.Expect(again("a", "1", 1, 1), again("a", "2", 1, 2))
	s.Say(&mqtt.Puback{PacketID: 1}, &mqtt.Puback{PacketID: 9}, &mqtt.Pubcomp{PacketID: 2})
	s.Silence()
	s.drop()
	s = w.connect("s", lasting)
	s.Expect(again("a", "2", 1, 2)) // only a PUBACK of its own counts
	s.Say(&mqtt.Puback{PacketID: 2})
	p.Publish(pub("a", "3", 1, 1))
	if m := s.Message(); m.PacketID == 0 || m.Dup || string(m.Payload) != "3" {
		w.t.Errorf("heard %+v", m)
	}
	s.Silence()
}

// receiverAtQoS1 uses one identifier all the time.
func receiverAtQoS1(w *world) {
	s := w.connect("s")
	s.Subscribe(filter("a", 0))
	p := w.connect("p")
	for i, m := range []*mqtt.Publish{pub("a", "1", 1, 9), pub("a", "1", 1, 9), again("a", "1", 1, 9)} {
		p.Say(m)
		p.Expect(&mqtt.Puback{PacketID: 9})
		s.Expect(pub("a", "1", 0, 0))
		if w.t.Failed() {
			w.t.Fatalf("message %d", i+1)
		}
	}
}

func senderAtQoS2(w *world) {
	s := w.connect("s", anew)
	s.Subscribe(filter("a", 2))
	p := w.connect("p")
	p.Publish(pub("a", "1", 2, 1))
	p.Publish(pub("a", "2", 2, 1))
	s.Expect(pub("a", "1", 2, 1), pub("a", "2", 2, 2))
	back := func() {
		s.drop()
		s = w.connect("s", lasting)
	}
	back()
	s.Expect(again("a", "1", 2, 1), again("a", "2", 2, 2))
	s.Say(&mqtt.Puback{PacketID: 1}) // not what finishes it
	s.Silence()
	s.Say(&mqtt.Pubrec{PacketID: 1}, &mqtt.Pubrec{PacketID: 1})
	s.Expect(&mqtt.Pubrel{PacketID: 1}, &mqtt.Pubrel{PacketID: 1})
	back()
	s.Expect(&mqtt.Pubrel{PacketID: 1}, again("a", "2", 2, 2)) // PUBREL, not PUBLISH
	back()
	s.Expect(&mqtt.Pubrel{PacketID: 1}, again("a", "2", 2, 2))
	s.Say(&mqtt.Pubcomp{PacketID: 1}, &mqtt.Pubrec{PacketID: 2})
	s.Expect(&mqtt.Pubrel{PacketID: 2})
	s.Say(&mqtt.Pubcomp{PacketID: 2})
	back()
	s.Silence()
}

func receiverAtQoS2(w *world) {
	s := w.connect("s")
	s.Subscribe(filter("a", 0))
	p := w.connect("p", anew)
	for _, m := range []*mqtt.Publish{pub("a", "once", 2, 9), again("a", "once", 2, 9), again("a", "once", 2, 9)} {
		p.Say(m)
		p.Expect(&mqtt.Pubrec{PacketID: 9})
	}
	p.drop()
	p = w.connect("p", lasting)
	p.Say(again("a", "once", 2, 9), &mqtt.Pubrel{PacketID: 9}, &mqtt.Pubrel{PacketID: 9})
	p.Expect(&mqtt.Pubrec{PacketID: 9}, &mqtt.Pubcomp{PacketID: 9}, &mqtt.Pubcomp{PacketID: 9, ReasonCode: w.only5(mqtt.ReasonPacketIDNotFound)})
	s.Expect(pub("a", "once", 0, 0))
	s.Silence()
	p.Publish(again("a", "a new one", 2, 9))
	s.Expect(pub("a", "a new one", 0, 0))
	s.Silence()
}

// refusedIsForgotten tries a message again that there was no room for.
func refusedIsForgotten(w *world) {
	s := w.connect("s")
	s.Subscribe(filter("b", 0))
	p := w.connect("p")
	p.Publish(kept("a", "x", 0, 0))
	for range 2 {
		p.Say(kept("b", "y", 2, 9))
		p.Expect(&mqtt.Pubrec{PacketID: 9, ReasonCode: mqtt.ReasonQuotaExceeded})
	}
	p.Publish(kept("a", "", 0, 0))
	p.Publish(kept("b", "y", 2, 9))
	s.Expect(pub("b", "y", 0, 0))
	s.Silence()
}

func expiring(m *mqtt.Publish, seconds uint32) *mqtt.Publish {
	m.Properties.MessageExpiry, m.Properties.HasMessageExpiry = seconds, true
	return m
}

// expiryStopsNothingSent expires while it is on its way.
func expiryStopsNothingSent(w *world) {
	s := w.connect("s", anew)
	s.Subscribe(filter("a", 2))
	p := w.connect("p")
	p.Publish(expiring(pub("a", "x", 2, 1), 5))
	s.Expect(expiring(pub("a", "x", 2, 1), 5))
	s.drop()
	time.Sleep(time.Minute)
	s = w.connect("s", lasting)
	if m := s.Message(); !m.Dup || m.PacketID != 1 || string(m.Payload) != "x" {
		w.t.Errorf("heard %+v", m)
	}
	s.Say(&mqtt.Pubrec{PacketID: 1})
	s.Expect(&mqtt.Pubrel{PacketID: 1})
	s.Say(&mqtt.Pubcomp{PacketID: 1})
	s.Silence()
}

// expiredIsFinished: the message is nobody's any more, but its sender is served.
func expiredIsFinished(w *world) {
	s := w.connect("s", anew)
	s.Subscribe(filter("a", 2))
	s.leave()
	p := w.connect("p")
	p.Say(expiring(pub("a", "x", 2, 1), 5))
	p.Expect(&mqtt.Pubrec{PacketID: 1})
	time.Sleep(time.Minute)
	synctest.Wait()
	w.connect("s", lasting).Silence()
	p.Say(again("a", "x", 2, 1), &mqtt.Pubrel{PacketID: 1})
	p.Expect(&mqtt.Pubrec{PacketID: 1}, &mqtt.Pubcomp{PacketID: 1})
}

// inOrder has a client publish many messages in one write; they come in its
// order, at each QoS.
func inOrder(w *world) {
	const n = 300
	s := w.connect("s")
	s.Subscribe(filter("a", 2))
	for qos := mqtt.QoS0; qos <= mqtt.QoS2; qos++ {
		var sent []mqtt.Packet
		for i := range uint16(n) {
			id := i%50 + 1
			if qos == mqtt.QoS0 {
				id = 0
			}
			sent = append(sent, pub("a", fmt.Sprintf("%03d", i), qos, id))
			if qos == mqtt.QoS2 {
				sent = append(sent, &mqtt.Pubrel{PacketID: id})
			}
		}
		p := w.connect("p")
		p.Say(sent...)
		var got []string
		for len(got) < n {
			switch m := s.Next().(type) {
			case *mqtt.Publish:
				got = append(got, string(m.Payload))
				switch qos {
				case mqtt.QoS1:
					s.Say(&mqtt.Puback{PacketID: m.PacketID})
				case mqtt.QoS2:
					s.Say(&mqtt.Pubrec{PacketID: m.PacketID})
				}
			case *mqtt.Pubrel:
				s.Say(&mqtt.Pubcomp{PacketID: m.PacketID})
			default:
				w.t.Fatalf("heard %+v", m)
			}
		}
		if !slices.IsSorted(got) {
			w.t.Errorf("QoS %d came as %v", qos, got)
		}
		for qos == mqtt.QoS2 { // what is left of its handshakes
			s.Say(&mqtt.Pingreq{})
			m, ok := s.Next().(*mqtt.Pubrel)
			if !ok {
				break
			}
			s.Say(&mqtt.Pubcomp{PacketID: m.PacketID})
		}
		p.drop()
	}
}
