package conformance

import (
	"fmt"
	"sync"

	"snbroker/internal/mqtt"
)

// What CONNACK says, and what it promises.

// connackFirst resumes a session with much to say.
func connackFirst(w *world) {
	s := w.connect("s", anew)
	s.Subscribe(filter("a", 1))
	s.leave()
	p := w.connect("p")
	for i := range uint16(50) {
		p.Publish(pub("a", "x", 1, i+1))
	}
	for range 5 {
		c := w.dial()
		c.Say(c.Hello("s", lasting), &mqtt.Pingreq{})
		c.Welcome()
		c.drop()
	}
}

// connackFirstInACrowd has clients take one session from each other as fast as
// they can: whoever is taken over hears CONNACK before that, or nothing.
func connackFirstInACrowd(w *world) {
	var crowd sync.WaitGroup
	for range 4 {
		crowd.Go(func() {
			for range 100 {
				c := w.dial()
				c.Say(c.Hello("s", lasting))
				b := c.Frame()
				if b != nil && b[0] != 0x20 {
					w.t.Errorf("heard %x", b)
				}
				c.Close()
			}
		})
	}
	crowd.Wait()
}

func oneConnack(w *world) {
	c := w.connect("c", anew)
	c.Subscribe(filter("a", 1))
	c.Publish(pub("b", "x", 1, 1))
	c.Silence()
	c.Say(c.Hello("c", anew))
	c.Ended(wrong)
}

func connackFlags(w *world) {
	for i, want := range []byte{0, 1} {
		c := w.dial()
		c.Say(c.Hello("c", lasting))
		if b := c.Frame(); len(b) < 4 || b[2] != want {
			w.t.Errorf("connection %d heard %x", i+1, b)
		}
		c.leave()
	}
}

// refusalHasNoSession is refused where it has a session.
func refusalHasNoSession(w *world) {
	c := w.connect("c", named, anew)
	c.Subscribe(filter("a", 1))
	c.leave()
	for range 2 {
		c = w.dial()
		c.Say(c.Hello("c", lasting, named, func(p *mqtt.Connect) { p.Password = []byte("no") }))
		b := c.Frame()
		if len(b) < 4 || b[0] != 0x20 || b[2] != 0 || b[3] == 0 {
			w.t.Fatalf("heard %x", b)
		}
		c.Closed()
	}
	if !w.connect("c", named, lasting).Connack.SessionPresent {
		w.t.Error("a refusal ended the session")
	}
}

// refusalCodes gathers what CONNECT can be refused for.
func refusalCodes(w *world) {
	w.connect("the only one")
	for _, c := range []struct {
		sent string
		want mqtt.ReasonCode
	}{
		{"10 [ 0004'MQTT' 05 02 003c 00 0001'c' ]", mqtt.ReasonQuotaExceeded},
		{"10 [ 0004'MQTT' 06 02 003c 00 0001'c' ]", mqtt.ReasonUnsupportedProtocolVersion},
		{"10 [ 0004'MQTT' 05 03 003c 00 0001'c' ]", malformed},
		{"10 [ 0004'MQTT' 05 02 003c [ 210000 ] 0001'c' ]", wrong},
		{"10 [ 0004'MQTT' 05 02 003c [ 150001'm' ] 0001'c' ]", mqtt.ReasonBadAuthenticationMethod},
	} {
		p := w.dial()
		p.SendHex(c.sent)
		// The codec takes no code that does not belong in a CONNACK.
		if ack, ok := p.Next().(*mqtt.Connack); !ok || ack.ReasonCode != c.want {
			w.t.Errorf("%s: heard %+v, want %v", c.sent, ack, c.want)
		}
		p.Closed()
	}
}

// everyQoS shows that nothing is restricted, so that nothing has to be said.
func everyQoS(w *world) {
	watch := w.connect("watch")
	if p := watch.Connack.Properties; p.HasMaximumQoS || p.RetainUnavailable {
		w.t.Errorf("CONNACK says %+v", p)
	}
	for qos := mqtt.QoS0; qos <= mqtt.QoS2; qos++ {
		topic := fmt.Sprint("will/", qos)
		watch.Subscribe(filter(topic, qos))
		c := w.connect("c", func(p *mqtt.Connect) {
			p.Will = &mqtt.Will{Topic: []byte(topic), Payload: []byte("x"), QoS: qos, Retain: true}
		})
		c.Publish(kept(topic, "y", qos, 1))
		if m := watch.Message(); m.QoS != qos || string(m.Payload) != "y" {
			w.t.Errorf("heard %+v", m)
		}
		c.drop()
		if m := watch.Message(); m.QoS != qos || string(m.Payload) != "x" {
			w.t.Errorf("heard %+v", m)
		}
		watch.Subscribe(filter(topic, qos))
		if m := watch.Message(); m.QoS != qos || !m.Retain {
			w.t.Errorf("heard %+v", m)
		}
	}
}

func noResponseInformation(w *world) {
	for _, asked := range []bool{false, true} {
		c := w.connect("c", func(p *mqtt.Connect) { p.Properties.RequestResponseInfo = asked })
		if c.Connack.Properties.ResponseInformation != nil && !asked {
			w.t.Errorf("response information %q", c.Connack.Properties.ResponseInformation)
		}
		c.leave()
	}
}

// noProblemInformation asks for no explanations and gives cause for many.
func noProblemInformation(w *world) {
	c := w.connect("c", func(p *mqtt.Connect) { p.Properties.NoProblemInfo = true })
	c.Exact = true
	refused := mqtt.ReasonQuotaExceeded
	c.Say(kept("a", "x", 1, 1), kept("a", "x", 2, 2), &mqtt.Pubrel{PacketID: 3}, &mqtt.Pubrec{PacketID: 4},
		&mqtt.Subscribe{PacketID: 5, Filters: []mqtt.Filter{filter("a", 0), filter("b", 0)}},
		&mqtt.Unsubscribe{PacketID: 6, Filters: [][]byte{[]byte("none")}})
	// To the octet: there is no property in them.
	c.Expect(&mqtt.Puback{PacketID: 1, ReasonCode: refused}, &mqtt.Pubrec{PacketID: 2, ReasonCode: refused},
		&mqtt.Pubcomp{PacketID: 3, ReasonCode: mqtt.ReasonPacketIDNotFound}, &mqtt.Pubrel{PacketID: 4, ReasonCode: mqtt.ReasonPacketIDNotFound},
		&mqtt.Suback{PacketID: 5, ReasonCodes: []mqtt.ReasonCode{0, refused}},
		&mqtt.Unsuback{PacketID: 6, ReasonCodes: []mqtt.ReasonCode{mqtt.ReasonNoSubscriptionExisted}})
}

// smallAnswers has a client that takes only what has to be said: no reason
// string and no user property would fit beside it.
func smallAnswers(w *world) {
	probe := w.dial()
	probe.Say(probe.Hello("c", limited(200)))
	whole := probe.Frame()
	probe.drop()
	c := w.connect("c", limited(len(whole)))
	c.Exact = true
	if p := c.Connack.Properties; p.ReasonString != nil || len(p.User) > 0 {
		w.t.Errorf("CONNACK says %+v", p)
	}
	refused := mqtt.ReasonQuotaExceeded
	c.Say(kept("a", "x", 1, 1), kept("a", "x", 2, 2), &mqtt.Pubrel{PacketID: 3}, &mqtt.Pubrec{PacketID: 4},
		&mqtt.Subscribe{PacketID: 5, Filters: []mqtt.Filter{filter("a", 0), filter("b", 0)}},
		&mqtt.Unsubscribe{PacketID: 6, Filters: [][]byte{[]byte("none")}})
	c.Expect(&mqtt.Puback{PacketID: 1, ReasonCode: refused}, &mqtt.Pubrec{PacketID: 2, ReasonCode: refused},
		&mqtt.Pubcomp{PacketID: 3, ReasonCode: mqtt.ReasonPacketIDNotFound}, &mqtt.Pubrel{PacketID: 4, ReasonCode: mqtt.ReasonPacketIDNotFound},
		&mqtt.Suback{PacketID: 5, ReasonCodes: []mqtt.ReasonCode{0, refused}},
		&mqtt.Unsuback{PacketID: 6, ReasonCodes: []mqtt.ReasonCode{mqtt.ReasonNoSubscriptionExisted}})
	c.SendHex("00 00")
	c.Expect(&mqtt.Disconnect{ReasonCode: malformed})
	c.Closed()
}

func limited(n int) option {
	return func(p *mqtt.Connect) { p.Properties.MaximumPacketSize = uint32(n) }
}
