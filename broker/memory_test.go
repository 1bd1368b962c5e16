package broker

import (
	"fmt"
	"testing"

	"snbroker/internal/mqtt"
)

// The order of shedding when all queues together are full: QoS 0 first, then
// new publishes are refused; what was acknowledged stays.
func TestMemoryOfAllQueuesIsBounded(t *testing.T) {
	l := DefaultLimits()
	l.MaxMemory = 64 << 10
	b := New(l)
	var sleepers []*Conn
	var turn Turn
	for i := range 4 {
		c, _, err := b.Connect(ConnectOptions{ClientID: fmt.Sprint(i), Expiry: Never}, deaf{}, &turn)
		if err != nil {
			t.Fatal(err)
		}
		c.Subscribe("t", SubscribeOptions{QoS: mqtt.QoS1})
		sleepers = append(sleepers, c)
	}
	accepted := 0
	for {
		reason := b.Publish(&Publication{Topic: "t", Payload: make([]byte, 1000), QoS: mqtt.QoS1}, &turn)
		b.End(&turn)
		if reason == mqtt.ReasonQuotaExceeded {
			break
		}
		if accepted++; accepted > 1000 {
			t.Fatal("nothing is refused")
		}
	}
	if n := b.QueuedBytes(); n < l.MaxMemory || n > l.MaxMemory+4096 {
		t.Errorf("%d octets are counted at the limit of %d", n, l.MaxMemory)
	}
	// A body counts once: four queues share it.
	if accepted < 40 {
		t.Errorf("only %d messages of 1000 octets fit into %d", accepted, l.MaxMemory)
	}
	if b.Publish(&Publication{Topic: "t", Payload: []byte("0")}, &turn); turn.dropped[DropMemory] != 4 {
		t.Errorf("%d drops for memory, want four at QoS 0", turn.dropped[DropMemory])
	}
	b.End(&turn)
	for _, c := range sleepers[:2] {
		for i := range accepted {
			got := c.Pull(make([]Delivery, 0, 1), &turn)
			if len(got) != 1 {
				t.Fatalf("message %d of %d that were acknowledged is gone", i, accepted)
			}
			c.PubAck(got[0].PacketID)
		}
	}
	sleepers[2].Close(false, &turn)
	sleepers[2].session.expiry = 0
	b.Connect(ConnectOptions{ClientID: "2", CleanStart: true}, deaf{}, &turn)
	b.Connect(ConnectOptions{ClientID: "3", CleanStart: true}, deaf{}, &turn)
	b.End(&turn)
	if n := b.QueuedBytes(); n != 0 {
		t.Errorf("%d octets are counted with nothing queued", n)
	}
}

// deaf is a client that never pulls by itself.
type deaf struct{}

func (deaf) Ready()                 {}
func (deaf) Closed(mqtt.ReasonCode) {}
