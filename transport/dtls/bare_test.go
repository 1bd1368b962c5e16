//go:build unix

package dtls

import (
	"context"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/pion/dtls/v3"

	"snbroker/transport"
	"snbroker/transport/transporttest"
)

// echo is a server that gives back what it gets.
type echo struct {
	at       netip.AddrPort
	sessions func() int // there now
}

func startLink(t testing.TB) echo {
	l := listen(t, func(c *Config) { c.Log = quiet.log })
	serve(t, l, transporttest.Func(func(l transport.Link, batch []transport.Datagram) {
		for _, d := range batch {
			l.Send(d.From, d.Local, d.Data)
		}
		l.Flush()
	}))
	return echo{l.LocalAddr(), func() int {
		s := l.SessionStats()
		return s.Sessions + s.Handshaking
	}}
}

// startBare is what a program does that uses pion alone: its listener, and a
// goroutine for each connection.
func startBare(t testing.TB) echo {
	l, err := dtls.ListenWithOptions("udp", net.UDPAddrFromAddrPort(netip.MustParseAddrPort("127.0.0.1:0")),
		dtls.WithPSK(func(identity []byte) ([]byte, error) { return keys(string(identity)), nil }),
		dtls.WithCipherSuites(pskSuites...),
		dtls.WithConnectionIDGenerator(dtls.RandomCIDGenerator(cidLength)),
		dtls.WithLoggerFactory(quiet))
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	var open sync.Map
	var sessions atomic.Int64
	all.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			open.Store(c, nil)
			sessions.Add(1)
			all.Go(func() {
				defer sessions.Add(-1)
				defer open.Delete(c)
				defer c.Close()
				ctx, cancel := context.WithTimeout(context.Background(), patience)
				defer cancel()
				if c.(*dtls.Conn).HandshakeContext(ctx) != nil {
					return
				}
				b := make([]byte, defaultMTU)
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
	return echo{l.Addr().(*net.UDPAddr).AddrPort(), func() int { return int(sessions.Load()) }}
}
