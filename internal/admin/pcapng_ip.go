package admin

import (
	"encoding/binary"
	"hash/fnv"
	"net/netip"
	"strings"

	"snbroker/internal/tap"
)

const (
	protocolTCP = 6
	protocolUDP = 17
	// maxSegment is the most that is put into one IP packet of a TCP connection.
	maxSegment = 60_000
	// brokerPort is the one at which Wireshark expects plain MQTT.
	brokerPort = 1883
)

var be = binary.BigEndian

// ends are the addresses of a packet, of the same family. Who has none of IP, such
// as a radio behind a serial line, is given one for documentation.
func ends(p *tap.Packet) (client, server netip.AddrPort) {
	client = parseEnd(p.Peer)
	if !client.IsValid() {
		h := fnv.New32a()
		h.Write([]byte(p.Peer))
		n := h.Sum32()
		client = netip.AddrPortFrom(netip.AddrFrom4([4]byte{198, 51, 100, byte(n)}), 1024+uint16(n>>8)%60_000)
	}
	local := p.Local
	if i := strings.LastIndexByte(local, ' '); i >= 0 {
		local = local[i+1:] // "udp 127.0.0.1:1883"
	}
	at := parseEnd(local).Addr()
	if !at.IsValid() || at.Is4() != client.Addr().Is4() {
		if at = netip.AddrFrom4([4]byte{192, 0, 2, 1}); !client.Addr().Is4() {
			at = netip.MustParseAddr("2001:db8::1")
		}
	}
	return client, netip.AddrPortFrom(at, brokerPort)
}

func parseEnd(s string) netip.AddrPort {
	if i := strings.IndexAny(s, " #"); i >= 0 {
		s = s[:i] // a forwarder's node id follows
	}
	a, _ := netip.ParseAddrPort(s)
	return netip.AddrPortFrom(a.Addr().Unmap().WithZone(""), a.Port())
}

// appendIP puts an IP header before the payload.
func appendIP(b []byte, protocol byte, from, to netip.AddrPort, payload []byte) []byte {
	if from.Addr().Is4() {
		start := len(b)
		b = append(b, 0x45, 0)
		b = be.AppendUint16(b, uint16(20+len(payload)))
		b = append(b, 0, 0, 0x40, 0, 64, protocol, 0, 0)
		b = append(append(b, from.Addr().AsSlice()...), to.Addr().AsSlice()...)
		be.PutUint16(b[start+10:], checksum(0, b[start:]))
		return append(b, payload...)
	}
	b = append(b, 0x60, 0, 0, 0)
	b = be.AppendUint16(b, uint16(len(payload)))
	b = append(b, protocol, 64)
	b = append(append(b, from.Addr().AsSlice()...), to.Addr().AsSlice()...)
	return append(b, payload...)
}

func appendUDP(b []byte, from, to netip.AddrPort, payload []byte) []byte {
	start := len(b)
	b = be.AppendUint16(be.AppendUint16(b, from.Port()), to.Port())
	b = be.AppendUint16(b, uint16(8+len(payload)))
	b = append(append(b, 0, 0), payload...)
	sum := checksum(pseudo(protocolUDP, from, to, len(b)-start), b[start:])
	if sum == 0 {
		sum = 0xFFFF // 0 says that there is none
	}
	be.PutUint16(b[start+6:], sum)
	return b
}

func appendTCP(b []byte, from, to netip.AddrPort, seq, ack uint32, payload []byte) []byte {
	start := len(b)
	b = be.AppendUint16(be.AppendUint16(b, from.Port()), to.Port())
	b = be.AppendUint32(be.AppendUint32(b, seq), ack)
	b = append(b, 5<<4, 0x18, 0xFF, 0xFF, 0, 0, 0, 0) // PSH and ACK, a large window
	b = append(b, payload...)
	be.PutUint16(b[start+16:], checksum(pseudo(protocolTCP, from, to, len(b)-start), b[start:]))
	return b
}

// pseudo is the sum over what checksums cover of the IP header.
func pseudo(protocol byte, from, to netip.AddrPort, length int) uint32 {
	sum := uint32(protocol) + uint32(length)
	for _, a := range [][]byte{from.Addr().AsSlice(), to.Addr().AsSlice()} {
		for i := 0; i < len(a); i += 2 {
			sum += uint32(be.Uint16(a[i:]))
		}
	}
	return sum
}

// checksum is that of the Internet protocols (RFC 1071).
func checksum(sum uint32, b []byte) uint16 {
	for ; len(b) > 1; b = b[2:] {
		sum += uint32(be.Uint16(b))
	}
	if len(b) == 1 {
		sum += uint32(b[0]) << 8
	}
	for sum > 0xFFFF {
		sum = sum>>16 + sum&0xFFFF
	}
	return ^uint16(sum)
}
