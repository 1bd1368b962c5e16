package program

import (
	"encoding/binary"
	"errors"
)

// Packet types of MQTT 3.1.1, with the flags that they must have.
const (
	typeConnect    = 0x10
	typeConnAck    = 0x20
	typePublish    = 0x30
	typePubAck     = 0x40
	typePubRec     = 0x50
	typePubRel     = 0x62
	typePubComp    = 0x70
	typeSubscribe  = 0x82
	typeSubAck     = 0x90
	typePingReq    = 0xC0
	typePingResp   = 0xD0
	typeDisconnect = 0xE0
)

var (
	errIncomplete = errors.New("incomplete packet")
	errMalformed  = errors.New("the broker sent a malformed packet")
	errTooLong    = errors.New("the broker sent a packet of more than 16 MiB")
)

// maxPacket bounds what is read for one packet, in octets.
const maxPacket = 16 << 20

// cut takes the first packet off b: its first octet, and what follows its
// length. errIncomplete wants more octets.
func cut(b []byte) (head byte, body, rest []byte, err error) {
	if len(b) < 2 {
		return 0, nil, nil, errIncomplete
	}
	n, shift := 0, 0
	for i := 1; ; i++ {
		switch {
		case i > 4:
			return 0, nil, nil, errMalformed
		case i >= len(b):
			return 0, nil, nil, errIncomplete
		}
		n |= int(b[i]&0x7F) << shift
		shift += 7
		if b[i] < 0x80 {
			switch i++; {
			case n > maxPacket:
				return 0, nil, nil, errTooLong
			case n > len(b)-i:
				return 0, nil, nil, errIncomplete
			}
			return b[0], b[i : i+n], b[i+n:], nil
		}
	}
}

// appendHeader begins a packet whose body has n octets.
func appendHeader(b []byte, head byte, n int) []byte {
	b = append(b, head)
	for n >= 0x80 {
		b = append(b, byte(n)|0x80)
		n >>= 7
	}
	return append(b, byte(n))
}

func appendString[S ~[]byte | ~string](b []byte, s S) []byte {
	b = binary.BigEndian.AppendUint16(b, uint16(len(s)))
	return append(b, s...)
}

// appendAck appends one of the packets that are no more than an id.
func appendAck(b []byte, head byte, id uint16) []byte {
	return append(b, head, 2, byte(id>>8), byte(id))
}

// decodePublish reads a PUBLISH, whose fields alias body.
func decodePublish(head byte, body []byte) (m Message, id uint16, err error) {
	m.QoS, m.Retain, m.Dup = head>>1&3, head&1 != 0, head&8 != 0
	if len(body) < 2 || m.QoS == 3 {
		return m, 0, errMalformed
	}
	n := int(binary.BigEndian.Uint16(body))
	body = body[2:]
	if n > len(body) {
		return m, 0, errMalformed
	}
	m.Topic, body = body[:n], body[n:]
	if m.QoS > 0 {
		if len(body) < 2 {
			return m, 0, errMalformed
		}
		id, body = binary.BigEndian.Uint16(body), body[2:]
		if id == 0 {
			return m, 0, errMalformed
		}
	}
	m.Payload = body
	return m, id, nil
}
