package tap

import "encoding/binary"

// blot returns a copy of a packet's octets with stars for what proves who a
// client is: a password in CONNECT, the data of AUTH. What cannot be made sense
// of from some octet on is all stars from there on.
func blot(p Protocol, b []byte) []byte {
	out := append([]byte(nil), b...)
	if p == MQTTSN {
		blotMessage(out)
	} else {
		blotPacket(out)
	}
	return out
}

func stars(b []byte) {
	for i := range b {
		b[i] = '*'
	}
}

const (
	snEncapsulated = 0xFE
	snAuth         = 0x03 // not in MQTT-SN 1.2; clients of some gateways send it
)

// blotMessage handles the data of AUTH: Reason, MethodLength, Method, Data.
func blotMessage(b []byte) {
	for range 4 { // forwarders of forwarders
		header := 2
		if len(b) > 0 && b[0] == 1 {
			header = 4
		}
		if len(b) < header {
			return
		}
		switch b[header-1] {
		case snAuth:
			body := b[header:]
			if len(body) >= 2 && len(body) >= 2+int(body[1]) {
				body = body[2+int(body[1]):]
			}
			stars(body)
			return
		case snEncapsulated:
			// Its length is that of its own header.
			n := int(b[0])
			if b[0] == 1 {
				n = int(binary.BigEndian.Uint16(b[1:]))
			}
			if n < header || n > len(b) {
				stars(b[header:])
				return
			}
			b = b[n:]
		default:
			return
		}
	}
	stars(b)
}

const (
	packetConnect = 1
	packetAuth    = 15
)

func blotPacket(b []byte) {
	if len(b) < 2 {
		return
	}
	s := scan{b: b[1:]}
	length := s.varint()
	switch b[0] >> 4 {
	case packetConnect:
		s.connect()
	case packetAuth:
		if length > 0 {
			s.octets(1) // the reason
			s.properties()
		}
	default:
		return
	}
	if s.bad {
		stars(s.b)
	}
}

// scan walks through fields. Once one makes no sense it stays where it is.
type scan struct {
	b   []byte
	bad bool
}

func (s *scan) octets(n int) []byte {
	if s.bad || n > len(s.b) {
		s.bad = true
		return nil
	}
	v := s.b[:n]
	s.b = s.b[n:]
	return v
}

func (s *scan) octet() byte {
	if v := s.octets(1); v != nil {
		return v[0]
	}
	return 0
}

func (s *scan) varint() (v int) {
	for shift := 0; shift < 28; shift += 7 {
		o := s.octet()
		v |= int(o&0x7F) << shift
		if o < 0x80 {
			return v
		}
	}
	s.bad = true
	return 0
}

func (s *scan) text() []byte {
	if n := s.octets(2); n != nil {
		return s.octets(int(binary.BigEndian.Uint16(n)))
	}
	return nil
}

// connect goes to the password of CONNECT (MQTT 5 §3.1).
func (s *scan) connect() {
	s.text() // the protocol's name
	version := s.octet()
	flags := s.octet()
	s.octets(2) // keep-alive
	if version == 5 {
		s.properties()
	}
	s.text() // the ClientID
	if flags&0x04 != 0 {
		if version == 5 {
			s.properties()
		}
		s.text()
		s.text()
	}
	if flags&0x80 != 0 {
		s.text() // the username
	}
	if flags&0x40 != 0 {
		stars(s.text())
	}
	if len(s.b) > 0 {
		s.bad = true // nothing may follow
	}
}

const propertyAuthData = 0x16

// properties blots the authentication data among properties (MQTT 5 §2.2.2).
func (s *scan) properties() {
	p := scan{b: s.octets(s.varint())}
	for len(p.b) > 0 && !p.bad {
		switch id := p.octet(); id {
		case 0x01, 0x17, 0x19, 0x24, 0x25, 0x28, 0x29, 0x2A:
			p.octets(1)
		case 0x13, 0x21, 0x22, 0x23:
			p.octets(2)
		case 0x02, 0x11, 0x18, 0x27:
			p.octets(4)
		case 0x0B:
			p.varint()
		case 0x26:
			p.text()
			p.text()
		case propertyAuthData:
			stars(p.text())
		case 0x03, 0x08, 0x09, 0x12, 0x15, 0x1A, 0x1C, 0x1F:
			p.text()
		default:
			p.bad = true
		}
	}
	if p.bad {
		stars(p.b)
		s.bad = true
	}
}
