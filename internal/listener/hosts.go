package listener

import (
	"net"
	"net/netip"
	"sync"
	"time"
)

// hosts bounds what one address may do. The Listener's mutex guards it.
type hosts struct {
	most  int           // connections at a time; 0: any number
	every time.Duration // a connection is paid off after so long; 0: at once
	pace  bool          // messages are bounded too, so that each address is to be known
	by    map[netip.Addr]*host
	swept time.Time
}

// host is an address that has connections, or had some in the last second.
type host struct {
	key   netip.Addr
	conns int
	paid  time.Time // when all of its connections are paid off

	pace sync.Mutex // its connections publish at the same time
	rate rate
}

// pause is how long one of the address's connections is to wait after so many
// messages.
func (one *host) pause(messages, perSecond int) time.Duration {
	if one == nil || messages == 0 || perSecond == 0 {
		return 0
	}
	one.pace.Lock()
	defer one.pace.Unlock()
	return one.rate.pause(messages, perSecond)
}

// burst is how far ahead of its rate an address may run. So much later it is as
// good as new, and needs no remembering.
const burst = time.Second

// maxHosts bounds those remembered for their rate alone: the addresses of one
// second. Further ones are let in, and are bounded by max_connections.
const maxHosts = 1 << 16

// bound sets what an address may do from now on: connections, new ones and
// messages in a second; 0: any number. Connections that nothing counted when they
// came are not counted later.
func (h *hosts) bound(most, rate, messageRate int) {
	h.most, h.every, h.pace = most, 0, messageRate > 0
	if rate > 0 {
		h.every = time.Second / time.Duration(rate)
	}
	for key, one := range h.by {
		if one.conns == 0 {
			delete(h.by, key) // it was remembered for a rate that is gone
		}
	}
}

// hostOf is the address that a connection is counted by: of IPv6 the network,
// since one machine has all of its addresses. Invalid for Unix sockets.
func hostOf(a net.Addr) netip.Addr {
	ip := ipOf(a)
	if ip.Is6() {
		network, _ := ip.Prefix(64)
		return network.Addr()
	}
	return ip
}

func ipOf(a net.Addr) netip.Addr {
	if tcp, ok := a.(*net.TCPAddr); ok {
		return tcp.AddrPort().Addr().Unmap().WithZone("")
	}
	return netip.Addr{}
}

// refusal is why an address is not let in: the setting that says so; "" if it
// is. The host is nil if nothing counts it.
func (h *hosts) enter(a net.Addr, now time.Time) (_ *host, refusal string) {
	if h.most == 0 && h.every == 0 && !h.pace {
		return nil, ""
	}
	key := hostOf(a)
	if !key.IsValid() {
		return nil, ""
	}
	h.sweep(now)
	one := h.by[key]
	if one == nil {
		if h.most == 0 && len(h.by) >= maxHosts {
			return nil, ""
		}
		one = &host{key: key}
		h.by[key] = one
	}
	if h.most > 0 && one.conns >= h.most {
		return nil, "max_connections_per_address"
	}
	if h.every > 0 {
		paid := one.paid
		if paid.Before(now) {
			paid = now
		}
		if paid = paid.Add(h.every); paid.Sub(now) > burst {
			return nil, "connection_rate"
		}
		one.paid = paid
	}
	one.conns++
	return one, ""
}

// leave ends what enter began.
func (h *hosts) leave(one *host, now time.Time) {
	if one == nil {
		return
	}
	if one.conns--; one.idle(now) {
		delete(h.by, one.key)
	}
}

func (one *host) idle(now time.Time) bool { return one.conns == 0 && !one.paid.After(now) }

// sweep forgets those that a rate was remembered for, once a burst.
func (h *hosts) sweep(now time.Time) {
	if h.every == 0 || now.Sub(h.swept) < burst {
		return
	}
	h.swept = now
	for key, one := range h.by {
		if one.idle(now) {
			delete(h.by, key)
		}
	}
}
