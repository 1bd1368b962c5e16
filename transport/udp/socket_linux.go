package udp

import (
	"net/netip"
	"os"

	"golang.org/x/sys/unix"
)

// The sockets are made by hand: package net binds a group's socket to the
// wildcard address, where it would take the service's datagrams.

func openSocket(is6 bool) (int, error) {
	family := unix.AF_INET
	if is6 {
		family = unix.AF_INET6
	}
	fd, err := unix.Socket(family, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, unix.IPPROTO_UDP)
	return fd, os.NewSyscallError("socket", err)
}

// option is one setsockopt. The optional ones are younger than the oldest
// kernels that gateways run on.
type option struct {
	level, name, value int
	what               string
	optional           bool
}

func setOptions(fd int, opts []option) error {
	for _, o := range opts {
		if err := unix.SetsockoptInt(fd, o.level, o.name, o.value); err != nil && !o.optional {
			return os.NewSyscallError("setsockopt "+o.what, err)
		}
	}
	return nil
}

// pathOptions make the kernel say to which address and by which interface a
// datagram came. A dual-stack socket needs both: IPv6's says ::ffff:255.255.255.255
// for a broadcast, IPv4's also says from where to answer it.
func pathOptions(is6 bool) []option {
	opts := []option{{unix.IPPROTO_IP, unix.IP_PKTINFO, 1, "IP_PKTINFO", is6}}
	if is6 {
		opts = append(opts, option{unix.IPPROTO_IPV6, unix.IPV6_RECVPKTINFO, 1, "IPV6_RECVPKTINFO", false})
	}
	return opts
}

// ownGroupsOnly: without it a socket hears every group that any program on the
// machine has joined.
func ownGroupsOnly(is6 bool) []option {
	opts := []option{{unix.IPPROTO_IP, unix.IP_MULTICAST_ALL, 0, "IP_MULTICAST_ALL", true}}
	if is6 {
		opts = append(opts, option{unix.IPPROTO_IPV6, unix.IPV6_MULTICAST_ALL, 0, "IPV6_MULTICAST_ALL", true})
	}
	return opts
}

func bind(fd int, is6 bool, addr netip.AddrPort, scope uint32) error {
	var sa unix.Sockaddr
	if is6 {
		sa = &unix.SockaddrInet6{Port: int(addr.Port()), Addr: addr.Addr().As16(), ZoneId: scope}
	} else {
		sa = &unix.SockaddrInet4{Port: int(addr.Port()), Addr: addr.Addr().As4()}
	}
	return os.NewSyscallError("bind", unix.Bind(fd, sa))
}

// boundPort is the port that the kernel gave for port 0.
func boundPort(fd int) (uint16, error) {
	sa, err := unix.Getsockname(fd)
	switch sa := sa.(type) {
	case *unix.SockaddrInet4:
		return uint16(sa.Port), nil
	case *unix.SockaddrInet6:
		return uint16(sa.Port), nil
	}
	return 0, os.NewSyscallError("getsockname", err)
}

// setBuffers asks for the kernel's buffers. FORCE goes past the administrator's
// limit and needs CAP_NET_ADMIN; without it the kernel grants what the limit
// allows, which is no error.
func setBuffers(fd, receive, send int) error {
	for _, b := range []struct {
		size, force, plain int
		what               string
	}{
		{receive, unix.SO_RCVBUFFORCE, unix.SO_RCVBUF, "SO_RCVBUF"},
		{send, unix.SO_SNDBUFFORCE, unix.SO_SNDBUF, "SO_SNDBUF"},
	} {
		if b.size == 0 {
			b.size = defaultBuffer
		}
		if unix.SetsockoptInt(fd, unix.SOL_SOCKET, b.force, b.size) == nil {
			continue
		}
		if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, b.plain, b.size); err != nil {
			return os.NewSyscallError("setsockopt "+b.what, err)
		}
	}
	return nil
}
