package fleet

import (
	"bytes"
	"fmt"
	"testing"

	"snbroker/firmware-sim/internal/scenario"
)

// Every shipped scenario, smaller, in virtual time: nothing is broken, whatever
// the seed.
func TestShippedScenarios(t *testing.T) {
	for _, name := range scenario.Shipped() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for seed := range uint64(4) {
				s, err := scenario.Load(name)
				if err != nil {
					t.Fatal(err)
				}
				if err := s.Scale(max(40, s.Devices/20)); err != nil {
					t.Fatal(err)
				}
				v := NewVirtual(Config{Scenario: s, Seed: seed, Run: "test", Gateways: 2}, nil)
				if err := v.Play(t.Context(), func(*Fleet) {}); err != nil {
					t.Fatal(err)
				}
				for _, found := range v.Fleet.Ledger().Found() {
					t.Errorf("seed %d: %v", seed, found)
				}
				st := v.Fleet.Stats()
				if st.Arrived+st.Commands == 0 || st.Malformed > 0 || v.Fleet.Connected() > 0 {
					t.Errorf("seed %d: %d arrived, %d malformed, %d still connected", seed, st.Arrived, st.Malformed, v.Fleet.Connected())
				}
			}
		})
	}
}

// The same seed gives the same run, and another one another.
func TestReproducible(t *testing.T) {
	once := func(seed uint64) string {
		s, err := scenario.Load("bad-weather")
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Scale(100); err != nil {
			t.Fatal(err)
		}
		v := NewVirtual(Config{Scenario: s, Seed: seed, Run: "test"}, nil)
		if err := v.Play(t.Context(), func(*Fleet) {}); err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		fmt.Fprintf(&b, "%+v\n%+v\n", *v.Fleet.Stats(), v.Fleet.Series().Points)
		for d := range v.Fleet.Each {
			fmt.Fprintf(&b, "%+v\n", d)
		}
		return b.String()
	}
	first := once(7)
	if once(7) != first {
		t.Error("the same seed gave another run")
	}
	if once(8) == first {
		t.Error("another seed gave the same run")
	}
}

// A scenario that ends early is judged all the same, and goes on to its end.
func TestStopsEarly(t *testing.T) {
	f := play(t, faultScenario, 3, nil)
	until := f.Until()
	f.Stop()
	if f.Until() != until {
		t.Error("an end that is past was moved")
	}
}

// A device that waits has one reading under way at most, whatever becomes of it:
// the radio loses some, and the device restarts. With no interval the next follows
// at once.
func TestWaits(t *testing.T) {
	s, err := scenario.Parse("test.toml", `
about = "Devices that wait for each acknowledgement."
devices = 30
duration = "1m"
ramp = "1s"
[[population]]
name = "quick"
behaviour = "sensor"
interval = "0s"
waits = true
[[population]]
name = "steady"
behaviour = "sensor"
interval = "2s"
jitter = 0
waits = true
[[population]]
name = "far"
behaviour = "sensor"
radio = "nb-iot"
qos = 2
interval = "0s"
waits = true
power.reboot = "20s"
`)
	if err != nil {
		t.Fatal(err)
	}
	v := NewVirtual(Config{Scenario: s, Seed: 1, Run: "test"}, nil)
	watch := func(f *Fleet) {
		for i := range f.devices {
			if c := f.devices[i].client; c != nil && c.Queued() > 1 {
				t.Errorf("%s has %d readings under way", f.devices[i].id, c.Queued())
			}
		}
	}
	if err := v.Play(t.Context(), watch); err != nil {
		t.Fatal(err)
	}
	for _, found := range v.Fleet.Ledger().Found() {
		t.Error(found)
	}
	var each []uint64
	for _, p := range v.Fleet.Populations() {
		each = append(each, p.Up.Arrived/uint64(p.Count))
	}
	// A thousand a second; one in two seconds; one in a few of the radio's seconds.
	if each[0] < 50_000 || each[1] < 25 || each[1] > 30 || each[2] < 3 {
		t.Error(each)
	}
}
