package framing

// Messages back to back, as mqtt-sn-tools and Bluetooth's serial profile have
// them: the Length of each is all there is to find the next.

func newRaw(o Options) (Encoder, Decoder) {
	d := &scanned{
		open: func(frame []byte) Event { return Event{Kind: Message, Data: frame} },
		buf:  make([]byte, 0, max(o.MTU, leastBuffer)),
	}
	d.extent = func(b []byte) (int, bool) {
		switch {
		case (b[0] == '\r' || b[0] == '\n') && IsText(d.strays.buf):
			return 0, false // the end of a line of text
		case len(b) > 1 && b[1] == register && IsText(b[:1]):
			return extentOfRegister(b, o.MTU)
		}
		return extent(b, o.MTU)
	}
	return raw{o.MTU}, d
}

// leastBuffer holds what must be seen of a frame to know its length.
const leastBuffer = 8

const register = 0x0A

// extentOfRegister knows a REGISTER from the last character of a line and its
// end, which are one as well by the header. The next two octets, a topic id, are
// 00 00 from devices.
func extentOfRegister(b []byte, mtu int) (int, bool) {
	if len(b) < 4 {
		return 0, true
	}
	if IsText(b[2:4]) {
		return 0, false
	}
	return extent(b, mtu)
}

type raw struct{ mtu int }

// Append implements Encoder.
func (f raw) Append(dst []byte, node string, message []byte) ([]byte, error) {
	if err := fits(f.mtu, node, message); err != nil {
		return dst, err
	}
	if !whole(message) {
		return dst, ErrMessage
	}
	return append(dst, message...), nil
}
