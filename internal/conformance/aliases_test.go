package conformance

import (
	"fmt"

	"snbroker/internal/mqtt"
)

// Topic aliases, from clients and to them.

var aliases5 = []proof{
	{"MQTT-3.1.2-26", overTCP(serversAliases)},
	{"MQTT-3.1.2-27", overTCP(serverWithoutAliases)},
	{"MQTT-3.2.2-17", overTCP(aliasTooHigh, twoAliases)},
	{"MQTT-3.2.2-18", overTCP(aliasForbidden, func(s *settings) { s.TopicAliasMaximum = 0 })},
	{"MQTT-3.3.2-7", overTCP(aliasesEnd)},
	{"MQTT-3.3.2-8", both(overTCP(serversAliases), ends(mqtt.ReasonTopicAliasInvalid, "30 [ 0001'a' [ 230000 ] ]", "30 [ 0000 [ 230000 ] ]"))},
	{"MQTT-3.3.2-9", overTCP(aliasTooHigh, twoAliases)},
	{"MQTT-3.3.2-11", overTCP(serversAliases)},
	{"MQTT-3.3.2-12", overTCP(clientsAliases)},
}

func twoAliases(s *settings) { s.TopicAliasMaximum = 2 }

func aliased(topic, payload string, alias uint16) *mqtt.Publish {
	m := pub(topic, payload, 0, 0)
	m.Properties.TopicAlias = alias
	return m
}

// serversAliases has clients that allow some: none is higher, none is 0, and
// each stands for what it was said to.
func serversAliases(w *world) {
	for _, most := range []uint16{1, 2, 5} {
		s := w.connect("s", func(p *mqtt.Connect) { p.Properties.TopicAliasMaximum = most })
		s.Subscribe(filter("a/#", 0))
		p := w.connect("p")
		aliases := map[uint16]string{}
		for i := range 60 {
			topic := fmt.Sprintf("a/long/enough/to/be/worth/it/%d", i*i%7)
			p.Publish(pub(topic, "x", 0, 0))
			m := s.Message()
			alias := m.Properties.TopicAlias
			if alias > most {
				w.t.Fatalf("alias %d of %d", alias, most)
			}
			got := string(m.Topic)
			switch {
			case got == "":
				got = aliases[alias]
			case alias != 0:
				aliases[alias] = got
			}
			if got != topic {
				w.t.Fatalf("%q came as %q with alias %d", topic, m.Topic, alias)
			}
		}
		s.leave()
	}
}

func serverWithoutAliases(w *world) {
	zero := func(p *mqtt.Connect) { p.Properties.TopicAliasMaximum = 0 }
	s := w.connect("s", zero)
	s.Subscribe(filter("a/#", 0))
	p := w.connect("p")
	for range 20 {
		p.Publish(pub("a/long/enough/to/be/worth/it", "x", 0, 0))
		s.Expect(pub("a/long/enough/to/be/worth/it", "x", 0, 0))
	}
	c := w.dial() // the property is there, and zero
	c.SendHex("10 [ 0004'MQTT' 05 02 003c [ 220000 ] 0001'c' ] 82 [ 0001 00 0001'b' 00 ]")
	c.Welcome()
	c.Next()
	for range 5 {
		p.Publish(pub("b", "x", 0, 0))
		c.Expect(pub("b", "x", 0, 0))
	}
}

func clientsAliases(w *world) {
	watch := w.connect("watch")
	watch.Subscribe(filter("#", 0))
	c := w.connect("c")
	most := c.Connack.Properties.TopicAliasMaximum
	if most == 0 {
		w.t.Fatal("none is allowed")
	}
	for alias := most; alias > 0; alias-- {
		c.Say(aliased(fmt.Sprint("topic/", alias), "given", alias), aliased("", "used", alias))
		watch.Expect(pub(fmt.Sprint("topic/", alias), "given", 0, 0), pub(fmt.Sprint("topic/", alias), "used", 0, 0))
	}
	for alias := uint16(1); alias <= most; alias++ {
		c.Say(aliased("", "still", alias))
		watch.Expect(pub(fmt.Sprint("topic/", alias), "still", 0, 0))
	}
	c.Say(aliased("another", "given", 1), aliased("", "used", 1))
	watch.Expect(pub("another", "given", 0, 0), pub("another", "used", 0, 0))
}

func aliasTooHigh(w *world) {
	watch := w.connect("watch")
	watch.Subscribe(filter("#", 0))
	for _, alias := range []uint16{3, 4, 65535} {
		for _, topic := range []string{"a", ""} {
			c := w.connect("c")
			if n := c.Connack.Properties.TopicAliasMaximum; n != 2 {
				w.t.Fatalf("CONNACK says %d", n)
			}
			c.Say(aliased(topic, "x", alias))
			c.Ended(mqtt.ReasonTopicAliasInvalid)
		}
	}
	watch.Silence()
}

func aliasForbidden(w *world) {
	c := w.connect("c")
	if n := c.Connack.Properties.TopicAliasMaximum; n != 0 {
		w.t.Fatalf("CONNACK says %d", n)
	}
	c.Say(aliased("a", "x", 1))
	c.Ended(mqtt.ReasonTopicAliasInvalid)
}

// aliasesEnd with their connection, though the session goes on.
func aliasesEnd(w *world) {
	watch := w.connect("watch")
	watch.Subscribe(filter("#", 0))
	c := w.connect("c", anew)
	c.Say(aliased("a", "x", 1))
	watch.Expect(pub("a", "x", 0, 0))
	c.drop()
	c = w.connect("c", lasting)
	c.Say(aliased("", "y", 1))
	c.Ended(wrong)
	watch.Silence()
	// To a client: the first message of each connection has its topic.
	allow := func(p *mqtt.Connect) { p.Properties.TopicAliasMaximum = 10 }
	for range 2 {
		s := w.connect("s", lasting, allow)
		s.Subscribe(filter("a/long/enough/to/be/worth/it", 0))
		for i := range 3 {
			w.connect("p").Publish(pub("a/long/enough/to/be/worth/it", "x", 0, 0))
			if m := s.Message(); i == 0 && len(m.Topic) == 0 {
				w.t.Errorf("heard %+v", m)
			}
		}
		s.drop()
	}
}
