package conformance

import (
	"slices"
	"strings"

	"snbroker/internal/mqtt"
)

// Topic names and filters.

var topics311 = []proof{
	{"MQTT-4.7.1-1", ends(malformed, "30 [ 0001'#' ]", "30 [ 0001'+' ]", "30 [ 0003'a/#' ]", "30 [ 0005'a/+/b' ]", "30 [ 0002'a#' ]")},
	{"MQTT-4.7.1-2", both(overTCP(multiLevel), ends(malformed, "82 [ 0001 0002'a#' 00 ]", "82 [ 0001 0005'a/#/b' 00 ]", "82 [ 0001 0002'#a' 00 ]", "82 [ 0001 0002'##' 00 ]", "82 [ 0001 0002'+#' 00 ]"))},
	{"MQTT-4.7.1-3", both(overTCP(singleLevel), ends(malformed, "82 [ 0001 0002'a+' 00 ]", "82 [ 0001 0004'a/+b' 00 ]", "82 [ 0001 0002'++' 00 ]", "82 [ 0001 0004'b+/c' 00 ]"))},
	{"MQTT-4.7.2-1", overTCP(dollar)},
	{"MQTT-4.7.3-1", both(overTCP(shortest), ends(malformed, "30 [ 0000 'x' ]", "82 [ 0001 0000 00 ]", "a2 [ 0001 0000 ]"))},
	{"MQTT-4.7.3-2", ends(malformed, "30 [ 0003'a' 00 'b' ]", "82 [ 0001 0003'a' 00 'b' 00 ]", "a2 [ 0001 0001 00 ]")},
	{"MQTT-4.7.3-3", overTCP(longest, anyTopic)},
	{"MQTT-4.7.3-4", overTCP(asTheyAre)},
}

var topics5 = []proof{
	{"MQTT-4.7.0-1", ends(malformed, "30 [ 0001'#' 00 ]", "30 [ 0001'+' 00 ]", "30 [ 0003'a/#' 00 ]", "30 [ 0005'a/+/b' 00 ]", "30 [ 0002'a#' 00 ]")},
	{"MQTT-4.7.1-1", both(overTCP(multiLevel), ends(malformed, "82 [ 0001 00 0002'a#' 00 ]", "82 [ 0001 00 0005'a/#/b' 00 ]", "82 [ 0001 00 0002'#a' 00 ]", "82 [ 0001 00 0002'##' 00 ]", "82 [ 0001 00 000b'$share/g/a#' 00 ]"))},
	{"MQTT-4.7.1-2", both(overTCP(singleLevel), ends(malformed, "82 [ 0001 00 0002'a+' 00 ]", "82 [ 0001 00 0004'a/+b' 00 ]", "82 [ 0001 00 0002'++' 00 ]", "82 [ 0001 00 0004'b+/c' 00 ]"))},
	{"MQTT-4.7.2-1", overTCP(dollar)},
	{"MQTT-4.7.3-1", both(overTCP(shortest), ends(malformed, "82 [ 0001 00 0000 00 ]", "a2 [ 0001 00 0000 ]"), ends(wrong, "30 [ 0000 00 'x' ]"))},
	{"MQTT-4.7.3-2", ends(malformed, "30 [ 0003'a' 00 'b' 00 ]", "82 [ 0001 00 0003'a' 00 'b' 00 ]", "a2 [ 0001 00 0001 00 ]")},
	{"MQTT-4.7.3-3", overTCP(longest, anyTopic)},
	{"MQTT-4.7.3-4", overTCP(asTheyAre)},
}

// fits tries topics against one filter, live and retained.
func fits(w *world, name string, yes, no []string) {
	w.t.Helper()
	s, p := w.connect("s"), w.connect("p")
	s.Subscribe(filter(name, 0))
	for _, topic := range append(no, yes...) {
		p.Publish(kept(topic, "x", 0, 0))
	}
	for _, topic := range yes {
		s.Expect(pub(topic, "x", 0, 0))
	}
	s.Silence()
	s.Unsubscribe(name)
	s.Subscribe(filter(name, 0))
	came := map[string]bool{}
	for range yes {
		came[string(s.Message().Topic)] = true
	}
	for _, topic := range yes {
		if !came[topic] {
			w.t.Errorf("%q: %q did not come of what is kept", name, topic)
		}
	}
	s.Silence()
	for _, topic := range append(no, yes...) {
		p.Publish(kept(topic, "", 0, 0))
		if slices.Contains(yes, topic) {
			s.Message()
		}
	}
}

func multiLevel(w *world) {
	fits(w, "#", []string{"a", "a/b", "/", "a//b"}, nil)
	fits(w, "a/b/#", []string{"a/b", "a/b/", "a/b/c", "a/b/c/d"}, []string{"a", "a/bc", "b/a/b"})
}

func singleLevel(w *world) {
	fits(w, "+", []string{"a", "b"}, []string{"/a", "a/b", "/"})
	fits(w, "a/+", []string{"a/b", "a/"}, []string{"a", "a/b/c"})
	fits(w, "a/+/c", []string{"a/b/c", "a//c"}, []string{"a/c", "a/b/b/c"})
	fits(w, "+/b/#", []string{"a/b", "/b", "a/b/c/d"}, []string{"b", "a/c"})
	fits(w, "+/+", []string{"/a", "a/", "a/b"}, []string{"a", "a/b/c"})
}

func dollar(w *world) {
	own := []string{"$SYS", "$SYS/x", "$a/b", "$"}
	fits(w, "#", []string{"a", "a/$SYS"}, own)
	fits(w, "+", []string{"a"}, own)
	fits(w, "+/x", []string{"a/x"}, own)
	fits(w, "+/#", []string{"a", "a/x"}, own)
	fits(w, "$SYS/#", []string{"$SYS", "$SYS/x"}, []string{"a", "$a/b"})
	fits(w, "$SYS/+", []string{"$SYS/x"}, []string{"$SYS"})
}

func shortest(w *world) {
	fits(w, "/", []string{"/"}, []string{"a", "//"})
	fits(w, " ", []string{" "}, []string{"/"})
}

// anyTopic has no limit but the standard's.
func anyTopic(s *settings) { s.MaxTopicLength, s.MaxTopicLevels = 0, 0 }

func longest(w *world) {
	name := strings.Repeat("a/", 32767) + "b" // 65535
	s := w.connect("s")
	s.Subscribe(filter(name, 0), filter(name[:65534]+"+", 0), filter(name[:65534]+"#", 0))
	w.connect("p").Publish(pub(name, "x", 1, 1))
	s.Expect(pub(name, "x", 0, 0))
	s.Unsubscribe(name)
}

// asTheyAre has names that somebody could take for the same.
func asTheyAre(w *world) {
	alike := []string{"a/b", "A/b", "a/B", "a//b", "/a/b", "a/b/", "a /b", " a/b", "caf\u00e9", "cafe\u0301", "\u212b", "\u00c5", "a/./b", "a/../b", "a%2fb"}
	s := w.connect("s")
	for i, name := range alike {
		s.Subscribe(filter(name, mqtt.QoS(i%2)))
	}
	p := w.connect("p")
	for _, topic := range alike {
		p.Publish(pub(topic, "x", 0, 0))
		s.Expect(pub(topic, "x", 0, 0))
	}
	s.Silence()
	for i, name := range alike {
		s.Unsubscribe(name)
		for _, topic := range alike {
			p.Say(pub(topic, "x", 0, 0))
		}
		p.Silence()
		for _, topic := range alike[i+1:] {
			s.Expect(pub(topic, "x", 0, 0))
		}
	}
	s.Silence()
}
