package udp

import (
	"context"
	"net"
	"net/netip"
	"testing"
	"time"

	"snbroker/transport"
	"snbroker/transport/transporttest"
)

// peer is package net's socket, not ours.
type peer struct {
	conn *net.UDPConn
	to   netip.AddrPort
}

func newPeer(t testing.TB, network, at string, to netip.AddrPort) peer {
	t.Helper()
	conn, err := net.ListenUDP(network, net.UDPAddrFromAddrPort(netip.MustParseAddrPort(at)))
	if err != nil {
		t.Fatalf("this test needs the address %s: %v", at, err)
	}
	t.Cleanup(func() { conn.Close() })
	_ = conn.SetReadBuffer(4 << 20)
	return peer{conn, to}
}

func (p peer) Addr() transport.Addr {
	a := p.conn.LocalAddr().(*net.UDPAddr).AddrPort()
	return transport.Addr{IP: netip.AddrPortFrom(a.Addr().Unmap(), a.Port())}
}

func (p peer) Send(b []byte) error {
	_, err := p.conn.WriteToUDPAddrPort(b, p.to)
	return err
}

func (p peer) Recv(ctx context.Context) ([]byte, error) {
	b, _, err := p.recvFrom(ctx)
	return b, err
}

func (p peer) recvFrom(ctx context.Context) ([]byte, netip.AddrPort, error) {
	if deadline, ok := ctx.Deadline(); ok {
		_ = p.conn.SetReadDeadline(deadline)
	}
	b := make([]byte, 64<<10)
	n, from, err := p.conn.ReadFromUDPAddrPort(b)
	return b[:n], netip.AddrPortFrom(from.Addr().Unmap(), from.Port()), err
}

func (p peer) Close() error { return p.conn.Close() }

func listen(t testing.TB, cfg Config) *Link {
	t.Helper()
	l, err := Listen(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

func TestContract(t *testing.T) {
	for _, tc := range []struct {
		name, listen  string
		network, peer string
		mtu           int
	}{
		{"IPv4", "127.0.0.1:0", "udp4", "127.0.0.1:0", 0},
		{"IPv6", "[::1]:0", "udp6", "[::1]:0", 0},
		{"IPv4 by wildcard", "0.0.0.0:0", "udp4", "127.0.0.1:0", 0},
		{"IPv4 by dual stack", ":0", "udp4", "127.0.0.1:0", 0},
		{"IPv6 by dual stack", "[::]:0", "udp6", "[::1]:0", 0},
		{"Small MTU", "127.0.0.1:0", "udp4", "127.0.0.1:0", 1400},
	} {
		t.Run(tc.name, func(t *testing.T) {
			transporttest.Suite(t, func(t *testing.T) transporttest.Fixture {
				l := listen(t, Config{Address: tc.listen, MTU: tc.mtu})
				at := netip.MustParseAddrPort(tc.peer).Addr()
				gone := newPeer(t, tc.network, tc.peer, netip.AddrPort{})
				gone.Close()
				return transporttest.Fixture{
					Link: l,
					Peer: func(t *testing.T) transporttest.Peer {
						return newPeer(t, tc.network, tc.peer, netip.AddrPortFrom(at, l.LocalAddr().Port()))
					},
					Nobody: gone.Addr(),
				}
			})
		})
	}
}

// soon is a context for what must happen at once.
func soon(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	t.Cleanup(cancel)
	return ctx
}
