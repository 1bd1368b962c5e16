package transport

import (
	"encoding/hex"
	"net/netip"
)

// Addr is a peer's address on its link. It is comparable: a map key.
type Addr struct {
	// IP is the UDP address; zero on links without IP. It is never an
	// IPv4-mapped IPv6 address, or one peer would have two keys.
	IP netip.AddrPort
	// Node is a forwarder's wireless node id or a radio's own address, as raw
	// octets; "" when the peer is the address itself.
	Node string
}

// String returns "192.0.2.1:1883", or "192.0.2.1:1883#0102" with the node in
// hex, or "#0102" on a link without IP, or "line" on a link that is one peer.
func (a Addr) String() string {
	if a == (Addr{}) {
		return "line"
	}
	if a.Node == "" {
		return a.IP.String()
	}
	// Room for the longest address with a zone; a longer one only grows.
	b := make([]byte, 0, 64+2*len(a.Node))
	if a.IP.IsValid() {
		b = a.IP.AppendTo(b)
	}
	b = append(b, '#')
	return string(hex.AppendEncode(b, []byte(a.Node)))
}
