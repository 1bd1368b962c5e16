package main

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"snbroker/firmware-sim/internal/fleet"
	"snbroker/firmware-sim/internal/scenario"
)

// saturating has devices publish at QoS 1 as fast as they are acknowledged.
const saturating = `
about = "As fast as it goes."
devices = 2000
duration = "3s"
ramp = "500ms"
[[population]]
behaviour = "sensor"
interval = "14ms"
payload = { format = "text", text = "{n}", pad = 64, field = [{ name = "n", kind = "counter" }] }
`

func played(b *testing.B, text string, devices int) {
	b.Helper()
	s, err := scenario.Parse("bench.toml", text)
	if err != nil {
		b.Fatal(err)
	}
	if err := s.Scale(devices); err != nil {
		b.Fatal(err)
	}
	to := serve(b)
	begun, ours, theirs := time.Now(), spent(b, 0), spent(b, to.pid)
	r, err := fleet.Dial(b.Context(), fleet.Config{Scenario: s, Seed: 1, Run: "bench"}, strings.Split(to.gateway, ",")[:1], to.broker)
	if err != nil {
		b.Fatal(err)
	}
	if err := r.Play(b.Context()); err != nil {
		b.Fatal(err)
	}
	took, mine, others := time.Since(begun), spent(b, 0).minus(ours), spent(b, to.pid).minus(theirs)
	if r.Fleet.Ledger().Broken() > 0 {
		b.Fatal(r.Fleet.Ledger().Found()[0])
	}
	st := r.Fleet.Stats()
	n := float64(st.Arrived + st.Commands)
	b.ReportMetric(n/took.Seconds(), "messages/s")
	b.ReportMetric(mine.each(n), "µs/message")
	b.ReportMetric(others.each(n), "gateway-µs/message")
	b.ReportMetric(float64(mine.own)/float64(mine.sum()), "own-part")
	b.ReportMetric(float64(others.own)/float64(others.sum()), "gateway-own-part")
	b.ReportMetric(mine.sum().Seconds()/others.sum().Seconds(), "of-gateway")
	b.ReportMetric(st.EndToEnd.At(0.99).Seconds()*1e6, "p99-µs")
	b.ReportMetric(0, "ns/op")
}

// BenchmarkSaturated compares what a message costs the simulator, every check
// included, with what it costs the gateway that it drives. Most of either is the
// system's; the own parts are what the programs compute.
func BenchmarkSaturated(b *testing.B) {
	for b.Loop() {
		played(b, saturating, 2000)
	}
}

// BenchmarkFleet plays 50,000 devices of the default scenario, in one process.
func BenchmarkFleet(b *testing.B) {
	text, err := scenario.Source("default")
	if err != nil {
		b.Fatal(err)
	}
	text = strings.Replace(text, `duration = "30s"`, `duration = "10s"`, 1)
	const devices = 50_000
	for b.Loop() {
		played(b, text, devices)
		b.ReportMetric(float64(resident(b))/devices, "resident-B/device")
	}
}

// resident is how much memory this process has, with all that the runtime keeps.
func resident(b *testing.B) int {
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		b.Fatal(err)
	}
	pages, _ := strconv.Atoi(strings.Fields(string(text))[1])
	return pages * os.Getpagesize()
}

// BenchmarkVirtualDay plays a day of ten thousand meters.
func BenchmarkVirtualDay(b *testing.B) {
	for b.Loop() {
		file := filepath.Join(b.TempDir(), "r.json")
		got := command(b.Context(), "", "run", "smart-meters", "-virtual", "-quiet", "-json", file)
		if got.code != 0 {
			b.Fatal(got)
		}
	}
}
