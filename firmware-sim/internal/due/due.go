// Package due is a queue of what is due, the earliest first.
package due

import "time"

// Queue is a heap. Of entries with one time, the first put in comes out first.
// The zero value is empty.
type Queue[T any] struct {
	entries []Entry[T]
	order   uint64
}

// Entry is something that is due.
type Entry[T any] struct {
	At    time.Duration
	What  T
	order uint64
}

// Never is later than anything.
const Never = time.Duration(1<<63 - 1)

func (e *Entry[T]) before(o *Entry[T]) bool {
	return e.At < o.At || e.At == o.At && e.order < o.order
}

// Next is when the first entry is due; Never if there is none.
func (q *Queue[T]) Next() time.Duration {
	if len(q.entries) == 0 {
		return Never
	}
	return q.entries[0].At
}

// Push puts an entry in.
func (q *Queue[T]) Push(at time.Duration, what T) {
	q.order++
	e := Entry[T]{at, what, q.order}
	q.entries = append(q.entries, e)
	h := q.entries
	i := len(h) - 1
	for i > 0 {
		up := (i - 1) / 2
		if !e.before(&h[up]) {
			break
		}
		h[i] = h[up]
		i = up
	}
	h[i] = e
}

// Pop takes the first entry out; there must be one.
func (q *Queue[T]) Pop() Entry[T] {
	h := q.entries
	top, last := h[0], h[len(h)-1]
	h[len(h)-1] = Entry[T]{}
	h = h[:len(h)-1]
	q.entries = h
	if len(h) == 0 {
		return top
	}
	i := 0
	for {
		child := 2*i + 1
		if child >= len(h) {
			break
		}
		if child+1 < len(h) && h[child+1].before(&h[child]) {
			child++
		}
		if !h[child].before(&last) {
			break
		}
		h[i] = h[child]
		i = child
	}
	h[i] = last
	return top
}
