package serial

// frames is a queue of encoded frames, end to end in one piece of memory, bounded
// by its octets.
type frames struct {
	most int
	mem  []byte
	ends []note
}

// note is what is remembered of a frame.
type note struct {
	end      int    // in mem
	size     int    // of the message in it
	sum      uint64 // of the message, for echoes
	preamble bool   // no frame: not counted
}

// put appends a frame, if there is room; none is too long for an empty queue.
func (f *frames) put(frame []byte, n note) bool {
	if len(frame) == 0 || len(f.mem) > 0 && len(f.mem)+len(frame) > f.most {
		return false
	}
	f.mem = append(f.mem, frame...)
	n.end = len(f.mem)
	f.ends = append(f.ends, n)
	return true
}

// messages counts those in the queue.
func (f *frames) messages() (n int) {
	for _, e := range f.ends {
		if !e.preamble {
			n++
		}
	}
	return n
}

// clear empties the queue, and tells how many messages were in it.
func (f *frames) clear() (messages int) {
	messages = f.messages()
	f.mem, f.ends = f.mem[:0], f.ends[:0]
	return messages
}
