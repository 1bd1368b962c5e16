package udp

import (
	"errors"
	"net/netip"

	"golang.org/x/sys/unix"
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
	fd, err := openSocket(addr.Addr().Is6())
	if dual && errors.Is(err, unix.EAFNOSUPPORT) {
		// A kernel without IPv6: what is left of both is IPv4.
		addr, dual = netip.AddrPortFrom(netip.IPv4Unspecified(), addr.Port()), false
		fd, err = openSocket(false)
	}
	if err != nil {
		return nil, explain(addr, err)
	}
	bound, err := setUp(fd, cfg, addr, dual)
	if err != nil {
		unix.Close(fd)
		return nil, explain(addr, err)
	}
	l := &Link{
		name:  "udp " + bound.String(),
		addr:  bound,
		is6:   bound.Addr().Is6(),
		batch: cfg.Batch,
		mtu:   cfg.MTU,
	}
	if bound.Addr().IsUnspecified() {
		l.paths = new(paths)
	}
	return newLink(fd, l)
}

func setUp(fd int, cfg Config, addr netip.AddrPort, dual bool) (netip.AddrPort, error) {
	is6 := addr.Addr().Is6()
	// GWINFO may be broadcast, and comes from the service socket.
	opts := []option{{unix.SOL_SOCKET, unix.SO_BROADCAST, 1, "SO_BROADCAST", false}}
	if is6 {
		only := 1
		if dual {
			only = 0
		}
		opts = append(opts, option{unix.IPPROTO_IPV6, unix.IPV6_V6ONLY, only, "IPV6_V6ONLY", false})
	}
	opts = append(opts, ownGroupsOnly(is6)...)
	if addr.Addr().IsUnspecified() {
		opts = append(opts, pathOptions(is6)...)
	}
	if err := setOptions(fd, opts); err != nil {
		return addr, err
	}
	if err := setBuffers(fd, cfg.ReceiveBuffer, cfg.SendBuffer); err != nil {
		return addr, err
	}
	scope, err := scopeOf(addr.Addr())
	if err != nil {
		return addr, err
	}
	if err := bind(fd, is6, addr, scope); err != nil {
		return addr, err
	}
	if cfg.ShareAddress {
		// After bind: two UDP sockets that were both bound with SO_REUSEADDR
		// may have the same address, and the later one silently gets
		// everything. Set afterwards it only lets group sockets in.
		if err := setOptions(fd, []option{{unix.SOL_SOCKET, unix.SO_REUSEADDR, 1, "SO_REUSEADDR", false}}); err != nil {
			return addr, err
		}
	}
	port, err := boundPort(fd)
	return netip.AddrPortFrom(addr.Addr(), port), err
}
