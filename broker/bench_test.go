package broker

import (
	"fmt"
	"testing"
	"time"

	"snbroker/internal/mqtt"
)

// One client asks for "#" of a million retained messages; others publish
// retained messages meanwhile. The figure is how long the slowest of their
// publishes took.
func BenchmarkRetainedReplayOfAMillion(b *testing.B) {
	l := DefaultLimits()
	l.MaxRetained, l.MaxQueued = 2_000_000, 1_000_000
	br := New(l)
	var turn Turn
	for i := range 1_000_000 {
		br.Publish(&Publication{Topic: fmt.Sprintf("site/%d/device/%d/state", i%1000, i), Payload: []byte("x"), Retain: true}, &turn)
	}
	br.End(&turn)
	for b.Loop() {
		c, _, err := br.Connect(ConnectOptions{ClientID: "c", CleanStart: true}, deaf{}, &turn)
		if err != nil {
			b.Fatal(err)
		}
		c.Subscribe("#", SubscribeOptions{QoS: mqtt.QoS0})
		done := make(chan int)
		go func() {
			var turn Turn
			got, buf := 0, make([]Delivery, 0, 64)
			for {
				n := len(c.Pull(buf, &turn))
				if n == 0 {
					break
				}
				got += n
			}
			br.End(&turn)
			done <- got
		}()
		var worst time.Duration
		got := 0
		for got == 0 {
			select {
			case got = <-done:
			default:
				begun := time.Now()
				br.Publish(&Publication{Topic: "other/topic", Payload: []byte("y"), Retain: true}, &turn)
				worst = max(worst, time.Since(begun))
			}
		}
		br.End(&turn)
		if got < 1_000_000 {
			b.Fatalf("%d of a million retained messages came", got)
		}
		b.ReportMetric(float64(worst)/1e3, "worst-publish-µs")
		c.Close(false, &turn)
	}
}
