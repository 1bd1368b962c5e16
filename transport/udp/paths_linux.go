package udp

import (
	"net/netip"
	"sync/atomic"
)

// path is one of our own addresses and the interface that goes with it, as far
// as they matter for an answer.
type path struct {
	addr    netip.Addr // invalid: let the kernel choose
	ifindex uint32     // 0: let routing choose
}

// paths numbers the own addresses at which a wildcard or group socket was
// reached, so that a Datagram carries 16 bits and not an address. It never
// forgets: a number stays good as long as the link, and a machine has few
// addresses. 127.0.0.0/8 has many, hence the bound; beyond it Local is 0.
//
// index is Serve's alone, get anyone's: an entry is written before the count
// that covers it is stored, and never again.
type paths struct {
	n     atomic.Uint32
	known [maxPaths]path
	last  uint32 // Serve's: most datagrams come to the same address
}

const maxPaths = 255

func (t *paths) index(p path) uint16 {
	n := t.n.Load()
	if t.last < n && t.known[t.last] == p {
		return uint16(t.last + 1)
	}
	for i := range n {
		if t.known[i] == p {
			t.last = i
			return uint16(i + 1)
		}
	}
	if n == maxPaths {
		return 0
	}
	t.known[n] = p
	t.n.Store(n + 1)
	t.last = n
	return uint16(n + 1)
}

func (t *paths) get(local uint16) path {
	if local == 0 || uint32(local) > t.n.Load() {
		return path{}
	}
	return t.known[local-1]
}
