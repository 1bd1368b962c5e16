package udp

import (
	"net/netip"
	"testing"

	"snbroker/transport"
	"snbroker/transport/transporttest"
)

// pingPong sends a window of datagrams from one link to another, which echoes
// them, and waits for all.
type pingPong struct {
	client *Link
	to     transport.Addr
	window int
	got    int
	full   chan struct{}
}

func (p *pingPong) Receive(_ transport.Link, batch []transport.Datagram) {
	if p.got += len(batch); p.got >= p.window {
		p.got -= p.window
		p.full <- struct{}{}
	}
}

func (p *pingPong) round(b []byte) {
	for range p.window {
		p.client.Send(p.to, 0, b)
	}
	p.client.Flush()
	<-p.full
}

func newPingPong(tb testing.TB, server, client, to string, batch, window int) *pingPong {
	s := listen(tb, Config{Address: server, Batch: batch})
	c := listen(tb, Config{Address: client, Batch: batch})
	p := &pingPong{
		client: c,
		to:     transport.Addr{IP: netip.AddrPortFrom(netip.MustParseAddr(to), s.LocalAddr().Port())},
		window: window,
		full:   make(chan struct{}, 1),
	}
	serve(tb, s, &transporttest.Echo{T: tb})
	serve(tb, c, p)
	return p
}

// Nothing is allocated for a datagram, in or out, small or large.
func TestNoAllocations(t *testing.T) {
	for _, tc := range []struct{ server, client, to string }{
		{"127.0.0.1:0", "127.0.0.1:0", "127.0.0.1"},
		{"[::1]:0", "[::1]:0", "::1"},
		{":0", "127.0.0.1:0", "127.0.0.1"},
		{":0", ":0", "::1"},
	} {
		for _, size := range []int{0, 32, 5000} {
			p := newPingPong(t, tc.server, tc.client, tc.to, 8, 20)
			b := make([]byte, size)
			if n := testing.AllocsPerRun(200, func() { p.round(b) }); n != 0 {
				t.Errorf("%s to %s, %d octets: %v allocations for %d datagrams there and back", tc.client, tc.server, size, n, p.window)
			}
		}
	}
}

// Peers with a zone neither, once the zone is known. The addresses need not
// exist: this is about translation.
func TestNoAllocationsForZones(t *testing.T) {
	l := listen(t, Config{Address: "[::1]:0"})
	l.zones.learn(zone{7, "wpan0"})
	in := newInbox(1, 100, false, nil)
	defer in.close()
	want := netip.MustParseAddrPort("[fe80::1%wlan0]:1883")
	l.zones.learn(zone{8, "wlan0"})
	in.vec.setDest(0, true, want, 8) // the same structure, filled by us for the kernel
	in.n = 1
	if n := testing.AllocsPerRun(100, func() {
		if got := l.collect(in)[0].From.IP; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
