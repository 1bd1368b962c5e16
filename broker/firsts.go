package broker

import "slices"

// firsts keeps the first few of many, in their order, however they come: a page
// of a list that is not sorted.
type firsts[T any] struct {
	limit int
	cmp   func(a, b T) int
	kept  []T
	full  bool // kept was cut before: what is after its last is of no use
}

func (f *firsts[T]) add(v T) {
	if f.full && f.cmp(v, f.kept[f.limit-1]) >= 0 {
		return
	}
	if f.kept = append(f.kept, v); len(f.kept) >= 2*f.limit+16 {
		f.cut()
	}
}

func (f *firsts[T]) cut() {
	slices.SortFunc(f.kept, f.cmp)
	if len(f.kept) >= f.limit {
		f.kept, f.full = f.kept[:f.limit], f.limit > 0
	}
}

func (f *firsts[T]) sorted() []T {
	f.cut()
	return f.kept
}
