//go:build unix

package dtls

import (
	"context"
	"net"
	"net/netip"
	"runtime"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/pion/dtls/v3"

	"snbroker/transport"
	"snbroker/transport/transporttest"
)

// Each benchmark runs against pion's own listener, too, in the same process and
// with the same clients: compare the two.
//
//	go test -run '^$' -bench . ./transport/dtls

// servers echo what they get.
var servers = []struct {
	name  string
	start func(testing.TB) netip.AddrPort
}{{"bare", startBare}, {"link", startLink}}

func startLink(t testing.TB) netip.AddrPort {
	l := listen(t, func(c *Config) { c.Log = quiet.log })
	serve(t, l, transporttest.Func(func(l transport.Link, batch []transport.Datagram) {
		for _, d := range batch {
			l.Send(d.From, d.Local, d.Data)
		}
		l.Flush()
	}))
	return l.LocalAddr()
}

// startBare is what a program does that uses pion alone.
func startBare(t testing.TB) netip.AddrPort {
	l, err := dtls.ListenWithOptions("udp", net.UDPAddrFromAddrPort(netip.MustParseAddrPort("127.0.0.1:0")),
		dtls.WithPSK(func(identity []byte) ([]byte, error) { return keys(string(identity)), nil }),
		dtls.WithCipherSuites(suites...),
		dtls.WithConnectionIDGenerator(dtls.RandomCIDGenerator(cidLength)),
		dtls.WithLoggerFactory(quiet))
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	var open sync.Map
	all.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			open.Store(c, nil)
			all.Go(func() {
				defer open.Delete(c)
				defer c.Close()
				ctx, cancel := context.WithTimeout(context.Background(), patience)
				defer cancel()
				if c.(*dtls.Conn).HandshakeContext(ctx) != nil {
					return
				}
				b := make([]byte, 1500)
				for {
					n, err := c.Read(b)
					if err != nil {
						return
					}
					c.Write(b[:n])
				}
			})
		}
	})
	t.Cleanup(func() {
		l.Close()
		open.Range(func(c, _ any) bool { c.(net.Conn).Close(); return true })
		all.Wait()
	})
	return l.Addr().(*net.UDPAddr).AddrPort()
}

// cpu reports the processor's time for an operation, clients included: it says
// more than the rate on a machine that does other things, too.
func cpu(b *testing.B) func() {
	begun := spent()
	return func() { b.ReportMetric(float64(spent()-begun)/float64(b.N), "cpu-ns/op") }
}

func spent() time.Duration {
	var r syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &r) // fails for other arguments only
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
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

func BenchmarkMemory(b *testing.B) {
	const sessions = 2000
	for _, s := range servers {
		b.Run(s.name, func(b *testing.B) {
			for b.Loop() {
				b.ReportMetric(memory(b, s.start, sessions), "B/session")
			}
		})
	}
}

// memory is heap and stacks of the server's side of idle sessions. The clients
// are gone by then, without a word.
func memory(t testing.TB, start func(testing.TB) netip.AddrPort, sessions int) float64 {
	to := start(t)
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

func BenchmarkHandshake(b *testing.B) {
	for _, s := range servers {
		b.Run(s.name, func(b *testing.B) {
			to := s.start(b)
			b.SetParallelism(2)
			defer cpu(b)()
			b.RunParallel(func(p *testing.PB) {
				for p.Next() {
					c, _ := connect(b, to)
					c.Close()
				}
			})
		})
	}
}

// BenchmarkEcho is 64 octets there and back, over sessions that are busy at once.
func BenchmarkEcho(b *testing.B) {
	for _, s := range servers {
		b.Run(s.name, func(b *testing.B) {
			to := s.start(b)
			b.SetParallelism(8)
			defer cpu(b)()
			b.RunParallel(func(p *testing.PB) {
				c, _ := connect(b, to)
				defer c.Close()
				for p.Next() {
					echoed(b, c)
				}
			})
		})
	}
}
