package udp

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
)

// membership is on which interfaces a group link hears its group.
type membership struct {
	group                            // immutable
	mu      sync.Mutex               // held by Rejoin, for one at a time
	members atomic.Pointer[[]uint32] // interface indexes; replaced, never changed
}

func (m *membership) list() []uint32 {
	if l := m.members.Load(); l != nil {
		return *l
	}
	return nil
}

func (m *membership) has(ifindex uint32) bool { return slices.Contains(m.list(), ifindex) }

// GroupAddr is where Send reaches the group; zero for a service socket.
func (l *Link) GroupAddr() netip.AddrPort {
	if l.group == nil {
		return netip.AddrPort{}
	}
	return l.group.addr
}

// GroupAddrs is where another socket reaches the group: over IPv6 once for each
// interface that it is joined on, which the zone names; over IPv4 by whatever
// way the kernel routes it.
func (l *Link) GroupAddrs() []netip.AddrPort {
	g := l.GroupAddr()
	if !g.Addr().Is6() || g.Addr().Zone() != "" {
		return []netip.AddrPort{g}
	}
	var out []netip.AddrPort
	for _, index := range l.group.list() {
		out = append(out, netip.AddrPortFrom(g.Addr().WithZone(l.zones.name(index)), g.Port()))
	}
	return out
}

// Rejoin joins the group on interfaces that have appeared, or got an address,
// since the last call, and forgets those that have gone. It is harmless to
// repeat, and does nothing on a service socket. After an error the link works
// on the interfaces that could be joined.
func (l *Link) Rejoin() error {
	m := l.group
	if m == nil {
		return nil
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	interfaces, err := m.pick()
	errs := []error{err}
	var joined []uint32
	controlErr := l.raw.Control(func(fd uintptr) {
		for _, i := range interfaces {
			if err := join(int(fd), m.addr.Addr(), i.Index); err != nil {
				errs = append(errs, fmt.Errorf("udp: group %s: join on %s: %w", m.addr, i.Name, err))
				continue
			}
			joined = append(joined, uint32(i.Index))
		}
	})
	if controlErr != nil {
		return fmt.Errorf("udp: group %s: %w", m.addr, controlErr)
	}
	m.members.Store(&joined)
	switch {
	case len(joined) == 0 && len(interfaces) == 0 && err == nil:
		return fmt.Errorf("udp: group %s: no interface is up and fit for it: name one in Interfaces, or bring one up", m.addr)
	case m.auto && len(joined) > 0:
		// Nobody asked for the ones that refuse.
		return nil
	}
	return errors.Join(errs...)
}
