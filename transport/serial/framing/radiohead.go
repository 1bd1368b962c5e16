package framing

// RadioHead's RH_Serial, for RS-232 and for several nodes on RS-485:
//
//	10 02 | to | from | id | flags | message | 10 03 | FCS high | FCS low
//
// with every 10 in between doubled. The FCS is over what stands between 10 02 and
// itself, the closing 10 03 included, without the doubling.
const (
	radioHeadDLE = 0x10
	radioHeadSTX = 0x02
	radioHeadETX = 0x03

	radioHeadHeader    = 4
	radioHeadPayload   = 60
	radioHeadBroadcast = 0xFF
	// radioHeadACK marks what RHReliableDatagram answers with.
	radioHeadACK = 0x80
)

func newRadioHead(o Options) (Encoder, Decoder) {
	own := o.Address[0]
	return &radioHead{mtu: o.MTU, own: own}, &radioHeadDecoder{
		mtu: o.MTU, own: own,
		buf: make([]byte, 0, radioHeadHeader+o.MTU+2),
	}
}

type radioHead struct {
	mtu    int
	own    byte
	lastID byte
}

// Append implements Encoder.
func (r *radioHead) Append(dst []byte, node string, message []byte) ([]byte, error) {
	if len(message) > r.mtu {
		return dst, ErrMTU
	}
	if len(node) != 1 {
		return dst, ErrNode
	}
	head := [radioHeadHeader]byte{node[0], r.own, r.lastID, 0}
	r.lastID++
	crc := mcrf4xx(mcrf4xxStart, head[:])
	crc = mcrf4xx(crc, message)
	crc = mcrf4xx(crc, radioHeadTail)
	dst = append(dst, radioHeadDLE, radioHeadSTX)
	dst = appendDLE(dst, head[:])
	dst = appendDLE(dst, message)
	return append(dst, radioHeadDLE, radioHeadETX, byte(crc>>8), byte(crc)), nil
}

var radioHeadTail = []byte{radioHeadDLE, radioHeadETX}

func appendDLE(dst, b []byte) []byte {
	for _, c := range b {
		if c == radioHeadDLE {
			dst = append(dst, c)
		}
		dst = append(dst, c)
	}
	return dst
}

type radioHeadDecoder struct {
	mtu    int
	own    byte
	buf    []byte // what the FCS is over
	state  radioHeadState
	fcs    uint16
	strays strays
}

type radioHeadState uint8

const (
	radioHeadSearch  radioHeadState = iota
	radioHeadBegin                  // 10 outside of a frame
	radioHeadInside                 // after 10 02
	radioHeadDoubled                // 10 inside
	radioHeadFCS                    // after 10 03
	radioHeadFCSLast                // and one octet
)

// Next implements Decoder.
func (d *radioHeadDecoder) Next(octets []byte) (int, Event) {
	for i, c := range octets {
		if e := d.octet(c); e.Kind != None {
			return i + 1, e
		}
	}
	return d.strays.rest(len(octets))
}

// Silence implements Decoder.
func (d *radioHeadDecoder) Silence() { d.strays.silent = true }

func (d *radioHeadDecoder) octet(c byte) Event {
	switch d.state {
	case radioHeadSearch:
		if c == radioHeadDLE {
			d.state = radioHeadBegin
		} else if d.strays.add(c) {
			return d.strays.take()
		}
	case radioHeadBegin:
		switch c {
		case radioHeadSTX:
			d.state, d.buf = radioHeadInside, d.buf[:0]
			if d.strays.any() {
				return d.strays.take()
			}
		case radioHeadDLE:
		default:
			d.state = radioHeadSearch
			if d.strays.add(c) {
				return d.strays.take()
			}
		}
	case radioHeadInside:
		if c == radioHeadDLE {
			d.state = radioHeadDoubled
			return Event{}
		}
		return d.keep(c)
	case radioHeadDoubled:
		d.state = radioHeadInside
		switch c {
		case radioHeadDLE:
			return d.keep(c)
		case radioHeadSTX: // another frame, in the middle of this one
			return d.fail(radioHeadInside, ErrCut)
		case radioHeadETX:
			d.buf, d.state = append(d.buf, radioHeadDLE, radioHeadETX), radioHeadFCS
		default:
			return d.fail(radioHeadSearch, ErrEscape)
		}
	case radioHeadFCS:
		d.fcs, d.state = uint16(c)<<8, radioHeadFCSLast
	case radioHeadFCSLast:
		d.fcs, d.state = d.fcs|uint16(c), radioHeadSearch
		return d.open()
	}
	return Event{}
}

// keep keeps an octet of a frame; two are left for its end.
func (d *radioHeadDecoder) keep(c byte) Event {
	if len(d.buf) == cap(d.buf)-len(radioHeadTail) {
		return d.fail(radioHeadSearch, ErrTooLong)
	}
	d.buf = append(d.buf, c)
	return Event{}
}

func (d *radioHeadDecoder) fail(next radioHeadState, err error) Event {
	e := Event{Kind: Noise, Data: d.buf, Err: err}
	d.state, d.buf = next, d.buf[:0]
	return e
}

func (d *radioHeadDecoder) open() Event {
	frame := d.buf
	n := len(frame) - len(radioHeadTail)
	switch {
	case mcrf4xx(mcrf4xxStart, frame) != d.fcs:
		return Event{Kind: Noise, Data: frame, Err: ErrChecksum}
	case n < radioHeadHeader:
		return Event{Kind: Noise, Data: frame, Err: ErrLength}
	case frame[0] != d.own && frame[0] != radioHeadBroadcast, frame[3]&radioHeadACK != 0:
		return Event{} // for others, or RHReliableDatagram's own
	}
	return Event{Kind: Message, Node: frame[1:2], Data: frame[radioHeadHeader:n]}
}
