package fleet

import (
	"runtime"
	"testing"
	"time"

	"snbroker/firmware-sim/internal/scenario"
)

// A device that has been at it for a while, connected or asleep, with a topic, a
// subscription and a will, takes no more than 4 KiB, all that judges it
// included.
func TestMemory(t *testing.T) {
	const devices, budget = 10_000, 4096
	s, err := scenario.Load("default")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Scale(devices); err != nil {
		t.Fatal(err)
	}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	v := NewVirtual(Config{Scenario: s, Seed: 1, Run: "test"}, nil)
	v.run(20*time.Second, func() bool { return false })
	f := v.Fleet
	f.out, v = nil, nil // without the gateway
	runtime.GC()
	runtime.ReadMemStats(&after)
	each := (int(after.HeapAlloc) - int(before.HeapAlloc)) / devices
	t.Logf("%d octets each", each)
	if each > budget {
		t.Errorf("%d octets each, of %d", each, budget)
	}
	if f.Stats().Arrived < devices {
		t.Error("they did not do much")
	}
}
