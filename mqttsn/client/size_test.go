package client

import (
	"runtime"
	"testing"
	"time"
)

type sink struct{}

func (sink) Send([]byte)  {}
func (sink) Handle(Event) {}

// idle is a device with one subscription and one registered topic.
func idle(cfg Config, now time.Time) *Client {
	c := New(cfg, sink{})
	c.Connect(now)
	c.Receive(now, unspaced("03 05 00"))
	c.Subscribe(now, Named("down"), qos1)
	c.Receive(now, unspaced("08 13 20 00 01 00 01 00"))
	c.Register(now, "up")
	c.Receive(now, unspaced("07 0B 00 02 00 02 00"))
	return c
}

func TestSize(t *testing.T) {
	const devices, budget = 10000, 2048
	cfg := Config{ClientID: "c1", KeepAlive: time.Minute, Scratch: new(Scratch)}
	now := time.Unix(1000, 0)
	all := make([]*Client, devices)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for i := range all {
		all[i] = idle(cfg, now)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	each := (int(after.HeapAlloc) - int(before.HeapAlloc)) / devices
	t.Logf("%d octets each", each)
	if each > budget {
		t.Errorf("%d octets each, of %d", each, budget)
	}
	runtime.KeepAlive(all)
}

func TestAllocations(t *testing.T) {
	now := time.Unix(1000, 0)
	c := idle(Config{ClientID: "c1", KeepAlive: time.Minute}, now)
	message := unspaced("08 0C 20 00 01 00 07 78")
	payload := []byte("x")
	puback := unspaced("07 0D 00 02 00 00 00")
	if n := testing.AllocsPerRun(100, func() {
		if c.Receive(now, message) != nil {
			t.Fatal("ignored")
		}
		c.Publish(now, Named("up"), payload, qos0, false)
		c.Publish(now, Named("up"), payload, qos1, false)
		puback[4], puback[5] = byte(c.msgID>>8), byte(c.msgID)
		if c.Receive(now, puback) != nil {
			t.Fatal("ignored")
		}
	}); n > 1 { // the queue's array, where QoS 1 waits
		t.Errorf("%v allocations", n)
	}
}
