//go:build unix

package dtls

import (
	"context"
	"net"
	"net/netip"
	"sync"
	"testing"

	"github.com/pion/dtls/v3"

	"snbroker/transport"
	"snbroker/transport/transporttest"
)

// startLink starts a link that gives back what it gets, and tells where.
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

// startBare does the same as a program does that uses pion alone: with its
// listener, and a goroutine for each connection.
func startBare(t testing.TB) netip.AddrPort {
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
	return l.Addr().(*net.UDPAddr).AddrPort()
}
