package dtls

import (
	"hash/maphash"
	"net/netip"
	"time"

	"snbroker/transport"
)

// rates limits what each network may begin. Its memory does not grow with their
// number: networks whose hash is the same share a slot.
type rates struct {
	seed  maphash.Seed
	rate  float64 // a second, and the most that is saved up
	began time.Time
	slots []allowance
}

// allowance has no pointer: the collector need not look through the slots.
type allowance struct {
	spent float64       // of rate; less as time passes
	at    time.Duration // since began
}

const rateSlots = 4096

func newRates(perSecond int) *rates {
	return &rates{maphash.MakeSeed(), float64(perSecond), time.Now(), make([]allowance, rateSlots)}
}

func (r *rates) allow(from transport.Addr, now time.Time) bool {
	if r.rate == 0 {
		return true
	}
	a := &r.slots[maphash.Comparable(r.seed, network(from))%rateSlots]
	at := now.Sub(r.began)
	a.spent = max(0, a.spent-(at-a.at).Seconds()*r.rate)
	a.at = at
	if a.spent+1 > r.rate {
		return false
	}
	a.spent++
	return true
}

// network is what usually belongs to one customer, or one attacker: a /24 of
// IPv4, a /56 of IPv6. A peer without an IP address stands for itself.
func network(a transport.Addr) transport.Addr {
	if !a.IP.IsValid() {
		return a
	}
	ip, bits := a.IP.Addr().WithZone(""), 56
	if ip.Is4() {
		bits = 24
	}
	p, _ := ip.Prefix(bits) // fails for lengths that no address has
	return transport.Addr{IP: netip.AddrPortFrom(p.Addr(), 0)}
}
