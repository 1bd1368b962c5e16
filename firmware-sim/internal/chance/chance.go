// Package chance is where every random choice of the simulator comes from: a
// seed, and a stream of its own for each who chooses. So what one device draws
// does not depend on when another one does.
package chance

import (
	"math"
	"math/rand/v2"
	"time"
)

// Source is one stream, of 16 octets. It is not safe for several goroutines.
type Source struct{ pcg rand.PCG }

// New is the stream of a number.
func New(seed, stream uint64) Source {
	var s Source
	s.pcg.Seed(seed, stream*0x9E3779B97F4A7C15+1)
	return s
}

// Bits are 64 random ones.
func (s *Source) Bits() uint64 { return s.pcg.Uint64() }

// Float is uniform in [0, 1).
func (s *Source) Float() float64 { return float64(s.pcg.Uint64()>>11) / (1 << 53) }

// Below is uniform in [0, n); n must be positive.
func (s *Source) Below(n int) int { return int(s.Float() * float64(n)) }

// Hit is true with probability p, and draws nothing if that is none.
func (s *Source) Hit(p float64) bool { return p > 0 && s.Float() < p }

// Upto is uniform in [0, d).
func (s *Source) Upto(d time.Duration) time.Duration {
	if d <= 0 {
		return 0
	}
	return time.Duration(s.Float() * float64(d))
}

// Around is uniform within part of d: of 10 s and 0.1 from 9 s to 11 s.
func (s *Source) Around(d time.Duration, part float64) time.Duration {
	if part == 0 {
		return d
	}
	return d + time.Duration((2*s.Float()-1)*part*float64(d))
}

// Exp is the wait for what happens once in mean, on average: at most ten times
// as long.
func (s *Source) Exp(mean time.Duration) time.Duration {
	x := -math.Log(1 - s.Float())
	return time.Duration(min(x, 10) * float64(mean))
}
