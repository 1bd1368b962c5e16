package main

import (
	"path/filepath"
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
duration = "12s"
ramp = "500ms"
[[population]]
behaviour = "sensor"
interval = "0s"
waits = true
payload = { format = "text", text = "{n}", pad = 64, field = [{ name = "n", kind = "counter" }] }
`

// patient has the broker keep what the check has not taken yet: it is one client
// that gets everything, and the machine may be busy elsewhere.
const patient = `
[limits]
max_queued = 1_000_000
max_queued_bytes = "200MiB"
`

// played plays a scenario against the program beside it, and reports what a message
// costs each of both: every check included, and the switching on, but not the end of
// the run, when what is under way is waited for and all devices say goodbye. The
// machine may have other things to do, so the ratio is of the same seconds: of all of
// them, and the least, the median and the most of one.
func played(b *testing.B, text string, devices int) {
	b.Helper()
	s, err := scenario.Parse("bench.toml", text)
	if err != nil {
		b.Fatal(err)
	}
	if err := s.Scale(devices); err != nil {
		b.Fatal(err)
	}
	to := serveWith(b, serverConfig+patient)
	m := meter{t: b, pid: to.pid, begun: time.Now()}
	from, _ := m.look()
	m.fleet, err = fleet.Dial(b.Context(), fleet.Config{Scenario: s, Seed: 1, Run: "bench"}, strings.Split(to.gateway, ",")[:1], to.broker)
	if err != nil {
		b.Fatal(err)
	}
	ended := make(chan error)
	go func() { ended <- m.fleet.Play(b.Context()) }()
	each, all := m.seconds(from)
	own, theirs := ownPart(b, 0), ownPart(b, to.pid)
	if err := <-ended; err != nil {
		b.Fatal(err)
	}
	f := m.fleet.Fleet
	if f.Ledger().Broken() > 0 {
		b.Fatal(f.Ledger().Found()[0])
	}
	n := float64(all.messages)
	b.ReportMetric(n/all.took.Seconds(), "messages/s")
	b.ReportMetric(all.ours.Seconds()*1e6/n, "µs/message")
	b.ReportMetric(all.theirs.Seconds()*1e6/n, "gateway-µs/message")
	b.ReportMetric(own, "own-part")
	b.ReportMetric(theirs, "gateway-own-part")
	b.ReportMetric(all.ratio(), "of-gateway")
	b.ReportMetric(quantile(each, 0.5), "of-gateway-median")
	b.ReportMetric(quantile(each, 0), "of-gateway-least")
	b.ReportMetric(quantile(each, 1), "of-gateway-most")
	b.ReportMetric(f.Stats().EndToEnd.At(0.99).Seconds()*1e6, "p99-µs")
	b.ReportMetric(0, "ns/op")
}

// BenchmarkSaturated has the gateway take as many messages as it can, for twelve
// seconds: 2,000 devices publish at QoS 1, each as soon as its last message was
// acknowledged. That is one datagram each way and an MQTT packet each way for a
// message, whose cost is nearly all the kernel's. It compares what that costs the
// simulator with what it costs the gateway.
func BenchmarkSaturated(b *testing.B) {
	for b.Loop() {
		played(b, saturating, 2000)
	}
}

// BenchmarkFleet plays 50,000 devices of the default scenario, in one process, for
// fifteen seconds: all connect, register and subscribe, some sleep, and each message
// comes some seconds after the one before it. So a message costs both far more than
// when they are saturated, and what it costs to switch on is most of that.
func BenchmarkFleet(b *testing.B) {
	text, err := scenario.Source("default")
	if err != nil {
		b.Fatal(err)
	}
	text = strings.Replace(text, `duration = "30s"`, `duration = "15s"`, 1)
	const devices = 50_000
	for b.Loop() {
		played(b, text, devices)
		b.ReportMetric(float64(resident(b))/devices, "resident-B/device")
	}
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
