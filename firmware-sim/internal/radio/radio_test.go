package radio

import (
	"math"
	"testing"
	"time"

	"snbroker/firmware-sim/internal/chance"
)

// The figures that are published for LoRa at 125 kHz and 4/5.
func TestLoRaAirtime(t *testing.T) {
	for _, c := range []struct {
		sf, octets int
		want       time.Duration
	}{{7, 20, 57 * time.Millisecond}, {7, 51, 103 * time.Millisecond}, {9, 20, 185 * time.Millisecond}, {12, 20, 1319 * time.Millisecond}} {
		a := Air{SpreadingFactor: c.sf}
		if got := a.Time(c.octets); (got - c.want).Abs() > time.Millisecond {
			t.Errorf("SF%d, %d octets: %v, want %v", c.sf, c.octets, got, c.want)
		}
	}
}

func TestFrameAirtime(t *testing.T) {
	thread, _ := Find("thread")
	one, two := thread.Model.Air.Time(20), thread.Model.Air.Time(100)
	if one < 3*time.Millisecond || one > 5*time.Millisecond || two < 2*one-time.Millisecond {
		t.Errorf("%v and %v", one, two)
	}
}

// What is drawn comes out in the long run.
func TestLoss(t *testing.T) {
	const n = 200_000
	for name, m := range map[string]Model{
		"single": {Loss: 0.1},
		"bursts": {BurstEnter: 0.05, BurstLeave: 0.45, BurstLoss: 1},
	} {
		c := chance.New(1, 2)
		var l Link
		lost, runs, before := 0, 0, false
		for range n {
			is := l.Up(&m, &c, 0, 10).Cause != Arrives
			if is {
				lost++
				if !before {
					runs++
				}
			}
			before = is
		}
		if got := float64(lost) / n; math.Abs(got-0.1) > 0.01 {
			t.Errorf("%s: %.3f lost", name, got)
		}
		length := float64(lost) / float64(runs)
		if want := map[string]float64{"single": 1.11, "bursts": 2.22}[name]; math.Abs(length-want) > 0.1 {
			t.Errorf("%s: %.2f in a row, want %.2f", name, length, want)
		}
	}
}

// Jitter alone never changes the order; Reorder does.
func TestOrder(t *testing.T) {
	m := Model{Delay: time.Millisecond, Jitter: 50 * time.Millisecond}
	overtaken := func() (n int) {
		c := chance.New(3, 4)
		var l Link
		var last time.Duration
		for i := range 1000 {
			f := l.Down(&m, &c, time.Duration(i)*time.Millisecond, 10)
			if f.At < last {
				n++
			}
			last = f.At
		}
		return n
	}
	if n := overtaken(); n > 0 {
		t.Errorf("%d overtaken", n)
	}
	m.Reorder = 0.1
	if n := overtaken(); n < 50 {
		t.Errorf("only %d overtaken", n)
	}
}

func TestDutyCycle(t *testing.T) {
	m := Model{Duty: 0.01, Air: Air{Rate: 1000}}
	c := chance.New(5, 6)
	var l Link
	first := l.Up(&m, &c, 0, 10)
	second := l.Up(&m, &c, 0, 10)
	if want := first.Air * 100; second.At-second.Air != want {
		t.Errorf("the second leaves at %v, want %v", second.At-second.Air, want)
	}
	for range 1000 {
		second = l.Up(&m, &c, 0, 10)
	}
	if second.Cause != DutyCycle {
		t.Error("waits for ever")
	}
	if long := l.Up(&Model{MTU: 9}, &c, 0, 10); long.Cause != TooLong {
		t.Error(long)
	}
}
