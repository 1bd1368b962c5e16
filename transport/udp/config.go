package udp

import (
	"fmt"
	"net"
	"net/netip"
	"strings"
	"time"
)

const (
	// defaultBuffer absorbs a wake-up storm: the usual 212 KiB of a Linux
	// socket overflow at about a thousand small datagrams.
	defaultBuffer = 4 << 20
	defaultBatch  = 32  // larger batches were measured slower
	maxBatch      = 256 // bounds the address space of the tails to 16 MiB
	maxDatagram   = 65507

	// patience is how long a batch waits, once, for a full send buffer. Then it
	// is dropped: a device asks again, a stalled gateway answers nobody.
	patience = time.Millisecond
)

// Config says how to open a service socket.
type Config struct {
	// Address to listen on: "127.0.0.1:1883", "[::]:1883" or ":1883" (IPv6 and
	// IPv4), "0.0.0.0:1883" (IPv4), "[fe80::1%wlan0]:1883". Port 0 takes a free
	// port; LocalAddr tells which.
	Address string
	// ReceiveBuffer and SendBuffer are the kernel's buffers in bytes. 0 asks
	// for 4 MiB and takes what the kernel grants.
	ReceiveBuffer, SendBuffer int
	// Batch is how many datagrams one system call moves, and the most that one
	// Receive gets. 0 is 32; at most 256.
	Batch int
	// MTU is the largest datagram received or sent; longer ones are counted and
	// dropped. 0 is 65507, the most that UDP over IPv4 carries.
	MTU int
	// ShareAddress lets a group socket opened later use the same port. This
	// socket itself is still bound exclusively, so that a second gateway on the
	// same address is an error and not a thief: open it before the group.
	ShareAddress bool
}

func (c Config) withDefaults() (Config, error) {
	switch {
	case c.ReceiveBuffer < 0 || c.SendBuffer < 0:
		return c, fmt.Errorf("udp: buffer sizes %d and %d: must not be negative", c.ReceiveBuffer, c.SendBuffer)
	case c.Batch < 0 || c.Batch > maxBatch:
		return c, fmt.Errorf("udp: batch %d: must be between 1 and %d, or 0 for %d", c.Batch, maxBatch, defaultBatch)
	case c.MTU < 0 || c.MTU > maxDatagram:
		return c, fmt.Errorf("udp: MTU %d: must be between 1 and %d, or 0 for %d", c.MTU, maxDatagram, maxDatagram)
	}
	if c.Batch == 0 {
		c.Batch = defaultBatch
	}
	if c.MTU == 0 {
		c.MTU = maxDatagram
	}
	return c, nil
}

// parseAddress reads a listening address. dual is true when it asks for IPv6
// and IPv4 on one socket.
func parseAddress(s string) (addr netip.AddrPort, dual bool, err error) {
	if port, ok := strings.CutPrefix(s, ":"); ok {
		s = "[::]:" + port
	}
	addr, err = netip.ParseAddrPort(s)
	if err != nil {
		// A name, such as localhost:1883.
		named, resolveErr := net.ResolveUDPAddr("udp", s)
		if resolveErr != nil {
			return addr, false, fmt.Errorf("udp: address %q: want host:port, [IPv6]:port or :port: %w", s, resolveErr)
		}
		addr = named.AddrPort()
	}
	addr = netip.AddrPortFrom(addr.Addr().Unmap(), addr.Port())
	if addr.Addr().IsMulticast() {
		return addr, false, fmt.Errorf("udp: address %s is a multicast group: give it to the discovery group, and the service an address of this machine", addr)
	}
	return addr, addr.Addr().Is6() && addr.Addr().IsUnspecified(), nil
}

// scopeOf is the scope id of an address' zone, 0 without one.
func scopeOf(ip netip.Addr) (uint32, error) {
	if ip.Zone() == "" {
		return 0, nil
	}
	ifi, err := net.InterfaceByName(ip.Zone())
	if err != nil {
		return 0, fmt.Errorf("no such interface: %s: %w", ip.Zone(), err)
	}
	return uint32(ifi.Index), nil
}
