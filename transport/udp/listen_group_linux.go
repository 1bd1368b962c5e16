package udp

import (
	"fmt"
	"net"
	"net/netip"

	"golang.org/x/sys/unix"
)

// ListenGroup opens a socket that hears one group and nothing else. It is
// bound to the group's address, so that datagrams to the service's port remain
// the service's. Answers to what it hears belong on the service socket, whose
// address the client is to learn.
func ListenGroup(cfg GroupConfig) (*Link, error) {
	g, err := cfg.parse()
	if err != nil {
		return nil, err
	}
	interfaces, err := g.pick()
	if err != nil {
		return nil, err
	}
	fd, err := openSocket(g.addr.Addr().Is6())
	if err != nil {
		return nil, explainGroup(g.addr, err)
	}
	if g.addr, err = setUpGroup(fd, g, interfaces); err != nil {
		unix.Close(fd)
		return nil, explainGroup(g.addr, err)
	}
	l, err := newLink(fd, &Link{
		name:  "udp group " + g.addr.String(),
		addr:  g.addr,
		is6:   g.addr.Addr().Is6(),
		batch: defaultBatch,
		mtu:   maxDatagram,
		paths: new(paths),
		group: &membership{group: g},
	})
	if err != nil {
		return nil, err
	}
	if err := l.Rejoin(); err != nil {
		l.Close()
		return nil, err
	}
	return l, nil
}

func setUpGroup(fd int, g group, interfaces []net.Interface) (netip.AddrPort, error) {
	is6 := g.addr.Addr().Is6()
	loop := 0
	if g.loopback {
		loop = 1
	}
	opts := []option{
		{unix.SOL_SOCKET, unix.SO_REUSEADDR, 1, "SO_REUSEADDR", false},
		{unix.SOL_SOCKET, unix.SO_BROADCAST, 1, "SO_BROADCAST", false},
	}
	if is6 {
		opts = append(opts,
			option{unix.IPPROTO_IPV6, unix.IPV6_V6ONLY, 1, "IPV6_V6ONLY", false},
			option{unix.IPPROTO_IPV6, unix.IPV6_MULTICAST_HOPS, g.hops, "IPV6_MULTICAST_HOPS", false},
			option{unix.IPPROTO_IPV6, unix.IPV6_MULTICAST_LOOP, loop, "IPV6_MULTICAST_LOOP", false})
	} else {
		opts = append(opts,
			option{unix.IPPROTO_IP, unix.IP_MULTICAST_TTL, g.hops, "IP_MULTICAST_TTL", false},
			option{unix.IPPROTO_IP, unix.IP_MULTICAST_LOOP, loop, "IP_MULTICAST_LOOP", false})
	}
	opts = append(opts, ownGroupsOnly(is6)...)
	opts = append(opts, pathOptions(is6)...)
	if err := setOptions(fd, opts); err != nil {
		return g.addr, err
	}
	var scope uint32
	if needsScope(g.addr.Addr()) {
		scope = uint32(interfaces[0].Index)
	}
	if err := bind(fd, is6, g.addr, scope); err != nil {
		return g.addr, err
	}
	port, err := boundPort(fd)
	return netip.AddrPortFrom(g.addr.Addr(), port), err
}

// join makes the socket a member on an interface. Being one already is fine.
func join(fd int, ip netip.Addr, ifindex int) error {
	var err error
	switch {
	case !ip.IsMulticast():
		return nil // broadcasts come to everybody
	case ip.Is4():
		err = unix.SetsockoptIPMreqn(fd, unix.IPPROTO_IP, unix.IP_ADD_MEMBERSHIP, &unix.IPMreqn{Multiaddr: ip.As4(), Ifindex: int32(ifindex)})
	default:
		err = unix.SetsockoptIPv6Mreq(fd, unix.IPPROTO_IPV6, unix.IPV6_JOIN_GROUP, &unix.IPv6Mreq{Multiaddr: ip.As16(), Interface: uint32(ifindex)})
	}
	switch err {
	case nil, unix.EADDRINUSE:
		return nil
	case unix.ENOBUFS, unix.ENOMEM:
		return fmt.Errorf("no more groups allowed on a socket; see net.ipv4.igmp_max_memberships and net.core.optmem_max: %w", err)
	case unix.ENODEV:
		return fmt.Errorf("interface has no address of the group's family, or is gone: %w", err)
	}
	return err
}
