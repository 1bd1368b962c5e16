package conformance

import (
	"fmt"
	"strings"
	"testing/synctest"
	"time"

	"snbroker/internal/mqtt"
)

// The properties of MQTT 5 that travel with messages, and the size of packets.

var properties5 = []proof{
	{"MQTT-3.1.2-24", both(overTCP(maximumPacketSize), overTCP(answerTooLarge))},
	{"MQTT-3.1.2-25", overTCP(maximumPacketSize)},
	{"MQTT-3.3.2-4", overTCP(passedOn(mqtt.AppendPayloadFormat(nil, 1), mqtt.AppendPayloadFormat(nil, 0)))},
	{"MQTT-3.3.2-5", inBubble(expires)},
	{"MQTT-3.3.2-6", inBubble(expiryCountsDown)},
	{"MQTT-3.3.2-13", ends(malformed, "30 [ 0001'a' [ 080001 ff ] ]", "30 [ 0001'a' [ 080002'r' 00 ] ]", "30 [ 0001'a' [ 080003 eda080 ] ]")},
	{"MQTT-3.3.2-14", ends(malformed, "30 [ 0001'a' [ 080001'#' ] ]", "30 [ 0001'a' [ 080003'r/+' ] ]")},
	{"MQTT-3.3.2-15", overTCP(passedOn(mqtt.AppendResponseTopic(nil, "answer/here"), mqtt.AppendResponseTopic(nil, "$é/1")))},
	{"MQTT-3.3.2-16", overTCP(passedOn(mqtt.AppendCorrelationData(nil, []byte{0, 255, 1}), mqtt.AppendCorrelationData(nil, "")))},
	{"MQTT-3.3.2-17", overTCP(passedOn(userProperties("k", "v"), userProperties("", "", "é", "☃")))},
	{"MQTT-3.3.2-18", overTCP(passedOn(userProperties("b", "1", "a", "2", "b", "1", "b", "0", "a", "3")))},
	{"MQTT-3.3.2-19", ends(malformed, "30 [ 0001'a' [ 030001 ff ] ]", "30 [ 0001'a' [ 030001 00 ] ]")},
	{"MQTT-3.3.2-20", overTCP(passedOn(mqtt.AppendContentType(nil, "text/plain"), mqtt.AppendContentType(nil, "")))},
}

func userProperties(pairs ...string) (b []byte) {
	for i := 0; i < len(pairs); i += 2 {
		b = mqtt.AppendUserProperty(b, pairs[i], pairs[i+1])
	}
	return b
}

// passedOn publishes with these properties, one after the other and then all
// together, live, to one who is away, retained and as a will.
func passedOn(each ...[]byte) func(*world) {
	return func(w *world) {
		var all []byte
		for _, b := range each {
			all = append(all, b...)
		}
		if w.v == mqtt.V5 && !mqtt.ValidForward(all) {
			all = each[0] // some may not come twice
		}
		live := w.connect("live")
		live.Subscribe(filter("a", 0))
		away := w.connect("away", anew)
		away.Subscribe(filter("a", 1))
		away.leave()
		p := w.connect("p")
		var sent []*mqtt.Publish
		for i, b := range append(each, all) {
			m := kept("a", fmt.Sprint(i), 1, uint16(i+1))
			m.Properties.Forward = b
			p.Publish(m)
			sent = append(sent, m)
		}
		p.leave()
		w.connect("c", func(c *mqtt.Connect) {
			c.Will = &mqtt.Will{Topic: []byte("a"), Payload: []byte("gone"), QoS: 1, Properties: mqtt.WillProperties{Forward: all}}
		}).drop()
		will := pub("a", "gone", 1, 0)
		will.Properties.Forward = all
		away = w.connect("away", lasting)
		for i, m := range append(sent, will) {
			want := pub("a", string(m.Payload), 1, uint16(i+1))
			want.Properties.Forward = m.Properties.Forward
			away.Expect(want)
			want.QoS, want.PacketID = 0, 0
			live.Expect(want)
		}
		late := w.connect("late")
		late.Subscribe(filter("a", 0))
		want := kept("a", fmt.Sprint(len(each)), 0, 0)
		want.Properties.Forward = all
		late.Expect(want)
	}
}

func expires(w *world) {
	s := w.connect("s", anew, receiving(1))
	s.Subscribe(filter("a", 1))
	p := w.connect("p")
	p.Publish(pub("a", "holds the others back", 1, 1))
	p.Publish(expiring(pub("a", "5 s", 1, 2), 5))
	p.Publish(expiring(kept("a", "6 s", 1, 3), 6))
	p.Publish(pub("a", "for ever", 1, 4))
	s.Expect(pub("a", "holds the others back", 1, 1))
	time.Sleep(5 * time.Second)
	late := w.connect("late")
	late.Subscribe(filter("a", 0))
	late.Expect(expiring(kept("a", "6 s", 0, 0), 1))
	time.Sleep(time.Second)
	synctest.Wait()
	late.Subscribe(filter("a", 0))
	late.Silence()
	s.Say(&mqtt.Puback{PacketID: 1})
	s.Expect(pub("a", "for ever", 1, 2))
	s.Silence()
	s.leave()
	p.Publish(expiring(pub("a", "while away", 1, 5), 1))
	time.Sleep(time.Second)
	w.connect("s", lasting).Expect(again("a", "for ever", 1, 2))
}

func expiryCountsDown(w *world) {
	s := w.connect("s", anew)
	s.Subscribe(filter("a", 1))
	s.leave()
	p := w.connect("p")
	p.Publish(expiring(kept("a", "x", 1, 1), 100))
	for _, waited := range []time.Duration{0, 7, 50} {
		time.Sleep(waited * time.Second)
		late := w.connect("late")
		late.Subscribe(filter("a", 0))
		late.Expect(expiring(kept("a", "x", 0, 0), map[time.Duration]uint32{0: 100, 7: 93, 50: 43}[waited]))
		late.leave()
	}
	w.connect("s", lasting).Expect(expiring(pub("a", "x", 1, 1), 43))
	live := w.connect("live")
	live.Subscribe(filter("b", 0))
	p.Publish(expiring(pub("b", "x", 0, 0), 4_294_967_295))
	live.Expect(expiring(pub("b", "x", 0, 0), 4_294_967_295))
}

// maximumPacketSize sends what fits and what does not; the second is as good as
// delivered, also with a window of one.
func maximumPacketSize(w *world) {
	s := w.connect("s", limited(60), receiving(1))
	s.Subscribe(filter("a", 2))
	p := w.connect("p")
	exact := strings.Repeat("x", 60-8)
	for _, qos := range []mqtt.QoS{1, 2} {
		for i, payload := range []string{exact + "x", exact, exact + "yy", "end"} {
			p.Publish(pub("a", payload, qos, uint16(i+1)))
		}
		for _, want := range []string{exact, "end"} {
			b := s.Frame()
			d := mqtt.Decoder{Version: mqtt.V5, From: mqtt.FromServer}
			got, err := d.Decode(b)
			must(w.t, err)
			m, ok := got.(*mqtt.Publish)
			if !ok || len(b) > 60 || string(m.Payload) != want || m.QoS != qos {
				w.t.Fatalf("heard %s", mqtt.Describe(b, mqtt.V5))
			}
			id := m.PacketID
			s.Silence()
			if qos == 1 {
				s.Say(&mqtt.Puback{PacketID: id})
				continue
			}
			s.Say(&mqtt.Pubrec{PacketID: id})
			s.Expect(&mqtt.Pubrel{PacketID: id})
			s.Say(&mqtt.Pubcomp{PacketID: id})
		}
		s.Silence()
	}
	big := pub("a", "small", 0, 0)
	big.Properties.Forward = userProperties("k", strings.Repeat("v", 60)) // properties count
	p.Publish(big)
	s.Silence()
	// Retained ones, and after a return with a smaller size.
	p.Publish(kept("b", exact+"x", 1, 1))
	s.Subscribe(filter("b", 1))
	s.Silence()
}

// answerTooLarge has clients that cannot take what they ask for.
func answerTooLarge(w *world) {
	for n := 1; n < 16; n++ { // CONNACK needs more
		c := w.dial()
		c.Say(c.Hello("", limited(n)), &mqtt.Pingreq{})
		if n >= 5 {
			c.Expect(&mqtt.Connack{ReasonCode: mqtt.ReasonPacketTooLarge})
		}
		c.Closed()
	}
	w.settle(0)
	if n := w.broker.Stats().Sessions; n != 0 {
		w.t.Errorf("%d sessions were made", n)
	}
	s := w.connect("s", limited(40))
	var many []mqtt.Filter
	for i := range 60 {
		many = append(many, filter(fmt.Sprint(i), 0))
	}
	s.Say(&mqtt.Subscribe{PacketID: 1, Filters: many})
	s.Ended(mqtt.ReasonPacketTooLarge)
}
