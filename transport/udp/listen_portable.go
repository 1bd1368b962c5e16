//go:build !linux

package udp

import (
	"net"
	"net/netip"
)

// Listen opens a service socket.
func Listen(cfg Config) (*Link, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	addr, dual, err := parseAddress(cfg.Address)
	if err != nil {
		return nil, err
	}
	if _, err := scopeOf(addr.Addr()); err != nil {
		return nil, explain(addr, err)
	}
	network := "udp4"
	switch {
	case dual:
		network = "udp"
	case addr.Addr().Is6():
		network = "udp6"
	}
	conn, err := net.ListenUDP(network, net.UDPAddrFromAddrPort(addr))
	if err != nil {
		return nil, explain(addr, err)
	}
	if cfg.ShareAddress {
		err = share(conn)
	}
	if err == nil {
		err = setBuffers(conn, cfg)
	}
	if err != nil {
		conn.Close()
		return nil, explain(addr, err)
	}
	bound := netip.AddrPortFrom(addr.Addr(), boundPort(conn))
	return newLink(conn, "udp "+bound.String(), bound, cfg), nil
}

// setBuffers asks for the kernel's buffers; the default size is a wish.
func setBuffers(conn *net.UDPConn, cfg Config) error {
	for _, b := range []struct {
		size int
		set  func(int) error
	}{{cfg.ReceiveBuffer, conn.SetReadBuffer}, {cfg.SendBuffer, conn.SetWriteBuffer}} {
		if b.size == 0 {
			_ = b.set(defaultBuffer)
			continue
		}
		if err := b.set(b.size); err != nil {
			return err
		}
	}
	return nil
}

func boundPort(conn *net.UDPConn) uint16 { return conn.LocalAddr().(*net.UDPAddr).AddrPort().Port() }

// ListenGroup opens a socket that hears one group, on one interface: the first
// that fits. Hops and Loopback are the system's defaults here.
func ListenGroup(cfg GroupConfig) (*Link, error) {
	g, err := cfg.parse()
	if err != nil {
		return nil, err
	}
	interfaces, err := g.pick()
	if err != nil {
		return nil, err
	}
	network := "udp4"
	if g.addr.Addr().Is6() {
		network = "udp6"
	}
	var conn *net.UDPConn
	if g.addr.Addr().IsMulticast() {
		var on *net.Interface // nil lets the system choose
		if len(interfaces) > 0 {
			on = &interfaces[0]
		}
		conn, err = net.ListenMulticastUDP(network, on, net.UDPAddrFromAddrPort(g.addr))
	} else {
		conn, err = net.ListenUDP(network, &net.UDPAddr{Port: int(g.addr.Port())})
	}
	if err != nil {
		return nil, explainGroup(g.addr, err)
	}
	cfgLink, _ := Config{}.withDefaults()
	g.addr = netip.AddrPortFrom(g.addr.Addr(), boundPort(conn))
	l := newLink(conn, "udp group "+g.addr.String(), g.addr, cfgLink)
	l.group = g.addr
	return l, nil
}
