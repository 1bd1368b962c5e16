package transport

import (
	"net/netip"
	"testing"
)

func TestAddrString(t *testing.T) {
	for _, tc := range []struct {
		addr Addr
		want string
	}{
		{Addr{IP: netip.MustParseAddrPort("192.0.2.1:1883")}, "192.0.2.1:1883"},
		{Addr{IP: netip.MustParseAddrPort("192.0.2.1:1883"), Node: "\x01\x02"}, "192.0.2.1:1883#0102"},
		{Addr{IP: netip.MustParseAddrPort("[fe80::1%wlan0]:1883")}, "[fe80::1%wlan0]:1883"},
		{Addr{Node: "\x00\x13\xa2\xff"}, "#0013a2ff"},
		{Addr{}, "line"},
	} {
		if got := tc.addr.String(); got != tc.want {
			t.Errorf("%#v: got %q, want %q", tc.addr, got, tc.want)
		}
	}
}

func TestAddrIsMapKey(t *testing.T) {
	a := Addr{IP: netip.MustParseAddrPort("[fe80::1%wlan0]:1883"), Node: "ab"}
	b := Addr{IP: netip.AddrPortFrom(netip.MustParseAddr("fe80::1").WithZone("wlan0"), 1883), Node: string([]byte("ab"))}
	if m := map[Addr]int{a: 1}; m[b] != 1 {
		t.Error("equal addresses are different keys")
	}
}
