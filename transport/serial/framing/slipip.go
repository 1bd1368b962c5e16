package framing

import "encoding/binary"

// IP packets in SLIP, from devices that make their own (RIOT's slipdev,
// mqtt-sn-slip): UDP over IPv4 or IPv6, taken apart here, without an interface
// of the kernel. Slipmux adds frames of other kinds, told apart by their first
// octet:
//
//	45 ... 4F IPv4 | 60 ... 6F IPv6 | 0A text | A9 CoAP
//
// A node is the device's address and port, followed by the address and port that
// it sent to, so that the answer comes from there: 12 octets, or 36.
const (
	slipText  = 0x0A
	ip4Header = 20
	ip6Header = 40
	udpHeader = 8
	protoUDP  = 17
	hopLimit  = 64

	node4 = 12
	node6 = 36
)

func newSLIPIP(o Options) (Encoder, Decoder) {
	s := slipIP{mtu: o.MTU}
	if o.Device {
		if [4]byte(o.Address) == ([4]byte{}) {
			o.Address = slipDevice[:]
		}
		s.node = string(o.Address) + slipPort + string(slipGateway[:]) + slipPort
	}
	return s, newSLIPDecoder(ip6Header+udpHeader+o.MTU, s.open)
}

// Where the two ends are if nobody says so. The gateway answers from its own when
// it was asked at a group's address.
var (
	slipGateway  = [4]byte{192, 168, 190, 1}
	slipGateway6 = [16]byte{0: 0xFE, 1: 0x80, 15: 1}
	slipDevice   = [4]byte{192, 168, 190, 2}
)

const slipPort = "\x07\x5B" // 1883

type slipIP struct {
	mtu  int
	node string // of a device: the one node that it sends as
}

// Append implements Encoder.
func (s slipIP) Append(dst []byte, node string, message []byte) ([]byte, error) {
	from, to := node, node
	half := len(node) / 2
	if s.node != "" {
		half = node4 / 2
		from, to = s.node[:half], s.node[half:]
	} else if len(node) == node4 || len(node) == node6 {
		from, to = node[half:], node[:half]
	} else {
		return dst, ErrNode
	}
	if len(message) > s.mtu {
		return dst, ErrMTU
	}
	var head [ip6Header + udpHeader]byte
	packet := head[:0]
	if half == node4/2 {
		packet = appendIP4(packet, from[:4], to[:4], udpHeader+len(message))
	} else {
		packet = appendIP6(packet, from[:16], to[:16], udpHeader+len(message))
	}
	udp := len(packet)
	packet = append(packet, from[half-2:]...)
	packet = append(packet, to[half-2:]...)
	packet = append16(packet, udpHeader+len(message))
	packet = append(packet, 0, 0)
	sum := pseudo(from[:half-2], to[:half-2], udpHeader+len(message))
	sum = onesSum(onesSum(sum, packet[udp:]), message)
	binary.BigEndian.PutUint16(packet[udp+6:], udpSum(sum))
	dst = appendSLIP(append(dst, slipEnd), packet)
	dst = appendSLIP(dst, message)
	return append(dst, slipEnd), nil
}

func (s slipIP) open(frame []byte) Event {
	switch {
	case frame[0] == slipText:
		return Event{Kind: Noise, Data: frame[1:], Err: ErrStray}
	case frame[0]>>4 == 4:
		return s.open4(frame)
	case frame[0]>>4 == 6:
		return s.open6(frame)
	case IsText(frame):
		return Event{Kind: Noise, Data: frame, Err: ErrStray}
	}
	return Event{} // slipmux: kinds that are not known are no error
}

func (s slipIP) open4(p []byte) Event {
	header := int(p[0]&0x0F) * 4
	if len(p) < ip4Header || header < ip4Header || len(p) < header {
		return Event{Kind: Noise, Data: p, Err: ErrLength}
	}
	total := int(binary.BigEndian.Uint16(p[2:]))
	switch {
	case total < header || total > len(p):
		return Event{Kind: Noise, Data: p, Err: ErrLength}
	case folded(onesSum(0, p[:header])) != 0xFFFF:
		return Event{Kind: Noise, Data: p, Err: ErrChecksum}
	case p[9] != protoUDP, binary.BigEndian.Uint16(p[6:])&0x3FFF != 0: // or a fragment
		return Event{}
	}
	return s.openUDP(p, p[12:16], p[16:20], p[header:total])
}

func (s slipIP) open6(p []byte) Event {
	if len(p) < ip6Header || ip6Header+int(binary.BigEndian.Uint16(p[4:])) > len(p) {
		return Event{Kind: Noise, Data: p, Err: ErrLength}
	}
	if p[6] != protoUDP {
		return Event{}
	}
	return s.openUDP(p, p[8:24], p[24:40], p[ip6Header:ip6Header+int(binary.BigEndian.Uint16(p[4:]))])
}

func (s slipIP) openUDP(packet, from, to, udp []byte) Event {
	if len(udp) < udpHeader || int(binary.BigEndian.Uint16(udp[4:])) != len(udp) {
		return Event{Kind: Noise, Data: packet, Err: ErrLength}
	}
	if udp[6]|udp[7] != 0 || len(from) == 16 { // IPv4 may do without
		if folded(onesSum(pseudo(from, to, len(udp)), udp)) != 0xFFFF {
			return Event{Kind: Noise, Data: packet, Err: ErrChecksum}
		}
	}
	message := udp[udpHeader:]
	if len(message) > s.mtu {
		return Event{Kind: Noise, Data: packet, Err: ErrTooLong}
	}
	if s.node != "" {
		if string(to) != s.node[:4] || string(udp[2:4]) != s.node[4:6] {
			return Event{}
		}
		return Event{Kind: Message, Data: message}
	}
	return Event{Kind: Message, Node: slipNode(packet, from, to, udp[:4]), Data: message}
}

// slipNode puts the node's octets in front of the packet, over headers that have
// been read.
func slipNode(packet, from, to, ports []byte) []byte {
	var node [node6]byte
	b := append(append(node[:0], from...), ports[:2]...)
	b = append(b, ownAddress(to)...)
	b = append(b, ports[2:]...)
	return packet[:copy(packet, b)]
}

// ownAddress is what a device sent to, or the gateway's own if that is a group's
// or everybody's.
func ownAddress(to []byte) []byte {
	if len(to) == 4 && to[0] >= 224 {
		return slipGateway[:]
	}
	if len(to) == 16 && to[0] == 0xFF {
		return slipGateway6[:]
	}
	return to
}

func appendIP4(b []byte, from, to string, n int) []byte {
	b = append(b, 0x45, 0)
	b = append16(b, ip4Header+n)
	b = append(b, 0, 0, 0x40, 0, hopLimit, protoUDP, 0, 0) // not to be fragmented
	b = append(append(b, from...), to...)
	binary.BigEndian.PutUint16(b[10:], ^folded(onesSum(0, b)))
	return b
}

func appendIP6(b []byte, from, to string, n int) []byte {
	b = append(b, 0x60, 0, 0, 0)
	b = append16(b, n)
	b = append(b, protoUDP, hopLimit)
	return append(append(b, from...), to...)
}

func append16(b []byte, n int) []byte { return append(b, byte(n>>8), byte(n)) }

// pseudo is the sum of what UDP's checksum is over beside the datagram.
func pseudo[B []byte | string](from, to B, n int) uint32 {
	var b [2*16 + 4]byte
	p := append(append(b[:0], from...), to...)
	p = append16(p, n)
	return onesSum(0, append(p, 0, protoUDP))
}

// onesSum adds up words of 16 bits; what came before has an even number of octets.
func onesSum(sum uint32, b []byte) uint32 {
	for ; len(b) > 1; b = b[2:] {
		sum += uint32(b[0])<<8 | uint32(b[1])
	}
	if len(b) > 0 {
		sum += uint32(b[0]) << 8
	}
	return sum
}

func folded(sum uint32) uint16 {
	for sum > 0xFFFF {
		sum = sum>>16 + sum&0xFFFF
	}
	return uint16(sum)
}

// udpSum is a checksum to be sent; 0 would mean that there is none.
func udpSum(sum uint32) uint16 {
	if c := ^folded(sum); c != 0 {
		return c
	}
	return 0xFFFF
}
