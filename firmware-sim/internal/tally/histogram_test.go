package tally

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// A histogram agrees with the sorted list to within 3 per cent.
func TestHistogram(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var h Histogram
	var all []time.Duration
	for range 20_000 {
		d := time.Duration(r.ExpFloat64() * float64(time.Duration(1)<<(10+r.IntN(30))))
		all = append(all, d)
		h.Add(d)
	}
	slices.Sort(all)
	for _, part := range []float64{0, 0.1, 0.5, 0.9, 0.99, 0.999, 1} {
		want := all[min(int(part*float64(len(all))), len(all)-1)]
		got := h.At(part)
		if diff := (got - want).Abs(); diff > want*3/100+time.Microsecond {
			t.Errorf("%v: %v, want %v", part, got, want)
		}
	}
	if h.Count() != 20_000 || h.Max() != all[len(all)-1] {
		t.Error(h.Count(), h.Max())
	}
	var sum uint64
	for _, b := range h.Bars() {
		sum += b.Count
	}
	if sum != 20_000 {
		t.Errorf("%d in the bars", sum)
	}
}

func TestHistogramEnds(t *testing.T) {
	var h Histogram
	if h.At(0.5) != 0 || len(h.Bars()) != 0 {
		t.Error("not empty")
	}
	h.Add(-time.Second)
	h.Add(1000 * time.Hour)
	if h.At(0) != 0 || h.Max() != 1000*time.Hour {
		t.Error(h.At(0), h.Max())
	}
}
