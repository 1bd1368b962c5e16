package config

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
)

// Addresses is one address, or a list of them: a socket each, with the same
// rules.
type Addresses []string

func (a *Addresses) set(v any) error {
	if one, ok := v.(string); ok {
		*a = Addresses{one}
		return nil
	}
	list, ok := textList(v)
	if !ok || len(list) == 0 {
		return errors.New(`want "host:port", or a list of them`)
	}
	*a = list
	return nil
}

// local tells whether only this machine can reach all of the addresses.
func (a Addresses) local() bool {
	for _, s := range a {
		if h, err := parseAddress(s); err != nil || !h.loopback() {
			return false
		}
	}
	return len(a) > 0
}

// Spare tells whether the program runs as well without an address: [::1] beside
// 127.0.0.1, on machines without IPv6.
func (a Addresses) Spare(address string) bool {
	h, err := parseAddress(address)
	if err != nil || h.ip != netip.IPv6Loopback() {
		return false
	}
	for _, s := range a {
		if o, err := parseAddress(s); err == nil && o.ip == netip.AddrFrom4([4]byte{127, 0, 0, 1}) && o.port == h.port {
			return true
		}
	}
	return false
}

// hostPort is an address to listen on.
type hostPort struct {
	ip   netip.Addr // invalid if it is a name
	name string
	port uint16
}

func (h hostPort) loopback() bool { return h.ip.IsLoopback() || h.name == "localhost" }

// covers tells whether nobody else can have o while somebody has h. [::] takes
// IPv4 in, too.
func (h hostPort) covers(o hostPort) bool {
	if h.port != o.port || h.port == 0 {
		return false
	}
	switch {
	case h.name != "" || o.name != "":
		return h.name == o.name
	case h.ip == o.ip, h.ip == netip.IPv6Unspecified():
		return true
	}
	return h.ip == netip.IPv4Unspecified() && o.ip.Is4()
}

var errAddress = errors.New(`want host:port, such as "127.0.0.1:1883", "[::1]:1883" or ":1883"`)

func parseAddress(s string) (hostPort, error) {
	host, port, err := net.SplitHostPort(s)
	if err != nil {
		if ip, err := netip.ParseAddr(s); err == nil && ip.Is6() {
			return hostPort{}, fmt.Errorf(`an IPv6 address goes in brackets, and a port follows: "[%s]:1883"`, guessHost(s))
		}
		return hostPort{}, errAddress
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return hostPort{}, errors.New("want a port from 1 to 65535")
	}
	h := hostPort{port: uint16(n)}
	if host == "" {
		h.ip = netip.IPv6Unspecified()
		return h, nil
	}
	if ip, err := netip.ParseAddr(host); err == nil {
		h.ip = ip.Unmap()
		return h, nil
	}
	if !validName(host) {
		return hostPort{}, errAddress
	}
	h.name = strings.ToLower(host)
	return h, nil
}

// guessHost takes the port off an IPv6 address without brackets, ::1:1883.
func guessHost(s string) string {
	if i := strings.LastIndexByte(s, ':'); len(s)-i > 4 && i > 0 {
		if _, err := netip.ParseAddr(s[:i]); err == nil {
			return s[:i]
		}
	}
	return s
}

// validName knows host names from mistakes. A name of digits and dots is a
// mistaken IPv4 address.
func validName(s string) bool {
	letters := false
	for _, r := range s {
		switch {
		case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', r == '_':
			letters = true
		case '0' <= r && r <= '9', r == '.', r == '-':
		default:
			return false
		}
	}
	return letters
}

func parseGroup(s string) (netip.AddrPort, error) {
	a, err := netip.ParseAddrPort(s)
	if err != nil || a.Port() == 0 {
		return a, errors.New(`want address:port, such as "225.1.1.1:1883" or "[ff03::2]:10000"`)
	}
	a = netip.AddrPortFrom(a.Addr().Unmap(), a.Port())
	if ip := a.Addr(); !ip.IsMulticast() && (ip.Is6() || ip.IsUnspecified() || ip.IsLoopback()) {
		return a, errors.New("is neither a multicast group (224.0.0.0 to 239.255.255.255, ff00::/8) nor a broadcast address; an address of this machine goes into address")
	}
	return a, nil
}

// needsInterface tells whether a group means something else on every interface,
// and does not say which one is meant.
func needsInterface(group netip.Addr) bool {
	return group.Is6() && group.Zone() == "" && (group.IsLinkLocalMulticast() || group.IsInterfaceLocalMulticast())
}
