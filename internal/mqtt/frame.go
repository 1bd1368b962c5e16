package mqtt

// MaxRemainingLength is the largest value of a variable byte integer, and so
// of the remaining length of a packet.
const MaxRemainingLength = 268_435_455

// PeekFrame finds the size of the packet that b starts with, fixed header
// included. It returns zero while b is too short to tell. The caller has a
// whole packet when total > 0 && len(b) >= total.
//
// A remaining length above maxRemaining fails as soon as it is known, so that
// nothing is buffered for a packet that will not be accepted.
func PeekFrame(b []byte, maxRemaining int) (total int, err error) {
	if len(b) < 2 {
		return 0, nil
	}
	n, size, e := varint(b[1:])
	if e != nil {
		if e == ErrTruncated {
			return 0, nil
		}
		return 0, e
	}
	if n > maxRemaining {
		return 0, ErrPacketTooLarge
	}
	return 1 + size + n, nil
}

// varint reads a variable byte integer from the start of b. ErrTruncated means
// that all of b so far is good, but more is needed.
func varint(b []byte) (value, size int, err *Error) {
	for i, c := range b {
		value |= int(c&0x7f) << (7 * i)
		if c < 0x80 {
			if c == 0 && i > 0 {
				return 0, 0, ErrVarintNotMinimal // [MQTT-1.5.5-1]
			}
			return value, i + 1, nil
		}
		if i == 3 {
			return 0, 0, ErrVarint
		}
	}
	return 0, 0, ErrTruncated
}

func varintSize(n int) int {
	switch {
	case n < 1<<7:
		return 1
	case n < 1<<14:
		return 2
	case n < 1<<21:
		return 3
	}
	return 4
}

func appendVarint(b []byte, n int) []byte {
	for n >= 0x80 {
		b = append(b, byte(n)|0x80)
		n >>= 7
	}
	return append(b, byte(n))
}
