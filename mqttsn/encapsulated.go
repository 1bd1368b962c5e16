package mqttsn

// Encapsulated is a message on its way through a forwarder. SN §5.5
//
//	0    1     2      3 ... L-1        L ...
//	+---+------+------+----------------+-------------------------+
//	| L | 0xFE | Ctrl | WirelessNodeID | a message, its own Length |
//	+---+------+------+----------------+-------------------------+
//
// L is one octet always and ends before the inner message. Ctrl holds the
// broadcast radius in bits 1-0; the others are reserved.
type Encapsulated struct {
	Radius  uint8  // 0 ... 3; only the way to a forwarder gives it a meaning
	NodeID  []byte // 1 ... 252 octets; names the client to its forwarder
	Message []byte // whole, for Decoder.Decode
}

const (
	encapsulationHeader = 3
	radiusMask          = 0x03
	maxNodeID           = maxShort - encapsulationHeader
)

// DecodeEncapsulated takes the forwarder's header off b. The fields of the
// result alias b. The inner message's type is not looked at, beyond its not
// being encapsulated again; its length is, so that Decode cannot find it wrong.
// The error is an Error.
func DecodeEncapsulated(b []byte) (Encapsulated, error) {
	t, length, size, err := header(b)
	switch {
	case err != nil:
		return Encapsulated{}, err
	case t != TypeEncapsulated:
		return Encapsulated{}, ErrNotEncapsulated
	case size != shortHeader:
		// SN §5.5: Length is a single octet here.
		return Encapsulated{}, ErrEncapsulatedLong
	case length < encapsulationHeader:
		return Encapsulated{}, ErrBodyShort
	case length > len(b):
		return Encapsulated{}, ErrTruncated
	case length == encapsulationHeader:
		// Legal by its layout, but an answer to it could reach no one.
		return Encapsulated{}, ErrNodeID
	case length == len(b):
		return Encapsulated{}, ErrNoInner
	}
	inner := b[length:len(b):len(b)]
	t, n, _, err := header(inner)
	switch {
	case err != nil:
		return Encapsulated{}, ErrInnerLength
	case t == TypeEncapsulated:
		return Encapsulated{}, ErrNested
	case n != len(inner):
		return Encapsulated{}, ErrInnerLength
	}
	return Encapsulated{
		Radius:  b[2] & radiusMask,
		NodeID:  b[encapsulationHeader:length:length],
		Message: inner,
	}, nil
}

// AppendEncapsulation appends the forwarder's header alone; the message it
// is for is to be appended next. nodeID may be a string so that a map's key
// serves as it is.
func AppendEncapsulation[N ~[]byte | ~string](b []byte, radius uint8, nodeID N) ([]byte, error) {
	if radius > radiusMask {
		return b, badField(TypeEncapsulated, "Radius")
	}
	if len(nodeID) == 0 || len(nodeID) > maxNodeID {
		return b, badField(TypeEncapsulated, "WirelessNodeID")
	}
	b = append(b, byte(encapsulationHeader+len(nodeID)), byte(TypeEncapsulated), radius)
	return append(b, nodeID...), nil
}
