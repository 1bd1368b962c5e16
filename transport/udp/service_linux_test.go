package udp

import (
	"errors"
	"net"
	"net/netip"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"snbroker/transport"
	"snbroker/transport/transporttest"
)

// serve runs Serve until the test ends.
func serve(t testing.TB, l *Link, r transport.Receiver) {
	done := make(chan error, 1)
	go func() { done <- l.Serve(r) }()
	t.Cleanup(func() {
		l.Close()
		if err := <-done; err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
}

func recvFrom(t testing.TB, p peer) (string, netip.AddrPort) {
	t.Helper()
	b, from, err := p.recvFrom(soon(t))
	if err != nil {
		t.Fatalf("receive: %v", err)
	}
	return string(b), from
}

func send(t testing.TB, p peer, s string) {
	t.Helper()
	if err := p.Send([]byte(s)); err != nil {
		t.Fatal(err)
	}
}

// A client that asks 127.0.0.2 must be answered by 127.0.0.2, though routing
// would choose 127.0.0.1.
func TestAnswersFromTheAddressAsked(t *testing.T) {
	for _, listenAt := range []string{"0.0.0.0:0", ":0"} {
		t.Run(listenAt, func(t *testing.T) {
			l := listen(t, Config{Address: listenAt})
			serve(t, l, &transporttest.Echo{T: t})
			for _, asked := range []string{"127.0.0.2", "127.0.0.1", "127.1.2.3", "127.0.0.2"} {
				to := netip.AddrPortFrom(netip.MustParseAddr(asked), l.LocalAddr().Port())
				p := newPeer(t, "udp4", "127.0.0.1:0", to)
				send(t, p, "who are you?")
				if _, from := recvFrom(t, p); from != to {
					t.Errorf("asked %s, answered by %s", to, from)
				}
			}
		})
	}
}

func TestLocalIsBounded(t *testing.T) {
	var table paths
	for i := range 300 {
		p := path{addr: netip.AddrFrom4([4]byte{127, 0, byte(i >> 8), byte(i)})}
		n := table.index(p)
		switch {
		case i < maxPaths && (n != uint16(i+1) || table.get(n) != p || table.index(p) != n):
			t.Fatalf("address %d: number %d, which is %v", i, n, table.get(n))
		case i >= maxPaths && n != 0:
			t.Fatalf("address %d: number %d, want 0", i, n)
		}
	}
	if table.get(0) != (path{}) || table.get(60000) != (path{}) {
		t.Error("a number never given means an address")
	}
}

func TestLinkLocalPeers(t *testing.T) {
	interfaces, err := net.Interfaces()
	if err != nil {
		t.Fatal(err)
	}
	tested := false
	for _, ifi := range interfaces {
		addrs, _ := ifi.Addrs()
		for _, a := range addrs {
			ip, _ := netip.AddrFromSlice(a.(*net.IPNet).IP)
			if !ip.Is6() || !ip.IsLinkLocalUnicast() || ifi.Flags&net.FlagUp == 0 {
				continue
			}
			tested = true
			at := netip.AddrPortFrom(ip.WithZone(ifi.Name), 0).String()
			for _, listenAt := range []string{at, "[::]:0"} {
				l := listen(t, Config{Address: listenAt})
				c := transporttest.NewCollect(1)
				serve(t, l, c)
				to := netip.AddrPortFrom(ip.WithZone(ifi.Name), l.LocalAddr().Port())
				p := newPeer(t, "udp6", at, to)
				send(t, p, "zone")
				d := <-c.C
				if d.From != p.Addr() {
					t.Errorf("listening on %s: from %s, want %s", listenAt, d.From, p.Addr())
				}
				l.Send(d.From, d.Local, d.Data)
				l.Flush()
				if _, from := recvFrom(t, p); from != to {
					t.Errorf("listening on %s: answered from %s, want %s", listenAt, from, to)
				}
			}
		}
	}
	if !tested {
		t.Log("no interface has a link-local address: only the translation of zones is tested, elsewhere")
	}
}

func TestZones(t *testing.T) {
	lo, err := net.InterfaceByName("lo")
	if err != nil {
		t.Fatalf("this test needs the interface lo: %v", err)
	}
	var z zones
	if got := z.name(uint32(lo.Index)); got != "lo" {
		t.Errorf("interface %d is %q, want lo", lo.Index, got)
	}
	if got, ok := z.index("lo"); !ok || got != uint32(lo.Index) {
		t.Errorf("lo is %d, %v", got, ok)
	}
	if got := z.name(1 << 30); got != "1073741824" {
		t.Errorf("an unknown interface is called %q", got)
	}
	if got, ok := z.index("77"); !ok || got != 77 {
		t.Errorf("zone 77 is %d, %v", got, ok)
	}
	if got, ok := z.index("no such"); ok {
		t.Errorf("an unknown zone is %d", got)
	}
	// An interface that went and came back.
	z.learn(zone{5, "wpan0"})
	z.learn(zone{9, "wpan0"})
	if got, _ := z.index("wpan0"); got != 9 {
		t.Errorf("wpan0 is %d, want its new index 9", got)
	}
	if a := testing.AllocsPerRun(100, func() { z.name(9); z.index("wpan0") }); a != 0 {
		t.Errorf("%v allocations for what is known", a)
	}
	z.forget(9)
	if _, ok := z.index("wpan0"); ok {
		t.Error("wpan0 is still known")
	}
}

func TestOversizedIsDroppedAndCounted(t *testing.T) {
	for _, mtu := range []int{1400, 3000} { // without and with a tail
		l := listen(t, Config{Address: "127.0.0.1:0", MTU: mtu})
		c := transporttest.NewCollect(4)
		serve(t, l, c)
		p := newPeer(t, "udp4", "127.0.0.1:0", l.LocalAddr())
		for _, n := range []int{mtu + 1, mtu, 65507, 1} {
			send(t, p, strings.Repeat("x", n))
		}
		for _, want := range []int{mtu, 1} {
			if d := <-c.C; len(d.Data) != want {
				t.Errorf("MTU %d: got %d octets, want %d", mtu, len(d.Data), want)
			}
		}
		if s := l.Stats(); s.Oversized != 2 || s.DatagramsIn != 2 {
			t.Errorf("MTU %d: %+v: want 2 oversized, 2 in", mtu, s)
		}
	}
}

func TestKernelDropsAreCounted(t *testing.T) {
	l := listen(t, Config{Address: "127.0.0.1:0", ReceiveBuffer: 4096})
	p := newPeer(t, "udp4", "127.0.0.1:0", l.LocalAddr())
	const n = 200
	for range n { // nobody reads
		send(t, p, strings.Repeat("x", 1000))
	}
	drops := l.Stats().KernelDrops
	if drops == 0 || drops >= n {
		t.Fatalf("%d kernel drops of %d", drops, n)
	}
	if again := l.Stats().KernelDrops; again != drops {
		t.Errorf("asked twice: %d, then %d", drops, again)
	}
	l.Close()
	if after := l.Stats().KernelDrops; after != drops {
		t.Errorf("%d after Close, want %d", after, drops)
	}
}

func TestFloodFromManyPorts(t *testing.T) {
	l := listen(t, Config{Address: "127.0.0.1:0"})
	serve(t, l, &transporttest.Echo{T: t})
	const ports, each = 200, 20
	peers := make([]peer, ports)
	for i := range peers {
		peers[i] = newPeer(t, "udp4", "127.0.0.1:0", l.LocalAddr())
	}
	// As many as the smallest usual receive buffer holds, then their answers.
	for round := range each {
		for i, p := range peers {
			send(t, p, string(rune(round*ports+i)))
		}
		for i, p := range peers {
			if got, _ := recvFrom(t, p); got != string(rune(round*ports+i)) {
				t.Fatalf("port %d, round %d: got %q", i, round, got)
			}
		}
	}
}

func TestServiceHearsNoGroup(t *testing.T) {
	l := listen(t, Config{Address: "0.0.0.0:0", ShareAddress: true})
	c := transporttest.NewCollect(2)
	serve(t, l, c)
	g, err := ListenGroup(GroupConfig{Group: netip.AddrPortFrom(netip.MustParseAddr("225.1.1.1"), l.LocalAddr().Port()).String(), Interfaces: []string{"lo"}, Loopback: true})
	if err != nil {
		t.Fatal(err)
	}
	defer g.Close()
	g.Send(transport.Addr{IP: g.GroupAddr()}, 0, []byte("to the group"))
	g.Flush()
	p := newPeer(t, "udp4", "127.0.0.1:0", netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), l.LocalAddr().Port()))
	send(t, p, "to the service")
	if d := <-c.C; string(d.Data) != "to the service" {
		t.Errorf("the service heard %q", d.Data)
	}
	if s := g.Stats(); s.DatagramsOut != 1 {
		t.Errorf("group: %+v", s)
	}
}

func TestShareAddressKeepsTheServiceExclusive(t *testing.T) {
	first := listen(t, Config{Address: "127.0.0.1:0", ShareAddress: true})
	for _, share := range []bool{false, true} {
		l, err := Listen(Config{Address: first.LocalAddr().String(), ShareAddress: share})
		if err == nil {
			l.Close()
			t.Errorf("share %v: a second service took the first one's address", share)
		} else if !errors.Is(err, syscall.EADDRINUSE) || !strings.Contains(err.Error(), "UDP port") {
			t.Errorf("share %v: %v", share, err)
		}
	}
}

func TestBuffersAreAsked(t *testing.T) {
	// The machine may not grant 4 MiB to everybody; the call must not fail.
	listen(t, Config{Address: "127.0.0.1:0", ReceiveBuffer: 1 << 30, SendBuffer: 1 << 30})
}

// The heap that a link takes: heads, arena and headers; tails are outside.
func TestMemoryPerLink(t *testing.T) {
	var before, after runtime.MemStats
	links := make([]*Link, 20)
	runtime.GC()
	runtime.ReadMemStats(&before)
	for i := range links {
		links[i] = listen(t, Config{Address: "0.0.0.0:0"})
		serve(t, links[i], &transporttest.Echo{T: t})
		p := newPeer(t, "udp4", "127.0.0.1:0", netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), links[i].LocalAddr().Port()))
		send(t, p, "so that the inbox certainly exists")
		recvFrom(t, p)
		p.Close()
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	each := (after.HeapAlloc - before.HeapAlloc) / uint64(len(links))
	t.Logf("%d KiB a link", each>>10)
	if each > 192<<10 {
		t.Errorf("%d octets of heap a link, want at most 192 KiB", each)
	}
	runtime.KeepAlive(links)
}

func TestTailsAreGivenBack(t *testing.T) {
	tails := newTails(defaultBatch)
	defer tails.close()
	if !tails.mapped {
		t.Fatal("tails are not mapped")
	}
	big := make([]byte, headSize)
	big[0] = 1
	for i := range 2 { // 128 KiB: may stay
		tails.join(i, big, maxDatagram)
	}
	tails.release()
	if tails.at(0)[0] != 1 {
		t.Error("given back too early")
	}
	tails.join(2, big, 3000)
	tails.release()
	if tails.at(0)[0] != 0 || tails.at(2)[0] != 0 || tails.touched != 0 {
		t.Error("kept too long")
	}
}
