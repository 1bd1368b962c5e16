package udp

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
)

// GroupConfig says how to open a socket that hears a multicast group or
// broadcasts, for discovery.
type GroupConfig struct {
	// Group is where to listen and where Send to GroupAddr goes:
	// "225.1.1.1:1883", "[ff03::2%wpan0]:10000", "[ff1e:feed:caca:dead::1]:1883",
	// "255.255.255.255:1883". A zone is short for one interface.
	Group string
	// Interfaces by name. Empty takes every interface that is up, has an
	// address of the family and can multicast (broadcast, for a broadcast
	// address); over IPv4 that includes loopback. A group of link-local scope,
	// ff02::, needs exactly one: the kernel ties such a socket to its link.
	Interfaces []string
	// Hops is the TTL or hop limit of what is sent to the group. 0 is 1 for
	// IPv4 and 8 for IPv6, where a realm-local group spans a mesh.
	Hops int
	// Loopback lets programs on this machine hear what is sent to the group.
	Loopback bool
}

// group is a GroupConfig that has been understood.
type group struct {
	addr       netip.AddrPort // without zone
	interfaces []string
	auto       bool // every fitting interface
	hops       int
	loopback   bool
}

func (c GroupConfig) parse() (group, error) {
	addr, err := netip.ParseAddrPort(c.Group)
	if err != nil {
		return group{}, fmt.Errorf("udp: group %q: want address:port, for example 225.1.1.1:1883 or [ff03::2]:10000: %w", c.Group, err)
	}
	ip := addr.Addr().Unmap()
	g := group{hops: c.Hops, loopback: c.Loopback, interfaces: slices.Clone(c.Interfaces)}
	if zone := ip.Zone(); zone != "" {
		if len(g.interfaces) > 0 && !slices.Equal(g.interfaces, []string{zone}) {
			return group{}, fmt.Errorf("udp: group %s names interface %s, but the interfaces are %s: use one or the other", c.Group, zone, strings.Join(g.interfaces, ", "))
		}
		g.interfaces = []string{zone}
		ip = ip.WithZone("")
	}
	g.addr = netip.AddrPortFrom(ip, addr.Port())
	g.auto = len(g.interfaces) == 0
	switch {
	case !ip.IsMulticast() && !isBroadcast(ip):
		return group{}, fmt.Errorf("udp: group %s is neither a multicast group (224.0.0.0 to 239.255.255.255, ff00::/8) nor a broadcast address of this machine: listen on it as a service address instead", c.Group)
	case needsScope(ip) && len(g.interfaces) != 1:
		return group{}, fmt.Errorf("udp: group %s is link-local: name its one interface, as in [%s%%eth0]:%d, and open one group for each further link", c.Group, ip, addr.Port())
	case g.hops < 0 || g.hops > 255:
		return group{}, fmt.Errorf("udp: group %s: hops %d: must be between 1 and 255, or 0 for the default", c.Group, g.hops)
	case g.hops == 0 && ip.Is4():
		g.hops = 1
	case g.hops == 0:
		g.hops = 8
	}
	return g, nil
}

// needsScope: multicast of interface-local or link-local scope means nothing
// without its interface, and the kernel refuses to bind it.
func needsScope(ip netip.Addr) bool {
	return ip.IsLinkLocalMulticast() && ip.Is6() || ip.IsInterfaceLocalMulticast()
}

// isBroadcast is true for 255.255.255.255 and for the directed broadcast
// addresses of this machine's networks.
func isBroadcast(ip netip.Addr) bool {
	if !ip.Is4() {
		return false
	}
	if ip == netip.AddrFrom4([4]byte{255, 255, 255, 255}) {
		return true
	}
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		return false
	}
	for _, a := range addrs {
		n, ok := a.(*net.IPNet)
		if !ok || n.IP.To4() == nil || len(n.Mask) != net.IPv4len {
			continue
		}
		var last [4]byte
		for i := range last {
			last[i] = n.IP.To4()[i] | ^n.Mask[i]
		}
		// A network of one or two addresses has no broadcast address.
		if ones, _ := n.Mask.Size(); ones < 31 && netip.AddrFrom4(last) == ip {
			return true
		}
	}
	return false
}

// pick returns the interfaces to use now. With names given, those that exist
// are returned together with an error that lists the others.
func (g group) pick() ([]net.Interface, error) {
	all, err := net.Interfaces()
	if err != nil {
		return nil, fmt.Errorf("udp: group %s: list of interfaces: %w", g.addr, err)
	}
	if g.auto {
		return slices.DeleteFunc(all, func(i net.Interface) bool { return !g.fits(i) }), nil
	}
	var found []net.Interface
	var missing, known []string
	for _, i := range all {
		known = append(known, i.Name)
	}
	for _, name := range g.interfaces {
		if n := slices.Index(known, name); n >= 0 {
			found = append(found, all[n])
		} else {
			missing = append(missing, name)
		}
	}
	if len(missing) > 0 {
		return found, fmt.Errorf("udp: group %s: no such interface: %s (there are: %s)", g.addr, strings.Join(missing, ", "), strings.Join(known, ", "))
	}
	return found, nil
}

func (g group) fits(i net.Interface) bool {
	able := net.FlagMulticast
	if !g.addr.Addr().IsMulticast() {
		able = net.FlagBroadcast
	}
	if g.addr.Addr().Is4() {
		// Loopback does not call itself able, and over IPv4 is. Over IPv6 it
		// has no route for groups, unless the administrator adds one and says so.
		able |= net.FlagLoopback
	}
	if i.Flags&net.FlagUp == 0 || i.Flags&able == 0 {
		return false
	}
	addrs, err := i.Addrs()
	if err != nil {
		return false
	}
	return slices.ContainsFunc(addrs, func(a net.Addr) bool {
		n, ok := a.(*net.IPNet)
		return ok && (n.IP.To4() != nil) == g.addr.Addr().Is4()
	})
}
