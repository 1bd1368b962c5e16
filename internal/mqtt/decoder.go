package mqtt

// Packet is an MQTT control packet. The set is closed.
type Packet interface {
	Type() PacketType

	// AppendTo appends the whole packet, fixed header included, as version v
	// has it; what v cannot express is left out. It checks lengths and that
	// the packet is complete, but takes strings and raw blocks on trust. On
	// failure it returns b as it was.
	AppendTo(b []byte, v Version) ([]byte, error)

	decode(d *Decoder, flags byte, body []byte) error
}

// Decoder turns frames into packets. The packets that a connection repeats
// live inside it, so that decoding them does not allocate. The zero value is
// ready for a connection whose first packet is a CONNECT; to read what a
// server sends, set Version. A Decoder must not be copied once used.
type Decoder struct {
	// Version decides how all packets but CONNECT are read. Decode sets it as
	// soon as it knows what a CONNECT asks for, even if that CONNECT turns out
	// to be bad, because it also decides what the refusal looks like. After
	// ErrProtocolVersion it is the version to refuse in: V5 for a level above
	// 5, V311 otherwise. After ErrProtocolName it is left alone.
	Version Version

	// From limits packets, properties and reason codes to what that end may
	// send.
	From Origin

	publish     Publish
	puback      Puback
	pubrec      Pubrec
	pubrel      Pubrel
	pubcomp     Pubcomp
	subscribe   Subscribe
	suback      Suback
	unsubscribe Unsubscribe
	unsuback    Unsuback
	pingreq     Pingreq
	pingresp    Pingresp

	// CONNECT, CONNACK, DISCONNECT and AUTH are large, and rare in the life of
	// a connection; kept here they would more than double an idle one.

	scratch []byte // for a gather
}

// Decode reads frame, which must be exactly one packet. The packet, with every
// []byte inside it, is valid until the next Decode or until frame is reused.
// All errors are of type *Error.
func (d *Decoder) Decode(frame []byte) (Packet, error) {
	if len(frame) < 2 {
		return nil, ErrFrameLength
	}
	n, size, e := varint(frame[1:])
	switch {
	case e == ErrTruncated:
		return nil, ErrFrameLength
	case e != nil:
		return nil, e
	case n != len(frame)-1-size:
		return nil, ErrFrameLength
	}
	body := frame[1+size:]
	t, flags := PacketType(frame[0]>>4), frame[0]&0x0f
	if err := d.admit(t, flags); err != nil {
		return nil, err
	}

	var p Packet
	switch t {
	case TypeConnect:
		p = new(Connect)
	case TypeConnack:
		p = new(Connack)
	case TypePublish:
		p = &d.publish
	case TypePuback:
		p = &d.puback
	case TypePubrec:
		p = &d.pubrec
	case TypePubrel:
		p = &d.pubrel
	case TypePubcomp:
		p = &d.pubcomp
	case TypeSubscribe:
		p = &d.subscribe
	case TypeSuback:
		p = &d.suback
	case TypeUnsubscribe:
		p = &d.unsubscribe
	case TypeUnsuback:
		p = &d.unsuback
	case TypePingreq:
		p = &d.pingreq
	case TypePingresp:
		p = &d.pingresp
	case TypeDisconnect:
		p = new(Disconnect)
	case TypeAuth:
		p = new(Auth)
	}
	if err := p.decode(d, flags, body); err != nil {
		return nil, err
	}
	return p, nil
}

// admit decides what can be decided from the first byte.
func (d *Decoder) admit(t PacketType, flags byte) error {
	switch {
	case t == 0:
		return ErrPacketType
	case d.From.sent(byClient, byServer)&(1<<t) == 0:
		return ErrUnexpectedPacket
	case t == TypeConnect:
		return nil // its flags are checked once its version is known
	case !d.Version.known():
		return ErrConnectFirst // [MQTT-3.1.0-1]
	case t == TypeAuth && d.Version != V5:
		return ErrPacketType
	}
	return checkFlags(t, flags, d.Version)
}

// checkFlags decides on the low nibble of the first byte.
func checkFlags(t PacketType, flags byte, v Version) error {
	if t == TypePublish {
		return nil // they have meaning, and are read with the packet
	}
	var want byte
	switch t {
	case TypePubrel, TypeSubscribe, TypeUnsubscribe:
		want = 0x02 // [MQTT-3.6.1-1] [MQTT-3.8.1-1] [MQTT-3.10.1-1]
	}
	if v == V31 {
		// 3.1 sends these three with QoS 1, and again with DUP; the flags of
		// all others are "not used", and so not looked at.
		if want != 0 && flags&0x06 != want {
			return ErrHeaderFlags
		}
		return nil
	}
	if flags != want {
		return ErrHeaderFlags // [MQTT-2.1.3-1] [MQTT-3.14.1-1] [MQTT-3.15.1-1]
	}
	return nil
}

// A Decoder holds on to no more than this for reuse, so that one outsized
// packet does not stay in memory for as long as its sender stays connected.
const (
	keepElements = 1024
	keepBytes    = 4096
)

// reuse empties the elements of the last packet for the next.
func reuse[T any](s []T) []T {
	if cap(s) > keepElements {
		return nil
	}
	clear(s) // let go of the frame
	return s[:0]
}

// reuseScratch returns room for a gather.
func (d *Decoder) reuseScratch() []byte {
	if cap(d.scratch) > keepBytes {
		d.scratch = nil
	}
	return d.scratch
}
