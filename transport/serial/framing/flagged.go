package framing

// flagged finds frames that end, and may begin, with a flag, and in which flags
// and escapes are escaped: HDLC's and SLIP's.
type flagged struct {
	flag, escape byte
	// plain is what an escaped octet stands for.
	plain func(c byte) (plain byte, ok bool)
	// open looks into a frame, which is not empty.
	open func(frame []byte) Event
	most int // octets of a frame

	buf     []byte
	escaped bool
	bad     error // of the frame so far; the rest of it is skipped
	silent  bool
}

// Next implements Decoder.
func (d *flagged) Next(octets []byte) (int, Event) {
	if d.silent {
		d.silent = false
		if d.bad == nil && printed(d.buf) {
			return 0, d.noise(ErrStray)
		}
	}
	for i, c := range octets {
		switch {
		case c == d.flag:
			if e := d.end(); e.Kind != None {
				return i + 1, e
			}
		case d.bad != nil:
		case c == d.escape && !d.escaped:
			d.escaped = true
		case len(d.buf) == d.most:
			e := d.noise(ErrTooLong)
			d.bad = ErrTooLong
			return i + 1, e
		default:
			if d.escaped {
				d.escaped = false
				var ok bool
				if c, ok = d.plain(c); !ok {
					d.bad = ErrEscape
				}
			}
			d.buf = append(d.buf, c)
			if c == '\n' && printed(d.buf) {
				return i + 1, d.noise(ErrStray)
			}
		}
	}
	return len(octets), Event{}
}

// Silence implements Decoder. Half a frame goes on: adapters pause as they like.
func (d *flagged) Silence() { d.silent = true }

// end ends a frame at a flag.
func (d *flagged) end() Event {
	frame := d.buf
	bad, escaped := d.bad, d.escaped
	d.buf, d.bad, d.escaped = d.buf[:0], nil, false
	switch {
	case bad == ErrTooLong: // told when it became so
		return Event{}
	case bad != nil:
		return Event{Kind: Noise, Data: frame, Err: bad}
	case escaped: // the sender gave it up
		return Event{Kind: Noise, Data: frame, Err: ErrCut}
	case len(frame) == 0:
		return Event{}
	}
	return d.open(frame)
}

func (d *flagged) noise(err error) Event {
	e := Event{Kind: Noise, Data: d.buf, Err: err}
	d.buf, d.escaped = d.buf[:0], false
	return e
}
