package due

import (
	"math/rand/v2"
	"testing"
	"time"
)

// What comes out is sorted by time, and by the order of putting in within that.
func TestOrder(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var q Queue[int]
	if q.Next() != Never {
		t.Error("not empty")
	}
	number, out := 0, 0
	var last Entry[int]
	for range 20_000 {
		if r.IntN(5) < 3 {
			// Never earlier than what came out, as time does not go back.
			q.Push(last.At+time.Duration(r.IntN(50)), number)
			number++
			continue
		}
		if q.Next() == Never {
			continue
		}
		e := q.Pop()
		if e.At < last.At || e.At == last.At && e.What < last.What && out > 0 && e.order < last.order {
			t.Fatalf("%v after %v", e, last)
		}
		last, out = e, out+1
	}
	for q.Next() != Never {
		e := q.Pop()
		if e.At < last.At || e.At == last.At && e.order < last.order {
			t.Fatalf("%v after %v", e, last)
		}
		last, out = e, out+1
	}
	if out != number {
		t.Errorf("%d of %d", out, number)
	}
}
