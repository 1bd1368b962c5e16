package conformance

import "snbroker/internal/mqtt"

// Retained messages.

var retain311 = []proof{
	{"MQTT-3.3.1-5", overTCP(keepsTheLast)},
	{"MQTT-3.3.1-6", overTCP(sentToNewSubscriptions)},
	{"MQTT-3.3.1-7", overTCP(keepsTheLast)},
	{"MQTT-3.3.1-8", overTCP(sentToNewSubscriptions)},
	{"MQTT-3.3.1-9", overTCP(liveIsNotRetained)},
	{"MQTT-3.3.1-10", overTCP(emptyClears)},
	{"MQTT-3.3.1-11", overTCP(emptyClears)},
	{"MQTT-3.3.1-12", overTCP(otherMessagesKeepNothing)},
}

var retain5 = []proof{
	{"MQTT-3.3.1-5", overTCP(keepsTheLast)},
	{"MQTT-3.3.1-6", overTCP(emptyClears)},
	{"MQTT-3.3.1-7", overTCP(emptyClears)},
	{"MQTT-3.3.1-8", overTCP(otherMessagesKeepNothing)},
	{"MQTT-3.3.1-9", overTCP(retainHandling)},
	{"MQTT-3.3.1-10", overTCP(retainHandling)},
	{"MQTT-3.3.1-11", overTCP(retainHandling)},
	{"MQTT-3.3.1-12", overTCP(liveIsNotRetained)},
	{"MQTT-3.3.1-13", overTCP(retainAsPublished)},
}

func keepsTheLast(w *world) {
	p := w.connect("p")
	for _, c := range []struct {
		payload string
		qos     mqtt.QoS
	}{{"one", 1}, {"two", 2}, {"three", 0}, {"four", 1}} {
		p.Publish(kept("a", c.payload, c.qos, 1))
		s := w.connect("s")
		s.Subscribe(filter("a", 2))
		if m := s.Message(); string(m.Payload) != c.payload || m.QoS != c.qos || !m.Retain || m.Dup {
			w.t.Errorf("after %q at QoS %d: %+v", c.payload, c.qos, m)
		}
		s.Silence()
		s.leave()
	}
}

func sentToNewSubscriptions(w *world) {
	p := w.connect("p")
	p.Publish(kept("a/1", "one", 0, 0))
	p.Publish(kept("a/2", "two", 0, 0))
	p.Publish(kept("b/1", "other", 0, 0))
	s := w.connect("s")
	s.Subscribe(filter("a/+", 0))
	s.Expect(kept("a/1", "one", 0, 0), kept("a/2", "two", 0, 0))
	s.Subscribe(filter("b/#", 0))
	s.Expect(kept("b/1", "other", 0, 0))
	s.Silence()
}

func liveIsNotRetained(w *world) {
	s := w.connect("s")
	s.Subscribe(filter("a", 2))
	p := w.connect("p")
	p.Publish(kept("a", "0", 0, 0))
	p.Publish(kept("a", "1", 1, 1))
	p.Publish(kept("a", "2", 2, 2))
	s.Expect(pub("a", "0", 0, 0), pub("a", "1", 1, 1), pub("a", "2", 2, 2))
}

func emptyClears(w *world) {
	live := w.connect("live")
	live.Subscribe(filter("a", 0))
	p := w.connect("p")
	p.Publish(kept("a", "x", 1, 1))
	live.Expect(pub("a", "x", 0, 0))
	for _, qos := range []mqtt.QoS{0, 1, 2} { // more than once: nothing is kept of it
		p.Publish(kept("a", "", qos, 1))
		live.Expect(pub("a", "", 0, 0))
		s := w.connect("s")
		s.Subscribe(filter("a", 0), filter("#", 0))
		s.Silence()
		s.leave()
	}
	if n := w.broker.Stats().Retained; n != 0 {
		w.t.Errorf("%d messages are kept", n)
	}
}

func otherMessagesKeepNothing(w *world) {
	p := w.connect("p")
	p.Publish(pub("a", "not to be kept", 1, 1))
	p.Publish(kept("b", "kept", 1, 2))
	p.Publish(pub("b", "not to replace it", 1, 3))
	p.Publish(pub("b", "", 1, 4)) // nor to clear it
	s := w.connect("s")
	s.Subscribe(filter("#", 0))
	s.Expect(kept("b", "kept", 0, 0))
	s.Silence()
}

func retainHandling(w *world) {
	w.connect("p").Publish(kept("a/b", "x", 0, 0))
	for handling, want := range [][2]bool{{true, true}, {true, false}, {false, false}} {
		for _, name := range []string{"a/b", "a/+", "#"} {
			s := w.connect("s")
			f := filter(name, 0)
			f.RetainHandling = uint8(handling)
			for i, comes := range want {
				s.Subscribe(f)
				if comes {
					s.Expect(kept("a/b", "x", 0, 0))
				}
				s.Silence()
				if w.t.Failed() {
					w.t.Fatalf("retain handling %d, subscription %d to %s", handling, i+1, name)
				}
			}
			s.leave()
		}
	}
	ends(wrong, "82 [ 0001 00 0001'a' 30 ]")(w.t, w.v)
}

func retainAsPublished(w *world) {
	s := w.connect("s")
	f := filter("a", 1)
	f.RetainAsPublished = true
	s.Subscribe(f)
	p := w.connect("p")
	p.Publish(kept("a", "1", 1, 1))
	p.Publish(pub("a", "2", 1, 2))
	p.Publish(kept("a", "3", 0, 0))
	s.Expect(kept("a", "1", 1, 1), pub("a", "2", 1, 2), kept("a", "3", 0, 0))
	s.Subscribe(f) // what is kept has the flag whatever the option
	s.Expect(kept("a", "3", 0, 0))
}
