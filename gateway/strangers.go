package gateway

import (
	"hash/maphash"
	"time"
)

// strangers limits what is sent to addresses that are nobody's: a DISCONNECT
// that makes a device connect anew (SN §6.12), at most one a second for an
// address, and so many a second in all. Its memory does not grow with the
// number of addresses.
type strangers struct {
	seed   maphash.Seed
	last   []instant // by hash of the address
	credit float64
	filled instant
}

const (
	strangerSlots    = 4096
	strangerInterval = instant(time.Second)
	strangerRate     = 1000.0 // a second, in all
)

func (r *strangers) init() {
	r.seed = maphash.MakeSeed()
	r.last = make([]instant, strangerSlots)
	r.credit = strangerRate
}

func (r *strangers) allow(p peer, now instant) bool {
	slot := &r.last[maphash.Comparable(r.seed, p)%strangerSlots]
	if *slot != 0 && now-*slot < strangerInterval {
		return false
	}
	r.credit = min(strangerRate, r.credit+float64(now-r.filled)*strangerRate/float64(time.Second))
	r.filled = now
	if r.credit < 1 {
		return false
	}
	r.credit--
	*slot = now
	return true
}

// refuse tells a stranger to connect.
func (g *Gateway) refuse(p peer, local uint16) {
	g.stats.Refused++
	if !g.guard.allow(p, g.now) {
		g.stats.Hushed++
		return
	}
	g.send(p, local, &g.tx.disconnect)
}
