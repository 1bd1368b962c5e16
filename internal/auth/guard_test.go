package auth

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"
)

var guardNow = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func addr(s string) netip.Addr { return netip.MustParseAddr(s) }

func TestGuardFailures(t *testing.T) {
	g := NewGuard(GuardConfig{Failures: 3, AddressFailures: 10})
	now := guardNow
	banned := func(a, id string) bool { _, b := g.Banned(now, addr(a), id); return b }
	for range 3 {
		g.Failed(now, addr("192.0.2.1"), "c1")
	}
	if banned("192.0.2.1", "c1") {
		t.Error("banned early")
	}
	g.Failed(now, addr("::ffff:192.0.2.1"), "c1") // the same address
	if !banned("192.0.2.1", "c1") || banned("192.0.2.1", "c2") || banned("192.0.2.2", "c1") {
		t.Error("the pair, and it alone, should be banned")
	}
	for i := range 7 {
		g.Failed(now, addr("192.0.2.1"), fmt.Sprint("x", i))
	}
	if !banned("192.0.2.1", "c2") || banned("192.0.2.2", "c1") {
		t.Error("the address should be banned")
	}
	list := g.Bans(now)
	if len(list) != 2 || list[0].ClientID != "" || list[1].ClientID != "c1" || list[0].Until != now.Add(5*time.Minute) {
		t.Errorf("bans: %+v", list)
	}
	if !g.Unban(now, list[0]) || g.Unban(now, list[0]) || banned("192.0.2.1", "c2") || !banned("192.0.2.1", "c1") {
		t.Error("unban")
	}
	now = now.Add(5 * time.Minute)
	if banned("192.0.2.1", "c1") || len(g.Bans(now)) != 0 {
		t.Error("the ban does not end")
	}
	// Spread over time they are no attack.
	for range 20 {
		now = now.Add(25 * time.Second)
		g.Failed(now, addr("192.0.2.9"), "slow")
	}
	if banned("192.0.2.9", "slow") {
		t.Error("failures of different windows add up")
	}
}

func TestGuardIPv6(t *testing.T) {
	g := NewGuard(GuardConfig{AddressFailures: 2})
	for i := range 3 {
		g.Failed(guardNow, addr(fmt.Sprintf("2001:db8:0:1::%x", i+1)), "")
	}
	if _, b := g.Banned(guardNow, addr("2001:db8:0:1:ffff::1"), "c"); !b {
		t.Error("the /64 is not banned")
	}
	if _, b := g.Banned(guardNow, addr("2001:db8:0:2::1"), "c"); b {
		t.Error("the next /64 is banned")
	}
}

func TestGuardFlapping(t *testing.T) {
	g := NewGuard(GuardConfig{Connects: 5})
	for i := range 6 {
		if _, b := g.Connected(guardNow, addr(fmt.Sprintf("192.0.2.%d", i)), "c"); b != (i == 5) {
			t.Errorf("connect %d: %t", i, b)
		}
	}
	if until, b := g.Banned(guardNow, addr("198.51.100.1"), "c"); !b || !until.Equal(guardNow.Add(5*time.Minute)) {
		t.Error("not banned from elsewhere")
	}
	if _, b := g.Banned(guardNow, netip.Addr{}, "d"); b {
		t.Error("others are banned")
	}
}

func TestGuardLimits(t *testing.T) {
	g := NewGuard(GuardConfig{Failures: -1, AddressFailures: 1, Connects: -1, Entries: 100,
		Exempt: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}})
	for i := range 1000 {
		from := netip.AddrFrom4([4]byte{192, 0, byte(i >> 8), byte(i)})
		g.Failed(guardNow, from, strings.Repeat("x", 1000))
		g.Failed(guardNow, from, "y")
		g.Failed(guardNow, addr("10.1.2.3"), "c")
		g.Failed(guardNow, netip.Addr{}, "c")
		g.Connected(guardNow, from, "c")
	}
	if g.counts.len() > 100 || g.bans.len() > 100 || len(g.counts.nodes) > 101 {
		t.Errorf("%d counters, %d bans", g.counts.len(), g.bans.len())
	}
	if len(g.Bans(guardNow)) != 100 {
		t.Errorf("%d bans", len(g.Bans(guardNow)))
	}
	for _, from := range []netip.Addr{addr("10.1.2.3"), {}} {
		if _, b := g.Banned(guardNow, from, "c"); b {
			t.Errorf("%v is banned", from)
		}
	}
	// Set back by an hour, the clock starts new windows.
	g = NewGuard(GuardConfig{AddressFailures: 1})
	g.Failed(guardNow, addr("192.0.2.1"), "")
	g.Failed(guardNow.Add(-time.Hour), addr("192.0.2.1"), "")
	if len(g.Bans(guardNow.Add(-time.Hour))) != 0 {
		t.Error("banned by a clock set back")
	}
	var none *Guard
	none.Failed(guardNow, addr("192.0.2.1"), "c")
	if _, b := none.Banned(guardNow, addr("192.0.2.1"), "c"); b || none.Bans(guardNow) != nil || none.Unban(guardNow, Ban{}) {
		t.Error("a nil guard bans")
	}
}

func TestLRU(t *testing.T) {
	l := newLRU[int, string](3)
	for _, k := range []int{1, 2, 3, 1, 4} {
		*l.touch(k) += fmt.Sprint(k)
	}
	if l.peek(2) != nil || l.peek(1) == nil || *l.peek(1) != "11" || l.peek(4) == nil || l.len() != 3 {
		t.Error("2 should have made room")
	}
	if *l.touch(2) != "" || l.peek(3) != nil {
		t.Error("a new entry is not empty, or the wrong one went")
	}
}

func BenchmarkGuard(b *testing.B) {
	g := NewGuard(GuardConfig{})
	from := addr("192.0.2.1")
	b.ReportAllocs()
	for b.Loop() {
		g.Banned(guardNow, from, "client")
	}
}
