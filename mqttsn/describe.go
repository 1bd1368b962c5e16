package mqttsn

import "fmt"

// Describe decodes any datagram, encapsulated or not, into one line for a
// trace, or says why it is malformed. It allocates; it is not for the path of
// every message.
func Describe(b []byte) string {
	if t, ok := PeekType(b); !ok || t != TypeEncapsulated {
		return describeMessage(b)
	}
	e, err := DecodeEncapsulated(b)
	if err != nil {
		return malformed(b, err)
	}
	l := append(line(nil), TypeEncapsulated.String()...)
	l = l.num("radius", int(e.Radius)).key("nodeid").hex(e.NodeID)
	l = append(l, ": "...)
	return string(l) + describeMessage(e.Message)
}

func describeMessage(b []byte) string {
	var d Decoder
	m, err := d.Decode(b)
	if err != nil {
		return malformed(b, err)
	}
	return fmt.Sprint(m)
}

// malformed shows the octets too: what cannot be decoded can only be looked
// at.
func malformed(b []byte, err error) string {
	l := line("malformed")
	if t, ok := PeekType(b); ok {
		l = l.word(t.String(), true)
	}
	if e, ok := err.(Error); ok {
		l = l.text("reason", e.Reason())
	}
	l = l.num("len", len(b))
	if len(b) > 0 {
		l = l.key("octets").hex(b)
	}
	return string(l)
}
