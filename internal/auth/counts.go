package auth

import (
	"sync/atomic"
	"time"
)

// counts are the refusals since the start.
type counts [len(reasonNames)]atomic.Uint64

// Refusals tells how often clients were refused, by Reason.
func (a *Auth) Refusals() map[Reason]uint64 {
	out := make(map[Reason]uint64, len(reasonNames)-1)
	for r := ReasonNone + 1; int(r) < len(reasonNames); r++ {
		out[r] = 0
		if a != nil {
			out[r] = a.counts[r].Load()
		}
	}
	return out
}

// Denials are what clients wanted and may not, since the start.
type Denials struct {
	Publish   uint64 // messages and wills
	Subscribe uint64
	Receive   uint64 // deliveries
}

type denials struct{ publish, subscribe, receive atomic.Uint64 }

// Denials tells how often the ACL said no.
func (a *Auth) Denials() Denials {
	if a == nil {
		return Denials{}
	}
	return Denials{a.denied.publish.Load(), a.denied.subscribe.Load(), a.denied.receive.Load()}
}

// orDenied counts a no.
func orDenied(allowed bool, denied *atomic.Uint64) bool {
	if !allowed {
		denied.Add(1)
	}
	return allowed
}

// Bans tells how many bans are in force.
func (a *Auth) Bans(now time.Time) int {
	if a == nil || a.guard == nil {
		return 0
	}
	return len(a.guard.Bans(now))
}

// counted counts a refusal.
func (a *Auth) counted(d Decision) Decision {
	if !d.Allowed && int(d.Reason) < len(reasonNames) {
		a.counts[d.Reason].Add(1)
	}
	return d
}
