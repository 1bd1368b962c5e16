//go:build unix

package dtls

import (
	"context"
	"net"
	"net/netip"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pion/dtls/v3"
)

// The link beside pion's own listener, in one process, with the same clients. A
// ratio of 1.05 is 5 % more than bare pion takes.
//
//	go test -run '^$' -bench . ./transport/dtls

// BenchmarkMemory is one measurement, whatever -benchtime says: the heap and the
// stacks of a server with 2,000 idle sessions.
func BenchmarkMemory(b *testing.B) {
	const sessions = 2000
	var bare, link float64
	for range 2 { // at first a process makes what it keeps
		bare = memory(b, startBare(b), sessions)
		link = memory(b, startLink(b), sessions)
	}
	b.ReportMetric(link, "B/session")
	b.ReportMetric(link/bare, "B/bare")
}

// BenchmarkHandshake is a session from its ClientHello to its close_notify, four
// devices at once.
func BenchmarkHandshake(b *testing.B) {
	versus(b, startBare(b), startLink(b), func(to netip.AddrPort, n int) {
		var left atomic.Int64
		left.Store(int64(n))
		var devices sync.WaitGroup
		for range 4 {
			devices.Go(func() {
				for left.Add(-1) >= 0 {
					c, _ := connect(b, to)
					c.Close()
				}
			})
		}
		devices.Wait()
	})
}

// BenchmarkEcho is 64 octets there and back, over sixteen sessions at once.
func BenchmarkEcho(b *testing.B) {
	bare, link := startBare(b), startLink(b)
	open := map[netip.AddrPort][]*dtls.Conn{}
	for _, to := range []netip.AddrPort{bare, link} {
		for range 16 {
			c, _ := connect(b, to)
			defer c.Close()
			open[to] = append(open[to], c)
		}
	}
	versus(b, bare, link, func(to netip.AddrPort, n int) {
		var left atomic.Int64
		left.Store(int64(n))
		var devices sync.WaitGroup
		for _, c := range open[to] {
			devices.Go(func() {
				for left.Add(-1) >= 0 {
					echoed(b, c)
				}
			})
		}
		devices.Wait()
	})
}

func connect(t testing.TB, to netip.AddrPort) (*dtls.Conn, *mutable) {
	socket, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	m := &mutable{PacketConn: socket}
	c, err := dtls.ClientWithOptions(m, net.UDPAddrFromAddrPort(to), psk("meter", withCID)...)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := c.HandshakeContext(ctx); err != nil {
		t.Fatal(err)
	}
	return c, m
}

// echoed makes sure that the server has finished the handshake, too.
func echoed(t testing.TB, c *dtls.Conn) {
	b := []byte("0123456789012345678901234567890123456789012345678901234567890123")
	if _, err := c.Write(b); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Read(b); err != nil {
		t.Fatal(err)
	}
}

// memory is heap and stacks of the server's side of idle sessions. The clients
// are gone by then, without a word.
func memory(t testing.TB, to netip.AddrPort, sessions int) float64 {
	connectAll(t, to, 10) // whatever is made once
	before := used()
	connectAll(t, to, sessions)
	return float64(used()-before) / float64(sessions)
}

func connectAll(t testing.TB, to netip.AddrPort, sessions int) {
	for range sessions {
		c, m := connect(t, to)
		echoed(t, c)
		m.muted.Store(true)
		c.Close()
		t.Cleanup(func() { m.PacketConn.Close() })
	}
}

func used() int64 {
	for range 3 { // sync.Pools are emptied in two steps
		runtime.GC()
		time.Sleep(10 * time.Millisecond)
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc + m.StackInuse)
}
