package framing

// SLIP, RFC 1055:
//
//	C0 | message | C0
//	C0 | message | CRC low | CRC high | C0        slip-crc
//
// with C0 in between sent as DB DC, and DB as DB DD.

const (
	slipEnd    = 0xC0
	slipEsc    = 0xDB
	slipEscEnd = 0xDC
	slipEscEsc = 0xDD
)

func newSLIP(o Options) (Encoder, Decoder) {
	return slip{o.MTU}, newSLIPDecoder(o.MTU, openWhole)
}

func newSLIPCRC(o Options) (Encoder, Decoder) {
	return slipCRC{o.MTU}, newSLIPDecoder(o.MTU+crcSize, openSLIPCRC)
}

func newSLIPDecoder(most int, open func([]byte) Event) *flagged {
	return &flagged{flag: slipEnd, escape: slipEsc, plain: slipPlain, open: open, most: most, buf: make([]byte, 0, most)}
}

func slipPlain(c byte) (byte, bool) {
	switch c {
	case slipEscEnd:
		return slipEnd, true
	case slipEscEsc:
		return slipEsc, true
	}
	return 0, false
}

// openWhole has nothing to go by but the message itself.
func openWhole(frame []byte) Event {
	if !whole(frame) {
		return Event{Kind: Noise, Data: frame, Err: ErrLength}
	}
	return Event{Kind: Message, Data: frame}
}

// openSLIPCRC refuses what begins with 00, as no message does: to zeros in front
// this CRC is blind, and a damaged flag is one octet more in front.
func openSLIPCRC(frame []byte) Event {
	e := openXModem(frame)
	if e.Kind == Message && !begins(e.Data) {
		return Event{Kind: Noise, Data: frame, Err: ErrLength}
	}
	return e
}

func begins(message []byte) bool { return len(message) > 0 && message[0] != 0 }

// openXModem takes a CRC-16/XMODEM off, low octet first.
func openXModem(frame []byte) Event {
	n := len(frame) - crcSize
	if n < 0 || xmodem(frame[:n]) != uint16(frame[n])|uint16(frame[n+1])<<8 {
		return Event{Kind: Noise, Data: frame, Err: ErrChecksum}
	}
	return Event{Kind: Message, Data: frame[:n]}
}

type slip struct{ mtu int }

// Append implements Encoder.
func (f slip) Append(dst []byte, node string, message []byte) ([]byte, error) {
	if err := fits(f.mtu, node, message); err != nil {
		return dst, err
	}
	if !whole(message) {
		return dst, ErrMessage
	}
	dst = appendSLIP(append(dst, slipEnd), message)
	return append(dst, slipEnd), nil
}

type slipCRC struct{ mtu int }

// Append implements Encoder.
func (f slipCRC) Append(dst []byte, node string, message []byte) ([]byte, error) {
	if err := fits(f.mtu, node, message); err != nil {
		return dst, err
	}
	if !begins(message) {
		return dst, ErrMessage
	}
	dst = appendSLIP(append(dst, slipEnd), message)
	crc := xmodem(message)
	return appendSLIPEnd(dst, crc), nil
}

func appendSLIPEnd(dst []byte, crc uint16) []byte {
	dst = appendSLIPOctet(appendSLIPOctet(dst, byte(crc)), byte(crc>>8))
	return append(dst, slipEnd)
}

func appendSLIP(dst, b []byte) []byte {
	for _, c := range b {
		dst = appendSLIPOctet(dst, c)
	}
	return dst
}

func appendSLIPOctet(dst []byte, c byte) []byte {
	switch c {
	case slipEnd:
		return append(dst, slipEsc, slipEscEnd)
	case slipEsc:
		return append(dst, slipEsc, slipEscEsc)
	}
	return append(dst, c)
}
