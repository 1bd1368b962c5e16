package framing

// Consistent Overhead Byte Stuffing: no 00 but at the end.
//
//	COBS(message | FCS low | FCS high) | 00
//
// Each block is a count, 1 to 255, and that many octets less one; after it stands
// a 00 that was taken out, unless the count is 255 or the frame ends.

const (
	cobsDelimiter = 0x00
	cobsFull      = 0xFF
)

// cobsSize is the most that n octets come to, the delimiter not counted.
func cobsSize(n int) int { return n + n/(cobsFull-1) + 1 }

func newCOBS(o Options) (Encoder, Decoder) {
	n := o.MTU + crcSize
	return cobs{o.MTU}, &cobsDecoder{mtu: o.MTU, buf: make([]byte, 0, cobsSize(n)), plain: make([]byte, 0, cobsSize(n))}
}

type cobs struct{ mtu int }

// Append implements Encoder.
func (f cobs) Append(dst []byte, node string, message []byte) ([]byte, error) {
	if err := fits(f.mtu, node, message); err != nil {
		return dst, err
	}
	fcs := x25(message)
	w := cobsWriter{dst: append(dst, 1), count: len(dst)}
	for _, c := range message {
		w.octet(c)
	}
	w.octet(byte(fcs))
	w.octet(byte(fcs >> 8))
	return append(w.dst, cobsDelimiter), nil
}

// cobsWriter has an open block, whose count stands at count.
type cobsWriter struct {
	dst   []byte
	count int
}

func (w *cobsWriter) octet(c byte) {
	if w.dst[w.count] == cobsFull {
		w.block()
	}
	if c == cobsDelimiter {
		w.block()
		return
	}
	w.dst = append(w.dst, c)
	w.dst[w.count]++
}

func (w *cobsWriter) block() {
	w.count = len(w.dst)
	w.dst = append(w.dst, 1)
}

type cobsDecoder struct {
	mtu    int
	buf    []byte // as received
	plain  []byte
	bad    bool // too long; the rest is skipped
	silent bool
}

// Next implements Decoder.
func (d *cobsDecoder) Next(octets []byte) (int, Event) {
	if d.silent {
		d.silent = false
		if !d.bad && d.text() {
			return 0, d.noise(ErrStray)
		}
	}
	for i, c := range octets {
		switch {
		case c == cobsDelimiter && d.bad:
			d.bad = false
		case c == cobsDelimiter && len(d.buf) > 0:
			return i + 1, d.end()
		case c == cobsDelimiter, d.bad:
		case len(d.buf) == cap(d.buf):
			d.bad = true
			return i + 1, d.noise(ErrTooLong)
		default:
			d.buf = append(d.buf, c)
			if c == '\n' && d.text() {
				return i + 1, d.noise(ErrStray)
			}
		}
	}
	return len(octets), Event{}
}

// Silence implements Decoder.
func (d *cobsDecoder) Silence() { d.silent = true }

// text tells a line of text from the beginning of a frame: the first block holds
// a message's Length and type, unless one of them is 00, and no type is printable.
func (d *cobsDecoder) text() bool {
	return len(d.buf) > 2 && ' ' <= d.buf[2] && printed(d.buf)
}

func (d *cobsDecoder) noise(err error) Event {
	b := d.buf
	d.buf = d.buf[:0]
	return Event{Kind: Noise, Data: b, Err: err}
}

func (d *cobsDecoder) end() Event {
	frame := d.buf
	d.buf, d.plain = d.buf[:0], d.plain[:0]
	for rest := frame; len(rest) > 0; {
		n := int(rest[0])
		if n > len(rest) {
			return Event{Kind: Noise, Data: frame, Err: ErrLength}
		}
		d.plain = append(d.plain, rest[1:n]...)
		if rest = rest[n:]; n < cobsFull && len(rest) > 0 {
			d.plain = append(d.plain, 0)
		}
	}
	e := openX25(d.plain)
	if len(e.Data) > d.mtu {
		e = Event{Kind: Noise, Err: ErrTooLong}
	}
	if e.Kind == Noise {
		e.Data = frame
	}
	return e
}
