package fleet

import "time"

// entry is something that is due: a device, or a datagram that arrives.
type entry struct {
	at     time.Duration
	order  uint64 // of entries with one time, the first put in comes first
	device *device
	flight *flight // nil: the device itself
}

// flight is a datagram on its way.
type flight struct {
	data []byte
	up   bool
}

func (e *entry) before(o *entry) bool {
	return e.at < o.at || e.at == o.at && e.order < o.order
}

// queue is a heap of what is due, the earliest on top.
type queue struct {
	entries []entry
	order   uint64
	free    []*flight // to be used again
}

func (q *queue) push(e entry) {
	q.order++
	e.order = q.order
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

func (q *queue) pop() entry {
	h := q.entries
	top, last := h[0], h[len(h)-1]
	h[len(h)-1] = entry{}
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

// fly puts a copy of a datagram on its way.
func (q *queue) fly(at time.Duration, d *device, b []byte, up bool) {
	var f *flight
	if n := len(q.free); n > 0 {
		f, q.free = q.free[n-1], q.free[:n-1]
	} else {
		f = new(flight)
	}
	f.data, f.up = append(f.data[:0], b...), up
	q.push(entry{at: at, device: d, flight: f})
}

// maxFree bounds the buffers that are kept.
const maxFree = 4096

func (q *queue) landed(f *flight) {
	if len(q.free) < maxFree && cap(f.data) <= 2048 {
		q.free = append(q.free, f)
	}
}
