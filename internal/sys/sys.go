// Package sys publishes what the broker is doing below $SYS, retained and under
// the names that dashboards know from Mosquitto.
package sys

import (
	"fmt"
	"math"
	"runtime"
	"time"

	"snbroker/broker"
)

// Counts are what regular clients' listeners and devices' links have counted,
// all together and since the start.
type Counts struct {
	Connections uint64 // accepted
	PacketsIn   uint64
	PacketsOut  uint64
	BytesIn     uint64
	BytesOut    uint64
}

// Reporter publishes below $SYS.
type Reporter struct {
	broker  *broker.Broker
	version string
	counts  func() Counts
	begun   time.Time

	said    map[string]string // what was published last
	loads   map[string]*load
	maximum int    // sessions, ever
	heapMax uint64 // ever
	before  time.Time
}

// New returns a Reporter; counts is asked at each report.
func New(b *broker.Broker, version string, counts func() Counts) *Reporter {
	return &Reporter{broker: b, version: version, counts: counts, begun: time.Now(), said: make(map[string]string), loads: make(map[string]*load)}
}

// Run reports every so often until quit is closed. With each report also is called,
// for those who need no tick of their own then.
func (r *Reporter) Run(every time.Duration, quit <-chan struct{}, also func(now time.Time)) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	now := time.Now()
	r.Report(now)
	also(now)
	for {
		select {
		case <-quit:
			return
		case now := <-tick.C:
			r.Report(now)
			also(now)
		}
	}
}

// Report publishes what has changed since the last time.
func (r *Reporter) Report(now time.Time) {
	stats, traffic, counts := r.broker.Stats(), r.broker.Traffic(), r.counts()
	var dropped uint64
	for _, n := range stats.Dropped {
		dropped += n
	}
	var mem runtime.MemStats
	runtime.ReadMemStats(&mem)
	r.heapMax = max(r.heapMax, mem.HeapAlloc)
	r.maximum = max(r.maximum, stats.Sessions)

	values := map[string]any{
		"version":                    "snbroker version " + r.version,
		"uptime":                     fmt.Sprintf("%d seconds", int(now.Sub(r.begun).Seconds())),
		"clients/total":              stats.Sessions,
		"clients/maximum":            r.maximum,
		"clients/connected":          traffic.Connected,
		"clients/active":             traffic.Connected,
		"clients/disconnected":       stats.Sessions - traffic.Connected,
		"clients/inactive":           stats.Sessions - traffic.Connected,
		"clients/expired":            traffic.Expired,
		"messages/received":          counts.PacketsIn,
		"messages/sent":              counts.PacketsOut,
		"messages/stored":            traffic.Queued + stats.Retained,
		"store/messages/count":       traffic.Queued + stats.Retained,
		"store/messages/bytes":       r.broker.QueuedBytes(),
		"publish/messages/received":  stats.Published,
		"publish/messages/sent":      traffic.Sent,
		"publish/messages/dropped":   dropped,
		"publish/bytes/received":     traffic.BytesIn,
		"publish/bytes/sent":         traffic.BytesOut,
		"bytes/received":             counts.BytesIn,
		"bytes/sent":                 counts.BytesOut,
		"retained messages/count":    stats.Retained,
		"subscriptions/count":        stats.Subscriptions,
		"shared_subscriptions/count": traffic.Shared,
		"heap/current size":          mem.HeapAlloc,
		"heap/maximum size":          r.heapMax,
	}
	for why, n := range stats.Dropped {
		values["publish/messages/dropped/"+why.String()] = n
	}
	for name, n := range map[string]uint64{
		"messages/received": counts.PacketsIn, "messages/sent": counts.PacketsOut,
		"publish/received": stats.Published, "publish/sent": traffic.Sent, "publish/dropped": dropped,
		"bytes/received": counts.BytesIn, "bytes/sent": counts.BytesOut,
		"connections": counts.Connections, "sockets": counts.Connections,
	} {
		r.load(name).add(n, now.Sub(r.before), values, name)
	}
	r.before = now
	r.publish(values)
}

func (r *Reporter) publish(values map[string]any) {
	var turn broker.Turn
	for name, v := range values {
		text := fmt.Sprint(v)
		if r.said[name] == text {
			continue
		}
		r.said[name] = text
		r.broker.Publish(&broker.Publication{Topic: "$SYS/broker/" + name, Payload: []byte(text), Retain: true}, &turn)
	}
	r.broker.End(&turn)
}

func (r *Reporter) load(name string) *load {
	l := r.loads[name]
	if l == nil {
		l = new(load)
		r.loads[name] = l
	}
	return l
}

// load is a rate a minute as a moving average over 1, 5 and 15 minutes.
type load struct {
	before  uint64
	average [3]float64
	begun   bool
}

var windows = [3]struct {
	name string
	time.Duration
}{{"1min", time.Minute}, {"5min", 5 * time.Minute}, {"15min", 15 * time.Minute}}

func (l *load) add(n uint64, since time.Duration, values map[string]any, name string) {
	if l.begun && since > 0 {
		rate := float64(n-l.before) / since.Minutes()
		for i, w := range windows {
			weight := math.Exp(-float64(since) / float64(w.Duration))
			l.average[i] = rate + weight*(l.average[i]-rate)
		}
	}
	l.before, l.begun = n, true
	for i, w := range windows {
		values["load/"+name+"/"+w.name] = fmt.Sprintf("%.2f", l.average[i])
	}
}
