package framing

// HDLC as on asynchronous lines, RFC 1662:
//
//	7E | message | FCS low | FCS high | 7E
//
// with 7E and 7D in between sent as 7D and the octet XOR 20. Other senders escape
// more; whatever is escaped is taken.

const (
	hdlcFlag   = 0x7E
	hdlcEscape = 0x7D
	hdlcFlip   = 0x20
	crcSize    = 2
)

type hdlc struct{ mtu int }

func newHDLC(o Options) (Encoder, Decoder) {
	return hdlc{o.MTU}, &flagged{
		flag: hdlcFlag, escape: hdlcEscape,
		plain: func(c byte) (byte, bool) { return c ^ hdlcFlip, true },
		open:  openX25,
		most:  o.MTU + crcSize,
		buf:   make([]byte, 0, o.MTU+crcSize),
	}
}

// openX25 takes an FCS-16 off, low octet first.
func openX25(frame []byte) Event {
	n := len(frame) - crcSize
	if n < 0 || x25(frame[:n]) != uint16(frame[n])|uint16(frame[n+1])<<8 {
		return Event{Kind: Noise, Data: frame, Err: ErrChecksum}
	}
	return Event{Kind: Message, Data: frame[:n]}
}

// Append implements Encoder.
func (f hdlc) Append(dst []byte, node string, message []byte) ([]byte, error) {
	if err := fits(f.mtu, node, message); err != nil {
		return dst, err
	}
	fcs := x25(message)
	dst = append(dst, hdlcFlag)
	for _, c := range message {
		dst = appendHDLC(dst, c)
	}
	dst = appendHDLC(appendHDLC(dst, byte(fcs)), byte(fcs>>8))
	return append(dst, hdlcFlag), nil
}

func appendHDLC(dst []byte, c byte) []byte {
	if c == hdlcFlag || c == hdlcEscape {
		return append(dst, hdlcEscape, c^hdlcFlip)
	}
	return append(dst, c)
}

// fits refuses what a line without addresses cannot carry.
func fits(mtu int, node string, message []byte) error {
	switch {
	case len(message) > mtu:
		return ErrMTU
	case node != "":
		return ErrNode
	}
	return nil
}
