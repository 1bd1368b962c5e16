package client

import (
	"testing"
	"time"

	"snbroker/mqttsn"
)

func TestOutstanding(t *testing.T) {
	now := time.Unix(1000, 0)
	c := New(Config{ClientID: "c1"}, sink{})
	if m, ok := c.Outstanding(); ok {
		t.Errorf("%v before there is anything", m)
	}
	c.Connect(now)
	if m, ok := c.Outstanding(); !ok || m != mqttsn.TypeConnect {
		t.Errorf("%v, %v", m, ok)
	}
	c.Receive(now, unspaced("03 05 00"))
	if m, ok := c.Outstanding(); ok {
		t.Errorf("%v after its answer", m)
	}
}
