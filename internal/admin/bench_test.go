package admin

import (
	"fmt"
	"testing"
)

// BenchmarkClients lists and searches among 100,000 sessions.
func BenchmarkClients(b *testing.B) {
	s := newBench(b, nil)
	for i := range 100_000 {
		s.session(fmt.Sprintf("sensor-%06d", i))
	}
	for _, query := range []string{"", "?search=0777", "?state=asleep", "?after=sensor-099000"} {
		b.Run("clients"+query, func(b *testing.B) {
			for b.Loop() {
				s.get("/api/v1/clients"+query, nil)
			}
		})
	}
	b.Run("metrics", func(b *testing.B) {
		for b.Loop() {
			s.traffic.at = s.begun
			s.get("/metrics", nil)
		}
	})
}
