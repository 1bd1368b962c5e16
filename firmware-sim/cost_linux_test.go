package main

import (
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"snbroker/firmware-sim/internal/fleet"
)

// spent is the time that a process has computed so far, the system's for it
// included, to the nanosecond; pid 0 is this one.
func spent(t testing.TB, pid int) time.Duration {
	const scheduled = 2 // of the clocks that the kernel has for each process
	var ts unix.Timespec
	if err := unix.ClockGettime(int32(^pid<<3|scheduled), &ts); err != nil {
		t.Fatal(err)
	}
	return time.Duration(ts.Nano())
}

// ownPart is the part of that which was the program's own: user time, which the
// kernel knows to a tick of 10 ms.
func ownPart(t testing.TB, pid int) float64 {
	name := "self"
	if pid > 0 {
		name = strconv.Itoa(pid)
	}
	b, err := os.ReadFile("/proc/" + name + "/stat")
	if err != nil {
		t.Fatal(err)
	}
	fields := strings.Fields(string(b)[strings.LastIndexByte(string(b), ')')+1:])
	user, _ := strconv.ParseFloat(fields[11], 64)
	system, _ := strconv.ParseFloat(fields[12], 64)
	return user / (user + system)
}

// resident is how much memory this process has, with all that the runtime keeps.
func resident(t testing.TB) int {
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		t.Fatal(err)
	}
	pages, _ := strconv.Atoi(strings.Fields(string(text))[1])
	return pages * os.Getpagesize()
}

// cost is what messages cost the simulator and the gateway between two moments.
type cost struct {
	messages     uint64 // that arrived, either way
	took         time.Duration
	ours, theirs time.Duration
}

func (c cost) minus(o cost) cost {
	return cost{c.messages - o.messages, c.took - o.took, c.ours - o.ours, c.theirs - o.theirs}
}

// meter looks at what has been spent.
type meter struct {
	t     testing.TB
	pid   int // the gateway's
	begun time.Time
	fleet *fleet.Real // nil: there is none yet
}

func (m *meter) look() (c cost, over bool) {
	if m.fleet != nil {
		m.fleet.Turn(func(f *fleet.Fleet) {
			c.messages = f.Stats().Arrived + f.Stats().Commands
			over = f.Now() >= f.Until()
		})
	}
	c.took, c.ours, c.theirs = time.Since(m.begun), spent(m.t, 0), spent(m.t, m.pid)
	return c, over
}

// seconds is what was spent in each, from a moment until the scenario is over, and
// in all. What is left of a second then counts in the sum alone.
func (m *meter) seconds(from cost) (each []cost, sum cost) {
	often := time.NewTicker(time.Second / 10)
	defer often.Stop()
	for last := from; ; {
		<-often.C
		now, over := m.look()
		if c := now.minus(last); c.took >= time.Second {
			each, last = append(each, c), now
		}
		if over {
			return each, now.minus(from)
		}
	}
}

// ratio is the simulator's cost in terms of the gateway's.
func (c cost) ratio() float64 { return c.ours.Seconds() / c.theirs.Seconds() }

// quantile is of the ratios of many, from 0, the least, to 1, the most. Those of
// hardly any cost say nothing.
func quantile(all []cost, q float64) float64 {
	var ratios []float64
	for _, c := range all {
		if c.theirs > 100*time.Millisecond {
			ratios = append(ratios, c.ratio())
		}
	}
	if len(ratios) == 0 {
		return 0
	}
	slices.Sort(ratios)
	return ratios[int(q*float64(len(ratios)-1)+0.5)]
}
