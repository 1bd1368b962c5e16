package udp

import (
	"strings"
	"testing"
)

func TestParseAddress(t *testing.T) {
	for _, tc := range []struct {
		in, want string
		dual     bool
	}{
		{"127.0.0.1:1883", "127.0.0.1:1883", false},
		{"0.0.0.0:1883", "0.0.0.0:1883", false},
		{":1883", "[::]:1883", true},
		{"[::]:1883", "[::]:1883", true},
		{"[::1]:1883", "[::1]:1883", false},
		{"[::ffff:127.0.0.1]:1883", "127.0.0.1:1883", false},
		{"[fe80::1%wlan0]:1883", "[fe80::1%wlan0]:1883", false},
	} {
		got, dual, err := parseAddress(tc.in)
		if err != nil || got.String() != tc.want || dual != tc.dual {
			t.Errorf("%q: got %s, %v, %v; want %s, %v", tc.in, got, dual, err, tc.want, tc.dual)
		}
	}
}

func TestListenErrorsHelp(t *testing.T) {
	for _, tc := range []struct {
		cfg  Config
		want []string
	}{
		{Config{Address: "127.0.0.1"}, []string{`"127.0.0.1"`, "host:port"}},
		{Config{Address: "127.0.0.1:99999"}, []string{"99999"}},
		{Config{Address: "225.1.1.1:1883"}, []string{"multicast group", "discovery"}},
		{Config{Address: "192.0.2.99:0"}, []string{"no interface of this machine has the address 192.0.2.99"}},
		{Config{Address: "[fe80::1%nosuch0]:0"}, []string{"no such interface: nosuch0"}},
		{Config{Address: "127.0.0.1:0", Batch: 1000}, []string{"batch 1000", "256"}},
		{Config{Address: "127.0.0.1:0", MTU: 70000}, []string{"MTU 70000", "65507"}},
		{Config{Address: "127.0.0.1:0", SendBuffer: -1}, []string{"negative"}},
	} {
		l, err := Listen(tc.cfg)
		if err == nil {
			l.Close()
			t.Errorf("%+v: no error", tc.cfg)
			continue
		}
		for _, w := range tc.want {
			if !strings.Contains(err.Error(), w) {
				t.Errorf("%+v: %q does not say %q", tc.cfg, err, w)
			}
		}
	}
}

func TestAddressInUse(t *testing.T) {
	first := listen(t, Config{Address: "127.0.0.1:0"})
	_, err := Listen(Config{Address: first.LocalAddr().String()})
	if err == nil || !strings.Contains(err.Error(), "UDP port") {
		t.Errorf("got %v", err)
	}
}

func TestGroupErrorsHelp(t *testing.T) {
	for _, tc := range []struct {
		cfg  GroupConfig
		want []string
	}{
		{GroupConfig{Group: "225.1.1.1"}, []string{"address:port"}},
		{GroupConfig{Group: "192.0.2.200:1883"}, []string{"neither a multicast group", "nor a broadcast"}},
		{GroupConfig{Group: "225.1.1.1:0", Interfaces: []string{"nosuch0", "lo"}}, []string{"no such interface: nosuch0", "there are: lo"}},
		{GroupConfig{Group: "[ff02::2]:0"}, []string{"link-local", "[ff02::2%eth0]"}},
		{GroupConfig{Group: "[ff03::2%lo]:0", Interfaces: []string{"eth7"}}, []string{"one or the other"}},
		{GroupConfig{Group: "225.1.1.1:0", Hops: 300}, []string{"hops 300"}},
	} {
		l, err := ListenGroup(tc.cfg)
		if err == nil {
			l.Close()
			t.Errorf("%+v: no error", tc.cfg)
			continue
		}
		for _, w := range tc.want {
			if !strings.Contains(err.Error(), w) {
				t.Errorf("%+v: %q does not say %q", tc.cfg, err, w)
			}
		}
	}
}

func TestServeTwice(t *testing.T) {
	l := listen(t, Config{Address: "127.0.0.1:0"})
	l.Close()
	if err := l.Serve(nil); err != nil {
		t.Errorf("Serve after Close: %v", err)
	}
	if err := l.Serve(nil); err == nil {
		t.Error("Serve may be called twice")
	}
}
