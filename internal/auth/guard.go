package auth

import (
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"
)

// GuardConfig bounds what a peer may try. Of the counts 0 means the default
// and a negative one switches the rule off.
type GuardConfig struct {
	// Failures of one ClientID from one address within Window, 0 for 5. The
	// pair is banned, so that one device with an old password does not shut
	// out the site that shares its address, and a stranger's failures do not
	// shut out the ClientID's owner.
	Failures int
	// AddressFailures within Window, whatever the ClientID, 0 for 50. The
	// address is banned; of IPv6 its /64, which is what one customer gets.
	AddressFailures int
	// Connects of a ClientID within Window, proved ones, 0 for 120. A client
	// that flaps, or two that fight over a ClientID, are banned together.
	Connects int

	Window time.Duration // 0 for a minute
	Ban    time.Duration // 0 for five minutes

	// Entries bounds the counters, and the bans apart from them, 0 for 16384;
	// 100 bytes each. What was touched longest ago is forgotten.
	Entries int

	// Exempt addresses are not banned: a proxy whose clients share its own.
	Exempt []netip.Prefix
}

// Guard counts failures and reconnects and bans for a while. A nil Guard bans
// nobody. Time is passed in.
type Guard struct {
	config GuardConfig

	mu     sync.Mutex
	counts *lru[guardKey, window]
	bans   *lru[guardKey, time.Time]
}

// guardKey is an address, a ClientID, or one from the other.
type guardKey struct {
	address  netip.Addr
	clientID string
	flapping bool // clientID stands for its reconnects
}

// window counts what happened since start.
type window struct {
	start time.Time
	count int
}

// Ban is one entry of Guard.Bans.
type Ban struct {
	Address  netip.Addr // zero for any; of IPv6 the /64's first
	ClientID string     // "" for any
	Until    time.Time
}

func NewGuard(c GuardConfig) *Guard {
	c.Failures = or(c.Failures, 5)
	c.AddressFailures = or(c.AddressFailures, 50)
	c.Connects = or(c.Connects, 120)
	c.Window = or(c.Window, time.Minute)
	c.Ban = or(c.Ban, 5*time.Minute)
	if c.Entries <= 0 {
		c.Entries = 16384
	}
	return &Guard{
		config: c,
		counts: newLRU[guardKey, window](c.Entries),
		bans:   newLRU[guardKey, time.Time](c.Entries),
	}
}

func or[T ~int | ~int64](v, zero T) T {
	if v == 0 {
		return zero
	}
	return v
}

// Banned reports whether a client is banned now, and until when.
func (g *Guard) Banned(now time.Time, from netip.Addr, clientID string) (until time.Time, banned bool) {
	if g == nil {
		return time.Time{}, false
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	from, clientID = g.normalise(from, clientID)
	for _, k := range [...]guardKey{
		{address: from},
		{address: from, clientID: clientID},
		{clientID: clientID, flapping: true},
	} {
		if t := g.bans.peek(k); t != nil && now.Before(*t) {
			return *t, true
		}
	}
	return time.Time{}, false
}

// Failed counts a login with wrong credentials.
func (g *Guard) Failed(now time.Time, from netip.Addr, clientID string) {
	if g == nil {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	from, clientID = g.normalise(from, clientID)
	if !from.IsValid() {
		return // it would count against whoever else has no address
	}
	if clientID != "" {
		g.count(now, guardKey{address: from, clientID: clientID}, g.config.Failures)
	}
	g.count(now, guardKey{address: from}, g.config.AddressFailures)
}

// Connected counts a connection that was proved and is about to be accepted.
// If it is one too many it is banned instead.
func (g *Guard) Connected(now time.Time, from netip.Addr, clientID string) (until time.Time, banned bool) {
	if g == nil || clientID == "" {
		return time.Time{}, false
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	_, clientID = g.normalise(from, clientID)
	return g.count(now, guardKey{clientID: clientID, flapping: true}, g.config.Connects)
}

// count bans k when it happened more than limit times within a window.
func (g *Guard) count(now time.Time, k guardKey, limit int) (until time.Time, banned bool) {
	if limit < 0 {
		return time.Time{}, false
	}
	k.clientID = strings.Clone(k.clientID) // it may be part of a packet
	w := g.counts.touch(k)
	// Before start: the clock was set back, and the window is worth nothing.
	if w.count == 0 || now.Sub(w.start) >= g.config.Window || now.Before(w.start) {
		*w = window{start: now}
	}
	w.count++
	if w.count <= limit {
		return time.Time{}, false
	}
	*w = window{}
	until = now.Add(g.config.Ban)
	*g.bans.touch(k) = until
	return until, true
}

// Bans lists who is banned now.
func (g *Guard) Bans(now time.Time) []Ban {
	if g == nil {
		return nil
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	var list []Ban
	for k, i := range g.bans.index {
		if until := g.bans.nodes[i].value; now.Before(until) {
			list = append(list, Ban{Address: k.address, ClientID: k.clientID, Until: until})
		}
	}
	slices.SortFunc(list, func(a, b Ban) int {
		if c := a.Address.Compare(b.Address); c != 0 {
			return c
		}
		return strings.Compare(a.ClientID, b.ClientID)
	})
	return list
}

// Unban lifts a ban as Bans lists it, and reports whether there was one.
func (g *Guard) Unban(now time.Time, b Ban) bool {
	if g == nil {
		return false
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	lifted := false
	for _, flapping := range [...]bool{false, true} {
		t := g.bans.peek(guardKey{address: b.Address, clientID: b.ClientID, flapping: flapping})
		if t != nil && now.Before(*t) {
			*t, lifted = time.Time{}, true
		}
	}
	return lifted
}

// maxGuardID is how much of a ClientID is told apart. Longer ones that begin
// alike share a fate, and the tables stay bounded in bytes.
const maxGuardID = 64

func (g *Guard) normalise(from netip.Addr, clientID string) (netip.Addr, string) {
	if len(clientID) > maxGuardID {
		clientID = clientID[:maxGuardID]
	}
	from = from.Unmap().WithZone("")
	for _, p := range g.config.Exempt {
		if p.Contains(from) {
			return netip.Addr{}, clientID
		}
	}
	if from.Is6() {
		if p, err := from.Prefix(64); err == nil {
			from = p.Addr()
		}
	}
	return from, clientID
}
