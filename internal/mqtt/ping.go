package mqtt

// Pingreq asks whether the server is there. It has no body.
type Pingreq struct{}

// Pingresp answers Pingreq. It has no body.
type Pingresp struct{}

func (*Pingreq) Type() PacketType  { return TypePingreq }
func (*Pingresp) Type() PacketType { return TypePingresp }

func (*Pingreq) decode(_ *Decoder, _ byte, body []byte) error  { return noBody(body) }
func (*Pingresp) decode(_ *Decoder, _ byte, body []byte) error { return noBody(body) }

func noBody(body []byte) error {
	if len(body) != 0 {
		return ErrTrailingBytes
	}
	return nil
}

func (*Pingreq) AppendTo(b []byte, v Version) ([]byte, error) {
	return appendBare(b, v, TypePingreq)
}

func (*Pingresp) AppendTo(b []byte, v Version) ([]byte, error) {
	return appendBare(b, v, TypePingresp)
}

// appendBare appends a packet that has only a fixed header.
func appendBare(b []byte, v Version, t PacketType) ([]byte, error) {
	if !v.known() {
		return b, ErrVersion
	}
	return append(b, byte(t)<<4, 0), nil
}
