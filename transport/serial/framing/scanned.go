package framing

// scanned finds frames on lines that have no octet for nothing but a frame's
// beginning. Octets that cannot begin one are passed over one by one, and so is
// the first octet of what turns out to be none. Where a wrong length makes it
// wait for octets that never come, silence on the line tells.
type scanned struct {
	// extent tells how long the frame is that b begins with, 0 if more octets
	// are needed to tell; not ok if none begins so. It is at most cap(buf).
	extent func(b []byte) (n int, ok bool)
	open   func(frame []byte) Event

	buf    []byte // received and not looked through
	taken  int    // of these, by the last event
	strays strays
}

// Next implements Decoder.
func (d *scanned) Next(octets []byte) (int, Event) {
	took := 0
	for {
		d.buf = append(d.buf[:0], d.buf[d.taken:]...)
		d.taken = 0
		n := min(len(octets)-took, cap(d.buf)-len(d.buf))
		d.buf = append(d.buf, octets[took:took+n]...)
		took += n
		if e := d.scan(); e.Kind != None {
			return took, e
		}
		if took == len(octets) {
			break
		}
	}
	return d.strays.rest(took)
}

// Silence implements Decoder.
func (d *scanned) Silence() { d.strays.silent = true }

// scan looks for a frame from the first octet on.
func (d *scanned) scan() Event {
	for d.taken < len(d.buf) {
		rest := d.buf[d.taken:]
		n, ok := d.extent(rest)
		whole := ok && n > 0 && n <= len(rest)
		if ok && !whole && !d.strays.silent {
			return Event{}
		}
		if whole {
			e := d.open(rest[:n])
			if e.Kind != Noise {
				if d.strays.any() {
					return d.strays.take() // they came before; the frame is found again
				}
				if d.taken += n; e.Kind != None {
					return e
				}
				continue
			}
			d.strays.why = e.Err
		}
		d.taken++
		if d.strays.add(rest[0]) {
			return d.strays.take()
		}
	}
	return Event{}
}
