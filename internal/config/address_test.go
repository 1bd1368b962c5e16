package config

import "testing"

func TestAddressLocal(t *testing.T) {
	for _, tc := range []struct {
		in   Addresses
		want bool
	}{
		{Addresses{"127.0.0.1:1883"}, true},
		{Addresses{"127.0.0.1:1883", "[::1]:1883"}, true},
		{Addresses{"127.8.8.8:1883"}, true},
		{Addresses{"localhost:1883"}, true},
		{Addresses{"[::ffff:127.0.0.1]:1883"}, true},
		{Addresses{"127.0.0.1:1883", "192.0.2.1:1883"}, false},
		{Addresses{":1883"}, false},
		{Addresses{"0.0.0.0:1883"}, false},
		{Addresses{"gateway.example:1883"}, false},
		{Addresses{"nonsense"}, false},
		{nil, false},
	} {
		if got := tc.in.local(); got != tc.want {
			t.Errorf("%q: got %v", tc.in, got)
		}
	}
}

func TestAddressCovers(t *testing.T) {
	for _, tc := range []struct {
		a, b string
		want bool
	}{
		{"127.0.0.1:1883", "127.0.0.1:1883", true},
		{"127.0.0.1:1883", "127.0.0.1:1884", false},
		{"127.0.0.1:1883", "[::1]:1883", false},
		{":1883", "127.0.0.1:1883", true},
		{":1883", "[fe80::1%eth0]:1883", true},
		{":1883", "0.0.0.0:1883", true},
		{"0.0.0.0:1883", "192.0.2.1:1883", true},
		{"0.0.0.0:1883", "[::1]:1883", false},
		{"127.0.0.1:0", "127.0.0.1:0", false},
		{"LocalHost:1883", "localhost:1883", true},
	} {
		a, errA := parseAddress(tc.a)
		b, errB := parseAddress(tc.b)
		if errA != nil || errB != nil {
			t.Fatal(tc.a, errA, tc.b, errB)
		}
		if got := a.covers(b) || b.covers(a); got != tc.want {
			t.Errorf("%s and %s: got %v", tc.a, tc.b, got)
		}
	}
}

func TestAddressSpare(t *testing.T) {
	both := loopbacks(usualPort)
	if both.Spare(both[0]) || !both.Spare(both[1]) {
		t.Error("of the built-in addresses, [::1] may be missing, and no other")
	}
	for _, a := range []Addresses{{"[::1]:1883"}, {"127.0.0.1:1884", "[::1]:1883"}} {
		if a.Spare("[::1]:1883") {
			t.Errorf("%q: [::1] may not be missing", a)
		}
	}
}
