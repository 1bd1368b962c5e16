package dtls

import "encoding/binary"

// Record types and handshake types that the link looks at (RFC 5246 §6.2.1,
// §7.4; RFC 9146 §4).
const (
	recordChangeCipherSpec = 20
	recordAlert            = 21
	recordHandshake        = 22
	recordCID              = 25

	typeClientHello = 1
	typeServerHello = 2
)

const (
	recordHeader = 13 // type, version, epoch, sequence number, length (RFC 6347 §4.1)
	epochAt      = 3
	cidAt        = 11 // before the length, in records of type tls12_cid
	cidLength    = 8

	handshakeHeader = 12 // type, length, message_seq, fragment offset and length (RFC 6347 §4.2.2)
	helloAt         = recordHeader + handshakeHeader
	extensionCID    = 54 // RFC 9146 §3
)

// contents is what the records of a datagram are, beside encrypted ones.
type contents struct {
	plain int  // octets of records that are not encrypted
	alert bool // one of these is an alert
}

// scan looks through the records of a datagram. ok is false if there are none, if
// they do not fill it, or one that is not encrypted is none that a handshake has.
func scan(b []byte) (c contents, ok bool) {
	for ok = len(b) > 0; len(b) > 0; {
		header := recordHeader
		if b[0] == recordCID {
			header += cidLength
		}
		if len(b) <= header {
			return c, false
		}
		size := int(binary.BigEndian.Uint16(b[header-2:]))
		if size > len(b)-header {
			return c, false
		}
		if epoch(b) == 0 {
			c.plain += header + size
			switch b[0] {
			case recordHandshake:
			case recordChangeCipherSpec:
				if size != 1 || b[header] != 1 {
					return c, false
				}
			case recordAlert:
				if size != 2 {
					return c, false
				}
				c.alert = true
			default:
				return c, false
			}
		}
		b = b[header+size:]
	}
	return c, ok
}

// recordSize is the octets of the first record of a datagram that scan has found
// in order.
func recordSize(b []byte) int {
	header := recordHeader
	if b[0] == recordCID {
		header += cidLength
	}
	return header + int(binary.BigEndian.Uint16(b[header-2:]))
}

func epoch(b []byte) uint16 { return binary.BigEndian.Uint16(b[epochAt:]) }
