package fleet

import (
	"time"

	"snbroker/firmware-sim/internal/due"
)

// entry is what is due: a device, or a datagram that arrives, or neither, which
// is the series' next point.
type entry struct {
	device *device
	flight *flight
}

// flight is a datagram on its way.
type flight struct {
	data []byte
	up   bool
}

// queue has all that is due.
type queue struct {
	due.Queue[entry]
	free []*flight // to be used again
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
	q.Push(at, entry{d, f})
}

// maxFree bounds the buffers that are kept.
const maxFree = 4096

func (q *queue) landed(f *flight) {
	if len(q.free) < maxFree && cap(f.data) <= 2048 {
		q.free = append(q.free, f)
	}
}
