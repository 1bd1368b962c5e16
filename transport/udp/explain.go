package udp

import (
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"runtime"
	"syscall"
)

// explain says what to do about an address that cannot be had, and keeps the
// cause. Ports are named with their protocol: that UDP port 1883 is taken has
// nothing to do with MQTT's TCP port 1883.
func explain(addr netip.AddrPort, err error) error {
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return fmt.Errorf("udp: %s: UDP port %d is in use by another socket%s: stop that program or choose another address: %w", addr, addr.Port(), whoHas(addr), err)
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return fmt.Errorf("udp: %s: no interface of this machine has the address %s: choose one that it has, or a wildcard address: %w", addr, addr.Addr(), err)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("udp: %s: not allowed; a UDP port below 1024 needs root or CAP_NET_BIND_SERVICE: %w", addr, err)
	case errors.Is(err, syscall.EAFNOSUPPORT):
		return fmt.Errorf("udp: %s: this machine has no support for the address family of %s: %w", addr, addr.Addr(), err)
	}
	return fmt.Errorf("udp: %s: %w", addr, err)
}

func explainGroup(addr netip.AddrPort, err error) error {
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("udp: group %s: UDP port %d is in use by a socket that does not share it%s: if that is the service on a wildcard address, open it with ShareAddress; else stop that program or choose another port: %w", addr, addr.Port(), whoHas(addr), err)
	}
	return fmt.Errorf("group: %w", explain(addr, err))
}

func whoHas(addr netip.AddrPort) string {
	if runtime.GOOS != "linux" {
		return ""
	}
	return fmt.Sprintf(" (ss -lunp 'sport = :%d' shows which)", addr.Port())
}
