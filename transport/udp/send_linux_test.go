package udp

import (
	"net/netip"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"snbroker/transport"
)

// The kernel refuses port 0. What stands before and after such a datagram in
// the batch is not its fault.
func TestRefusedDatagramsAreSkipped(t *testing.T) {
	l := listen(t, Config{Address: "127.0.0.1:0"})
	p := newPeer(t, "udp4", "127.0.0.1:0", l.LocalAddr())
	refused := transport.Addr{IP: netip.MustParseAddrPort("127.0.0.1:0")}
	for _, s := range []string{"", "a", "", "", "b", ""} {
		to := p.Addr()
		if s == "" {
			to = refused
		}
		l.Send(to, 0, []byte(s))
	}
	l.Flush()
	for _, want := range []string{"a", "b"} {
		if got, _ := recvFrom(t, p); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	if s := l.Stats(); s.SendErrors != 4 || s.DatagramsOut != 2 || s.BytesOut != 2 {
		t.Errorf("%+v: want 4 errors, 2 out", s)
	}
}

func TestSendToNonsense(t *testing.T) {
	l := listen(t, Config{Address: "127.0.0.1:0"})
	for _, a := range []transport.Addr{
		{},
		{Node: "radio"},
		{IP: netip.MustParseAddrPort("[::1]:1883")}, // on an IPv4 socket
	} {
		l.Send(a, 0, []byte("x"))
	}
	l.Flush()
	if s := l.Stats(); s.SendErrors != 3 || s.DatagramsOut != 0 {
		t.Errorf("%+v: want 3 errors", s)
	}
	six := listen(t, Config{Address: "[::1]:0"})
	six.Send(transport.Addr{IP: netip.MustParseAddrPort("[fe80::1%nosuch]:1883")}, 0, []byte("x"))
	six.Send(transport.Addr{IP: netip.MustParseAddrPort("[::1]:1883")}, 999, nil) // a Local never given
	six.Flush()
	if s := six.Stats(); s.SendErrors != 1 || s.DatagramsOut != 1 {
		t.Errorf("%+v: want 1 error, 1 out", s)
	}
}

// IPv4 peers of a dual-stack socket are the same peers in both spellings.
func TestSendToMappedAddress(t *testing.T) {
	for _, listenAt := range []string{"127.0.0.1:0", ":0"} {
		l := listen(t, Config{Address: listenAt})
		p := newPeer(t, "udp4", "127.0.0.1:0", netip.AddrPort{})
		a := p.Addr().IP
		l.Send(transport.Addr{IP: netip.AddrPortFrom(netip.AddrFrom16(a.Addr().As16()), a.Port())}, 0, []byte("mapped"))
		l.Flush()
		if got, _ := recvFrom(t, p); got != "mapped" {
			t.Errorf("got %q", got)
		}
	}
}

// A full send buffer holds up the owner for about a millisecond, then the rest
// of the batch is dropped and counted, and the next batch starts afresh.
func TestFullSendBuffer(t *testing.T) {
	l := listen(t, Config{Address: "127.0.0.1:0"})
	p := newPeer(t, "udp4", "127.0.0.1:0", l.LocalAddr())
	var room int // datagrams that the pretended kernel takes
	l.out.send = func(fd uintptr, from, to int) (int, syscall.Errno) {
		if room == 0 {
			return 0, unix.EAGAIN
		}
		n, errno := l.out.vec.send(fd, from, min(to, from+room))
		room -= n
		return n, errno
	}
	room = 2
	start := time.Now()
	for i := range 5 {
		l.Send(p.Addr(), 0, []byte{'0' + byte(i)})
	}
	l.Flush()
	if took := time.Since(start); took < patience {
		t.Errorf("Flush took %v, want %v at least", took, patience)
	}
	if s := l.Stats(); s.DatagramsOut != 2 || s.SendDrops != 3 || s.SendErrors != 0 {
		t.Errorf("%+v: want 2 out, 3 drops", s)
	}
	l.out.send = l.out.vec.send
	l.Send(p.Addr(), 0, []byte("again"))
	l.Flush()
	for _, want := range []string{"0", "1", "again"} {
		if got, _ := recvFrom(t, p); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// Room that comes in time is used.
func TestFullSendBufferForAMoment(t *testing.T) {
	l := listen(t, Config{Address: "127.0.0.1:0"})
	p := newPeer(t, "udp4", "127.0.0.1:0", l.LocalAddr())
	refusals := 1
	l.out.send = func(fd uintptr, from, to int) (int, syscall.Errno) {
		if refusals > 0 {
			refusals--
			return 0, unix.EAGAIN
		}
		return l.out.vec.send(fd, from, to)
	}
	l.Send(p.Addr(), 0, []byte("patience"))
	l.Flush()
	if got, _ := recvFrom(t, p); got != "patience" {
		t.Errorf("got %q", got)
	}
	if s := l.Stats(); s.DatagramsOut != 1 || s.SendDrops != 0 {
		t.Errorf("%+v: want 1 out", s)
	}
}
