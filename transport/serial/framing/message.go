package framing

import "encoding/binary"

// What MQTT-SN messages look like from outside. The gateway decodes them; here
// it matters only where one can begin and end, on lines that do not tell.

const (
	longForm     = 0x01 // in the place of a Length of one octet, SN §5.2.1
	encapsulated = 0xFE // the type of a forwarder's header, SN §5.5
)

// bodies are the least and most octets after the header, by type, SN §5.4.
var bodies = map[byte]struct{ least, most int }{
	0x00: {3, 3},      // ADVERTISE
	0x01: {1, 1},      // SEARCHGW
	0x02: {1, maxMTU}, // GWINFO
	0x04: {4, maxMTU}, // CONNECT
	0x05: {1, 1},      // CONNACK
	0x06: {0, 0},      // WILLTOPICREQ
	0x07: {0, maxMTU}, // WILLTOPIC
	0x08: {0, 0},      // WILLMSGREQ
	0x09: {0, maxMTU}, // WILLMSG
	0x0A: {5, maxMTU}, // REGISTER
	0x0B: {5, 5},      // REGACK
	0x0C: {5, maxMTU}, // PUBLISH
	0x0D: {5, 5},      // PUBACK
	0x0E: {2, 2},      // PUBCOMP
	0x0F: {2, 2},      // PUBREC
	0x10: {2, 2},      // PUBREL
	0x12: {4, maxMTU}, // SUBSCRIBE
	0x13: {6, 6},      // SUBACK
	0x14: {4, maxMTU}, // UNSUBSCRIBE
	0x15: {2, 2},      // UNSUBACK
	0x16: {0, maxMTU}, // PINGREQ
	0x17: {0, 0},      // PINGRESP
	0x18: {0, 2},      // DISCONNECT
	0x1A: {0, maxMTU}, // WILLTOPICUPD
	0x1B: {1, 1},      // WILLTOPICRESP
	0x1C: {0, maxMTU}, // WILLMSGUPD
	0x1D: {1, 1},      // WILLMSGRESP
}

// extent tells how long the message is that b begins with, 0 if more octets are
// needed to tell. It is not ok if no message of at most mtu octets begins so.
func extent(b []byte, mtu int) (n int, ok bool) {
	t, header, n, ok := head(b)
	if !ok || header == 0 {
		return 0, ok
	}
	if t != encapsulated {
		return n, plain(t, n-header) && n <= mtu
	}
	if header != 2 || n < 4 || n >= mtu {
		return 0, false
	}
	if len(b) <= n {
		return 0, true
	}
	t, header, inner, ok := head(b[n:])
	if !ok || header == 0 {
		return 0, ok
	}
	return n + inner, plain(t, inner-header) && n+inner <= mtu
}

// head reads a header; its size is 0 if more octets are needed.
func head(b []byte) (t byte, size, n int, ok bool) {
	switch {
	case len(b) == 0:
		return 0, 0, 0, true
	case b[0] == 0:
		return 0, 0, 0, false
	case b[0] == longForm:
		if len(b) < 4 {
			return 0, 0, 0, true
		}
		n = int(binary.BigEndian.Uint16(b[1:]))
		return b[3], 4, n, n >= 4
	case len(b) < 2:
		return 0, 0, 0, true
	}
	return b[1], 2, int(b[0]), true
}

func plain(t byte, body int) bool {
	l, known := bodies[t]
	return known && l.least <= body && body <= l.most
}

// whole tells whether b is one message, from its first octet to its last.
func whole(b []byte) bool {
	n, ok := extent(b, maxMTU)
	return ok && n > 0 && n == len(b)
}

// Whole tells whether b looks like one MQTT-SN message.
func Whole(b []byte) bool { return whole(b) }
