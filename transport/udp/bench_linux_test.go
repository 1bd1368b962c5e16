package udp

import (
	"fmt"
	"testing"
)

// BenchmarkEcho is the time per datagram there and back, both ends in this
// process, with twice a batch under way.
func BenchmarkEcho(b *testing.B) {
	for _, batch := range []int{1, 8, 32} {
		b.Run(fmt.Sprintf("batch%d", batch), func(b *testing.B) {
			p := newPingPong(b, "127.0.0.1:0", "127.0.0.1:0", "127.0.0.1", batch, 2*batch)
			payload := make([]byte, 32)
			b.ReportAllocs()
			b.ResetTimer()
			for n := 0; n < b.N; n += p.window {
				p.round(payload)
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "echo/s")
		})
	}
}

// BenchmarkEchoWildcard adds the own address of each datagram.
func BenchmarkEchoWildcard(b *testing.B) {
	p := newPingPong(b, ":0", "127.0.0.1:0", "127.0.0.1", 32, 64)
	payload := make([]byte, 32)
	b.ReportAllocs()
	b.ResetTimer()
	for n := 0; n < b.N; n += p.window {
		p.round(payload)
	}
}
