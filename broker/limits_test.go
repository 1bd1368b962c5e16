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

// A client that does not keep up is disconnected, once; what it has in its queue
// waits for its return.
func TestClientThatDoesNotKeepUpIsDisconnected(t *testing.T) {
	l := DefaultLimits()
	l.MaxQueued, l.QueuePolicy = 3, DropClient
	b := New(l)
	p := attach(t, b, ConnectOptions{ClientID: "slow", Expiry: Never, Will: &Will{Topic: "will"}})
	p.subscribe("a", SubscribeOptions{QoS: mqtt.QoS1})
	watch := attach(t, b, ConnectOptions{ClientID: "watch"})
	watch.subscribe("will", SubscribeOptions{})
	for _, s := range []string{"1", "2", "3", "4", "5"} {
		publish(b, text("a", s, 1))
	}
	if p.Conn.Attached() {
		t.Error("the client is still attached")
	}
	watch.hears("will= q0")
	p = connect(t, b, ConnectOptions{ClientID: "slow", Expiry: Never})
	p.hears("a=1 q1 #1", "a=2 q1 #2", "a=3 q1 #3")
	if n := dropped(b, DropQueueFull); n != 2 {
		t.Errorf("%d messages were dropped, want 2", n)
	}
}

// Limits that are replaced hold for what comes then.
func TestSetLimits(t *testing.T) {
	b := New(DefaultLimits())
	p := attach(t, b, ConnectOptions{ClientID: "c", Expiry: Never})
	p.subscribe("a/#", SubscribeOptions{QoS: 1})
	for range 5 {
		publish(b, text("a/b", "x", 1))
	}
	l := DefaultLimits()
	l.MaxQueued, l.MaxRetained, l.MaxTopicLevels = 3, 0, 2
	b.SetLimits(l)
	publish(b, text("a/b", "y", 1))
	if n := b.sessions["c"].queue.len(); n != 3 {
		t.Errorf("%d messages are queued, want 3", n)
	}
	var turn Turn
	if got := p.Publish(&Publication{Topic: "a/b/c"}, &turn); got != mqtt.ReasonTopicNameInvalid {
		t.Errorf("a topic that is too deep now: %v", got)
	}
	if got := p.Publish(&Publication{Topic: "a/b", Payload: []byte("x"), Retain: true}, &turn); got != mqtt.ReasonQuotaExceeded {
		t.Errorf("a retained message too many: %v", got)
	}
}

// Limits may be replaced while messages pass.
func TestSetLimitsMeanwhile(t *testing.T) {
	b := New(DefaultLimits())
	p := attach(t, b, ConnectOptions{ClientID: "c", Expiry: Never})
	p.subscribe("a", SubscribeOptions{QoS: 1})
	done := make(chan struct{})
	go func() {
		defer close(done)
		for i := range 200 {
			l := DefaultLimits()
			l.MaxQueued = 1 + i%7
			b.SetLimits(l)
		}
	}()
	for range 200 {
		publish(b, text("a", "x", 1))
	}
	<-done
	l := DefaultLimits()
	l.MaxQueued = 2
	b.SetLimits(l)
	publish(b, text("a", "x", 1))
	if n := b.sessions["c"].queue.len(); n != 2 {
		t.Errorf("%d messages are queued, want 2", n)
	}
}
