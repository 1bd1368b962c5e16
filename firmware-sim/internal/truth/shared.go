package truth

// shared finds the writer of a message under a topic that has several, by the
// message alone.
type shared struct {
	writers map[uint64]*Stream
	order   []uint64
	next    int
}

// maxShared bounds the messages of a shared topic that are remembered; the
// oldest is forgotten for one more.
const maxShared = 1 << 16

func (r *shared) add(d uint64, s *Stream) {
	if len(r.order) < maxShared {
		r.order = append(r.order, d)
	} else {
		delete(r.writers, r.order[r.next])
		r.order[r.next] = d
		r.next = (r.next + 1) % maxShared
	}
	r.writers[d] = s
}
