package udp

import (
	"net/netip"
	"time"

	"snbroker/transport"
)

// Send copies b into the outgoing batch. To a group's own address, with local
// 0, it goes out by every interface on which the group is joined. to.Node is
// no concern of UDP.
func (l *Link) Send(to transport.Addr, local uint16, b []byte) {
	dest := netip.AddrPortFrom(to.IP.Addr().Unmap(), to.IP.Port())
	if len(b) > l.mtu || !dest.IsValid() || dest.Addr().Is6() && !l.is6 {
		l.counters.SendErrors.Add(1)
		return
	}
	var scope uint32
	if zone := dest.Addr().Zone(); zone != "" {
		var ok bool
		if scope, ok = l.zones.index(zone); !ok {
			l.counters.SendErrors.Add(1)
			return
		}
	}
	if l.group != nil && local == 0 && dest == l.group.addr {
		members := l.group.list()
		if len(members) == 0 {
			l.counters.SendErrors.Add(1)
		}
		for _, index := range members {
			l.gather(dest, scope, path{ifindex: index}, b)
		}
		return
	}
	var via path
	if l.paths != nil {
		via = l.paths.get(local)
	}
	l.gather(dest, scope, via, b)
}

func (l *Link) gather(to netip.AddrPort, scope uint32, via path, b []byte) {
	if !l.out.fits(len(b)) {
		l.Flush()
	}
	l.out.add(to, scope, via, b)
}

// Flush sends the outgoing batch. If the kernel has no room it waits for at
// most patience, and then drops the rest: all datagrams of a socket share its
// buffer.
func (l *Link) Flush() {
	o := l.out
	if o.n == 0 {
		return
	}
	err := l.raw.Control(o.write)
	if err == nil && o.full {
		for end := time.Now().Add(patience); err == nil && o.full && time.Now().Before(end); {
			err = l.raw.Control(o.retry)
		}
	}
	failed, rest := o.next-o.sent, o.n-o.next
	if rest > 0 {
		if err == nil {
			l.counters.SendDrops.Add(uint64(rest))
		} else {
			failed += rest
		}
	}
	if failed > 0 {
		l.counters.SendErrors.Add(uint64(failed))
		if o.bad != 0 {
			l.zones.forget(o.bad) // perhaps the interface came back with another index
		}
	}
	l.counters.DatagramsOut.Add(uint64(o.sent))
	l.counters.BytesOut.Add(uint64(o.bytes))
	o.reset()
}
