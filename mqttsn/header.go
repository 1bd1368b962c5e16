package mqttsn

import (
	"encoding/binary"
	"fmt"
)

// MaxLength is the greatest length a message can declare, header included.
// What a network carries is usually far less.
const MaxLength = 65535

const (
	shortHeader = 2
	longHeader  = 4

	// longEscape in the place of a short Length announces the long form; it
	// is no length itself, since no message is of one octet. SN §5.2.1
	longEscape = 0x01

	maxShort = 255
)

// header reads the header at the start of b: the type, the declared length
// of the message and the octets the header takes. All those octets are there
// and counted in length; that length is len(b) is left to the caller, since
// encapsulation is the exception to it.
func header(b []byte) (t MsgType, length, size int, err error) {
	if len(b) == 0 {
		return 0, 0, 0, ErrEmpty
	}
	if b[0] == longEscape {
		if len(b) < longHeader {
			return 0, 0, 0, ErrTruncated
		}
		length = int(binary.BigEndian.Uint16(b[1:]))
		if length < longHeader {
			return 0, 0, 0, ErrLengthMin
		}
		// SN §5.2.1: the long form is not kept for messages that need it.
		return MsgType(b[3]), length, longHeader, nil
	}
	if b[0] < shortHeader {
		return 0, 0, 0, ErrLengthMin
	}
	if len(b) < shortHeader {
		return 0, 0, 0, ErrTruncated
	}
	return MsgType(b[1]), int(b[0]), shortHeader, nil
}

// PeekType reads the type and nothing after it. It is false if b does not
// begin with a header; if it is true the rest may still be malformed, and the
// type a reserved one.
func PeekType(b []byte) (MsgType, bool) {
	t, _, _, err := header(b)
	return t, err == nil
}

// appendHeader begins a message of type t that has n octets of body, in the
// shortest form that holds it.
func appendHeader(b []byte, t MsgType, n int) ([]byte, error) {
	if n+shortHeader <= maxShort {
		return append(b, byte(n+shortHeader), byte(t)), nil
	}
	n += longHeader
	if n > MaxLength {
		return b, fmt.Errorf("mqttsn: %v of %d octets: %w", t, n, ErrTooLong)
	}
	return append(b, longEscape, byte(n>>8), byte(n), byte(t)), nil
}

func append16[T ~uint16](b []byte, v T) []byte {
	return binary.BigEndian.AppendUint16(b, uint16(v))
}

func get16[T ~uint16](b []byte) T { return T(binary.BigEndian.Uint16(b)) }
