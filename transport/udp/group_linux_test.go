package udp

import (
	"errors"
	"net"
	"net/netip"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"snbroker/transport"
	"snbroker/transport/transporttest"
)

func listenGroup(t *testing.T, cfg GroupConfig) *Link {
	t.Helper()
	l, err := ListenGroup(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// multicaster is an interface for the family: loopback can carry IPv4 groups,
// and has no route for IPv6 ones.
func multicaster(t *testing.T, is6 bool) net.Interface {
	t.Helper()
	interfaces, err := net.Interfaces()
	if err != nil {
		t.Fatal(err)
	}
	g := group{addr: netip.MustParseAddrPort("225.1.1.1:1")}
	if is6 {
		g.addr = netip.MustParseAddrPort("[ff03::2]:1")
	}
	for _, i := range interfaces {
		if g.fits(i) && (is6 || i.Flags&net.FlagLoopback != 0) {
			return i
		}
	}
	t.Fatal("this test needs lo, and for IPv6 an interface that is up, can multicast and has an IPv6 address")
	panic("unreachable")
}

// leaveBy makes p's datagrams to groups leave by an interface, and be heard on
// this machine.
func leaveBy(t *testing.T, p peer, is6 bool, ifi net.Interface) {
	t.Helper()
	raw, err := p.conn.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	var errs [2]error
	err = raw.Control(func(fd uintptr) {
		if is6 {
			errs[0] = unix.SetsockoptInt(int(fd), unix.IPPROTO_IPV6, unix.IPV6_MULTICAST_IF, ifi.Index)
			errs[1] = unix.SetsockoptInt(int(fd), unix.IPPROTO_IPV6, unix.IPV6_MULTICAST_LOOP, 1)
			return
		}
		errs[0] = unix.SetsockoptIPMreqn(int(fd), unix.IPPROTO_IP, unix.IP_MULTICAST_IF, &unix.IPMreqn{Ifindex: int32(ifi.Index)})
	})
	if err := errors.Join(err, errs[0], errs[1]); err != nil {
		t.Fatal(err)
	}
}

// A client asks the group for a gateway; the answer comes from the service
// socket, so that the client learns that address.
func TestDiscovery(t *testing.T) {
	for _, tc := range []struct {
		group   string
		is6     bool
		network string
		any     string
	}{
		{"225.1.1.1", false, "udp4", "0.0.0.0:0"},
		{"ff03::2", true, "udp6", "[::]:0"},
		{"ff1e:feed:caca:dead::1", true, "udp6", "[::]:0"},
		{"ff02::2", true, "udp6", "[::]:0"},
	} {
		t.Run(tc.group, func(t *testing.T) {
			ifi := multicaster(t, tc.is6)
			service := listen(t, Config{Address: tc.any})
			g := listenGroup(t, GroupConfig{
				Group:      netip.AddrPortFrom(netip.MustParseAddr(tc.group), 0).String(),
				Interfaces: []string{ifi.Name},
			})
			heard := transporttest.NewCollect(1)
			serve(t, g, heard)

			dest := g.GroupAddr()
			if needsScope(dest.Addr()) {
				dest = netip.AddrPortFrom(dest.Addr().WithZone(ifi.Name), dest.Port())
			}
			client := newPeer(t, tc.network, tc.any, dest)
			leaveBy(t, client, tc.is6, ifi)
			send(t, client, "\x03\x01\x00") // SEARCHGW, radius 0
			d := <-heard.C
			if d.From.IP.Port() != client.Addr().IP.Port() || string(d.Data) != "\x03\x01\x00" {
				t.Fatalf("heard %x from %s, want SEARCHGW from %s", d.Data, d.From, client.Addr())
			}
			service.Send(d.From, 0, []byte("\x03\x02\x01")) // GWINFO, gateway 1
			service.Flush()
			if got, from := recvFrom(t, client); got != "\x03\x02\x01" || from.Port() != service.LocalAddr().Port() {
				t.Errorf("got %x from %s, want GWINFO from %s", got, from, service.LocalAddr())
			}
		})
	}
}

// ADVERTISE: one gateway's group link sends, another's hears it.
func TestSendToGroup(t *testing.T) {
	for _, group := range []string{"225.1.1.1", "ff03::2", "ff02::2", "255.255.255.255"} {
		t.Run(group, func(t *testing.T) {
			ip := netip.MustParseAddr(group)
			ifi := multicaster(t, ip.Is6())
			cfg := GroupConfig{Group: netip.AddrPortFrom(ip, 0).String(), Interfaces: []string{ifi.Name}, Loopback: true}
			a := listenGroup(t, cfg)
			cfg.Group = a.GroupAddr().String()
			b := listenGroup(t, cfg)
			heard := transporttest.NewCollect(4)
			serve(t, b, heard)
			a.Send(transport.Addr{IP: a.GroupAddr()}, 0, []byte("advertise"))
			a.Flush()
			if s := a.Stats(); s.SendErrors != 0 || s.DatagramsOut != 1 {
				t.Fatalf("%+v: want 1 out", s)
			}
			d := <-heard.C
			if string(d.Data) != "advertise" || d.From.IP.Port() != a.GroupAddr().Port() {
				t.Errorf("heard %q from %s", d.Data, d.From)
			}
		})
	}
}

func TestRejoinIsHarmless(t *testing.T) {
	for _, cfg := range []GroupConfig{
		{Group: "225.1.1.1:0"},
		{Group: "[ff1e:feed:caca:dead::1]:0"},
		{Group: "255.255.255.255:0"},
	} {
		g := listenGroup(t, cfg)
		before := g.group.list()
		if len(before) == 0 {
			t.Fatalf("%s: no interface", g.Name())
		}
		for range 3 {
			if err := g.Rejoin(); err != nil {
				t.Errorf("%s: %v", g.Name(), err)
			}
		}
		if after := g.group.list(); len(after) != len(before) {
			t.Errorf("%s: interfaces %v, then %v", g.Name(), before, after)
		}
		g.Close()
		if err := g.Rejoin(); err == nil {
			t.Errorf("%s: Rejoin after Close succeeds", g.Name())
		}
	}
	if err := listen(t, Config{Address: "127.0.0.1:0"}).Rejoin(); err != nil {
		t.Errorf("service: %v", err)
	}
}

// Two programs may hear the same group; a service on the wildcard must share
// for that, and is told so.
func TestGroupBesideService(t *testing.T) {
	service := listen(t, Config{Address: ":0"})
	group := netip.AddrPortFrom(netip.MustParseAddr("225.1.1.1"), service.LocalAddr().Port()).String()
	if _, err := ListenGroup(GroupConfig{Group: group, Interfaces: []string{"lo"}}); err == nil || !strings.Contains(err.Error(), "ShareAddress") {
		t.Errorf("got %v, want advice to share", err)
	}
	service.Close()

	service = listen(t, Config{Address: ":0", ShareAddress: true})
	serve(t, service, &transporttest.Echo{T: t})
	group = netip.AddrPortFrom(netip.MustParseAddr("225.1.1.1"), service.LocalAddr().Port()).String()
	for range 2 {
		listenGroup(t, GroupConfig{Group: group, Interfaces: []string{"lo"}})
	}
	p := newPeer(t, "udp4", "127.0.0.1:0", netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), service.LocalAddr().Port()))
	send(t, p, "still mine")
	if got, _ := recvFrom(t, p); got != "still mine" {
		t.Errorf("got %q", got)
	}
}
