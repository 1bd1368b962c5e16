package broker

import (
	"strings"
	"testing"

	"snbroker/internal/mqtt"
)

func TestTopicsAreBounded(t *testing.T) {
	b := New(DefaultLimits())
	p := attach(t, b, ConnectOptions{ClientID: "c"})
	long, deep := strings.Repeat("x", 4097), strings.Repeat("a/", 128)+"a"
	fits := strings.Repeat("a/", 127) + "a"
	var turn Turn
	for topic, want := range map[string]mqtt.ReasonCode{
		long: mqtt.ReasonTopicNameInvalid, deep: mqtt.ReasonTopicNameInvalid,
		long[:4096]: mqtt.ReasonNoMatchingSubscribers, fits: mqtt.ReasonNoMatchingSubscribers,
	} {
		if got := p.Publish(&Publication{Topic: topic}, &turn); got != want {
			t.Errorf("publish to a topic of %d octets, %d levels: %v, want %v", len(topic), 1+strings.Count(topic, "/"), got, want)
		}
		if got := p.Conn.Subscribe(topic, SubscribeOptions{}); (got == mqtt.ReasonTopicFilterInvalid) != (want == mqtt.ReasonTopicNameInvalid) {
			t.Errorf("subscribe to a filter of %d octets: %v", len(topic), got)
		}
		_, _, err := b.Connect(ConnectOptions{ClientID: "d", Will: &Will{Topic: topic}}, deaf{}, &turn)
		if (err == ErrWillTopic) != (want == mqtt.ReasonTopicNameInvalid) {
			t.Errorf("will on a topic of %d octets: %v", len(topic), err)
		}
	}
}

func TestLargeMessagesArePulledOneByOne(t *testing.T) {
	b := New(DefaultLimits())
	p := attach(t, b, ConnectOptions{ClientID: "c"})
	p.subscribe("a", SubscribeOptions{})
	for range 5 {
		publish(b, text("a", strings.Repeat("x", PullBytes/2), 0))
	}
	var turn Turn
	for _, want := range []int{2, 2, 1, 0} {
		if got := p.Conn.Pull(make([]Delivery, 0, 8), &turn); len(got) != want {
			t.Errorf("a pull brought %d messages, want %d", len(got), want)
		}
	}
}
