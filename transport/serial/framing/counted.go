package framing

import "encoding/binary"

// Frames that tell their length, as XBee modems and those made like them have:
//
//	7E | length high | low | data | sum
//
// with 7E, 7D, 11 and 13 after the first octet sent as 7D and the octet XOR 20,
// but in XBee's API mode 1, which escapes nothing. What length counts differs.
const (
	countedFlag   = 0x7E
	countedEscape = 0x7D
	countedFlip   = 0x20
	countedHeader = 3
)

// counting says what a frame's length counts.
type counting struct {
	beyond int // octets of a frame that its length does not count
	most   int // octets of the longest frame that is believed
	open   func(data []byte) Event
}

// extent is the length of the frame that b begins with, as for scanned.
func (c *counting) extent(b []byte) (int, bool) {
	if b[0] != countedFlag {
		return 0, false
	}
	if len(b) < countedHeader {
		return 0, true
	}
	n := int(binary.BigEndian.Uint16(b[1:])) + c.beyond
	return n, countedHeader+1 < n && n <= c.most
}

// check looks at the sum of a whole frame, and then into it.
func (c *counting) check(frame []byte) Event {
	last := len(frame) - 1
	data := frame[countedHeader:last]
	if sum8(data) != frame[last] {
		return Event{Kind: Noise, Data: frame, Err: ErrChecksum}
	}
	return c.open(data)
}

// escapedFrames finds those with escapes: every 7E begins a frame.
type escapedFrames struct {
	counting
	buf     []byte // the frame so far, from its 7E on, without escapes
	escaped bool
	strays  strays
}

func newEscapedFrames(c counting) *escapedFrames {
	return &escapedFrames{counting: c, buf: make([]byte, 0, c.most)}
}

// Next implements Decoder.
func (d *escapedFrames) Next(octets []byte) (int, Event) {
	for i, c := range octets {
		switch {
		case c == countedFlag:
			if len(d.buf) > 0 {
				return i, d.fail(ErrCut) // the flag comes again
			}
			if d.strays.any() {
				return i, d.strays.take()
			}
			d.buf = append(d.buf, c)
			continue
		case len(d.buf) == 0:
			if d.strays.add(c) {
				return i + 1, d.strays.take()
			}
			continue
		case d.escaped:
			d.escaped = false
			c ^= countedFlip
		case c == countedEscape:
			d.escaped = true
			continue
		}
		d.buf = append(d.buf, c)
		n, ok := d.extent(d.buf)
		if !ok {
			return i + 1, d.fail(ErrLength)
		}
		if n == len(d.buf) {
			frame := d.buf
			d.buf = d.buf[:0]
			if e := d.check(frame); e.Kind != None {
				return i + 1, e
			}
		}
	}
	return d.strays.rest(len(octets))
}

// Silence implements Decoder.
func (d *escapedFrames) Silence() { d.strays.silent = true }

func (d *escapedFrames) fail(err error) Event {
	e := Event{Kind: Noise, Data: d.buf, Err: err}
	d.buf, d.escaped = d.buf[:0], false
	return e
}

// frame writes one such frame. sum is over what was written with octet.
type frame struct {
	dst     []byte
	escapes bool
	sum     byte
}

func newFrame(dst []byte, length int, escapes bool) frame {
	f := frame{dst: append(dst, countedFlag), escapes: escapes}
	f.escape(byte(length >> 8))
	f.escape(byte(length))
	return f
}

func (f *frame) octet(c byte) {
	f.sum += c
	f.escape(c)
}

func (f *frame) octets(b []byte) {
	for _, c := range b {
		f.octet(c)
	}
}

func (f *frame) text(s string) {
	for i := range len(s) {
		f.octet(s[i])
	}
}

func (f *frame) end() []byte {
	f.escape(0xFF - f.sum)
	return f.dst
}

func (f *frame) escape(c byte) {
	if f.escapes && (c == countedFlag || c == countedEscape || c == 0x11 || c == 0x13) {
		f.dst = append(f.dst, countedEscape)
		c ^= countedFlip
	}
	f.dst = append(f.dst, c)
}
