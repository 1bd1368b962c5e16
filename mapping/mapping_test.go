package mapping

import (
	"fmt"
	"testing"

	"snbroker/mqttsn"
)

func TestPredefined(t *testing.T) {
	var p Predefined
	for _, c := range []struct {
		client string
		id     mqttsn.TopicID
		name   string
		fine   bool
	}{
		{"", 1, "all/one", true},
		{"", 1, "all/one", true}, // said twice
		{"", 1, "all/other", false},
		{"", 2, "all/one", false},
		{"", 0, "zero", false},
		{"", 0xFFFF, "reserved", false},
		{"", 3, "with/#", false},
		{"", 3, "", false},
		{"", 2, "all/two", true},
		{"own", 1, "own/one", true},
		{"own", 9, "all/two", true},
	} {
		if err := p.Add(c.client, c.id, c.name); (err == nil) != c.fine {
			t.Errorf("Add(%q, %d, %q): %v", c.client, c.id, c.name, err)
		}
	}
	for _, c := range []struct {
		client string
		id     mqttsn.TopicID
		name   string
	}{{"any", 1, "all/one"}, {"any", 2, "all/two"}, {"own", 1, "own/one"}, {"own", 2, "all/two"}, {"any", 9, ""}} {
		if name, ok := p.Name(c.client, c.id); name != c.name || ok != (c.name != "") {
			t.Errorf("Name(%q, %d) is %q, %v; want %q", c.client, c.id, name, ok, c.name)
		}
	}
	for _, c := range []struct {
		client, name string
		id           mqttsn.TopicID
	}{
		{"any", "all/one", 1}, {"any", "own/one", 0}, {"own", "own/one", 1},
		{"own", "all/two", 9}, // its own id wins
		{"own", "all/one", 0}, // 1 means something else to it
	} {
		if id, ok := p.ID(c.client, c.name); id != c.id || ok != (c.id != 0) {
			t.Errorf("ID(%q, %q) is %d, %v; want %d", c.client, c.name, id, ok, c.id)
		}
	}
}

// The same id for the same name, in small tables and in those with a map.
func TestTopics(t *testing.T) {
	const many, limit = 100, 101
	var topics Topics
	for round := range 2 {
		for i := range many {
			topic, ok := topics.Register(fmt.Sprint("topic/", i), limit)
			if !ok || topic.ID != mqttsn.TopicID(i+1) || topic.Type != mqttsn.TopicNormal {
				t.Fatalf("round %d: topic %d has %+v, %v", round, i, topic, ok)
			}
			if topic.Confirmed != (round == 1) {
				t.Fatalf("round %d: topic %d is confirmed: %v", round, i, topic.Confirmed)
			}
			topic.Confirmed = true
		}
	}
	if topics.Len() != many {
		t.Errorf("%d ids in use, want %d", topics.Len(), many)
	}
	if _, ok := topics.Register("last", limit); !ok {
		t.Error("the limit is too low by one")
	}
	if _, ok := topics.Register("one more", limit); ok {
		t.Error("the limit does not hold")
	}
	for id, want := range map[mqttsn.TopicID]string{0: "", 1: "topic/0", many: "topic/99", limit: "last", limit + 1: "", 0xFFFF: ""} {
		if name, ok := topics.Name(id); name != want || ok != (want != "") {
			t.Errorf("id %d is %q, %v; want %q", id, name, ok, want)
		}
	}
	topics.Doubt()
	if topic := topics.Normal("topic/7"); topic.Confirmed || topic.ID != 8 {
		t.Errorf("after a reconnect: %+v", topic)
	}
}

func TestRejectedIDs(t *testing.T) {
	var topics Topics
	topic, _ := topics.Register("a", 10)
	topic.Confirmed = true
	topics.Use("a", mqttsn.TopicPredefined, 1) // another meaning of 1
	topics.Reject(mqttsn.TopicPredefined, 1)
	if got := topics.Lookup("a"); got == nil || got.Type != mqttsn.TopicNormal || !got.Confirmed {
		t.Errorf("without its predefined id the topic is %+v, want the normal one, untouched", got)
	}
	topics.Reject(mqttsn.TopicNormal, 1)
	if got := topics.Lookup("a"); got.Confirmed {
		t.Error("a rejected id is still trusted")
	}
	topics.Reject(mqttsn.TopicNormal, 99) // never given out
}
