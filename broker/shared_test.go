package broker

import (
	"fmt"
	"testing"

	"snbroker/internal/mqtt"
)

// members are so many clients that share a subscription.
func members(t *testing.T, b *Broker, n int) []*peer {
	t.Helper()
	var all []*peer
	for i := range n {
		p := attach(t, b, ConnectOptions{ClientID: fmt.Sprint("member-", i)})
		p.subscribe("$share/g/t/+", SubscribeOptions{QoS: mqtt.QoS1})
		all = append(all, p)
	}
	return all
}

func TestShareGoesRound(t *testing.T) {
	b := New(DefaultLimits())
	all := members(t, b, 3)
	for i := range 6 {
		publish(b, text("t/a", fmt.Sprint(i), 0))
	}
	for i, p := range all {
		p.hears(fmt.Sprintf("t/a=%d q0", i), fmt.Sprintf("t/a=%d q0", i+3))
	}
}

// Sticky: what one sender publishes goes to one member, in order.
func TestShareSticksToTheSender(t *testing.T) {
	l := DefaultLimits()
	l.SharePolicy = ShareSticky
	b := New(l)
	all := members(t, b, 4)
	var turn Turn
	for s := range 20 {
		from := attach(t, b, ConnectOptions{ClientID: fmt.Sprint("sender-", s)})
		for i := range 5 {
			from.Publish(&Publication{Topic: fmt.Sprint("t/", s), Payload: []byte{byte(i)}}, &turn)
		}
	}
	b.End(&turn)
	served := map[string]int{}
	for m, p := range all {
		next := map[string]byte{}
		for _, d := range p.Conn.Pull(make([]Delivery, 0, 200), &turn) {
			topic := d.Message.Topic
			if was, ok := served[topic]; ok && was != m {
				t.Errorf("%s was given to members %d and %d", topic, was, m)
			}
			served[topic] = m
			if d.Message.Payload[0] != next[topic] {
				t.Errorf("%s: message %d came when %d was due", topic, d.Message.Payload[0], next[topic])
			}
			next[topic]++
		}
	}
	if len(served) != 20 {
		t.Errorf("%d of 20 senders were heard", len(served))
	}
}

// A member that leaves for good leaves what it has not been sent to the others.
func TestShareOfAMemberThatLeaves(t *testing.T) {
	b := New(DefaultLimits())
	all := members(t, b, 2)
	for i := range 4 {
		publish(b, text("t/a", fmt.Sprint(i), 1))
	}
	var turn Turn
	all[0].Conn.Close(false, &turn)
	b.End(&turn)
	all[1].hears("t/a=1 q1 #1", "t/a=3 q1 #2", "t/a=0 q1 #3", "t/a=2 q1 #4")
}
