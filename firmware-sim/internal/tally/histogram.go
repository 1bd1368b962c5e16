// Package tally counts: latencies in histograms, and everything over time.
package tally

import (
	"math/bits"
	"time"
)

// Histogram keeps durations to within 3 per cent, from 1 µs to 37 hours; longer
// ones count as that. The zero value is empty. It is not safe for several
// goroutines.
type Histogram struct {
	counts [buckets]uint32
	n      uint64
	most   time.Duration
}

// Each power of two of microseconds has 32 buckets.
const (
	fine    = 5
	buckets = (37 - fine + 1) << fine
)

// Add counts a duration; a negative one is none.
func (h *Histogram) Add(d time.Duration) {
	d = max(d, 0)
	h.counts[bucket(d)]++
	h.n++
	h.most = max(h.most, d)
}

// bucket holds the microseconds' first six bits, and how many follow.
func bucket(d time.Duration) int {
	us := uint64(d / time.Microsecond)
	shift := max(0, bits.Len64(us)-fine-1)
	return min(shift<<fine+int(us>>shift), buckets-1)
}

// middle is the duration that a bucket stands for.
func middle(i int) time.Duration {
	if i < 2<<fine {
		return time.Duration(i) * time.Microsecond
	}
	shift := i>>fine - 1
	return time.Duration((uint64(i&(1<<fine-1)+1<<fine)<<shift)+1<<shift/2) * time.Microsecond
}

// Count is how many there are.
func (h *Histogram) Count() uint64 { return h.n }

// Max is the longest, exactly.
func (h *Histogram) Max() time.Duration { return h.most }

// At is the duration that a part of them, from 0 to 1, does not exceed; 0 if
// there are none.
func (h *Histogram) At(part float64) time.Duration {
	if h.n == 0 {
		return 0
	}
	rank := min(uint64(part*float64(h.n)), h.n-1)
	for i, c := range h.counts {
		if rank < uint64(c) {
			return min(middle(i), h.most)
		}
		rank -= uint64(c)
	}
	return h.most
}

// Bar is a part of the histogram for a chart: how many were from From to To.
type Bar struct {
	From, To time.Duration
	Count    uint64
}

// Bars are the powers of two, from the first that has any to the last.
func (h *Histogram) Bars() (bars []Bar) {
	for us := uint64(1); us < 1<<37; us *= 2 {
		from, to := bucket(time.Duration(us)*time.Microsecond), bucket(time.Duration(2*us)*time.Microsecond)
		if us == 1 {
			from = 0
		}
		var n uint64
		for _, c := range h.counts[from:to] {
			n += uint64(c)
		}
		if n > 0 || len(bars) > 0 {
			bars = append(bars, Bar{time.Duration(us) * time.Microsecond, time.Duration(2*us) * time.Microsecond, n})
		}
	}
	for len(bars) > 0 && bars[len(bars)-1].Count == 0 {
		bars = bars[:len(bars)-1]
	}
	return bars
}
