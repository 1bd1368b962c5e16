package dtls

import (
	"context"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pion/dtls/v3"

	"snbroker/transport/transporttest"
)

// recorder keeps what a client sends, for a forger to use.
type recorder struct {
	net.PacketConn
	sent [][]byte
}

func (r *recorder) WriteTo(b []byte, to net.Addr) (int, error) {
	r.sent = append(r.sent, append([]byte(nil), b...))
	return r.PacketConn.WriteTo(b, to)
}

// helloOf is a first ClientHello, as pion makes it.
func helloOf(t testing.TB) []byte {
	t.Helper()
	nowhere := &recorder{PacketConn: transporttest.NewRoamer(t, "127.0.0.1:0")}
	silent := transporttest.NewRoamer(t, "127.0.0.1:0")
	c, err := dtls.ClientWithOptions(nowhere, silent.LocalAddr(), psk("meter", withCID)...)
	if err != nil {
		t.Fatal(err)
	}
	c.SetDeadline(time.Now())
	go c.Handshake()
	b := make([]byte, 2000)
	n, _, err := silent.ReadFrom(b)
	if err != nil {
		t.Fatal(err)
	}
	c.Close()
	return b[:n]
}

// Who writes a device's address on his datagrams cannot end its session: not with
// a ClientHello, and not with records that pion would answer with an alert.
func TestForgedRecords(t *testing.T) {
	for name, more := range map[string]clientOptions{"no Connection ID": nil, "Connection ID": {withCID}} {
		t.Run(name, func(t *testing.T) {
			l := listen(t)
			in := serving(t, l)
			d := dial(t, l, psk("meter", more...))
			d.say(t, "first")
			first := hears(t, in, "first")
			hello := helloOf(t)
			record := func(kind byte, content ...byte) []byte {
				return append([]byte{kind, 254, 253, 0, 0, 0, 0, 0, 0, 9, 9, 0, byte(len(content))}, content...)
			}
			encrypted := record(23, make([]byte, 40)...)
			encrypted[4] = 1
			for name, forged := range map[string][]byte{
				"ClientHello":        hello,
				"alert":              record(21, 2, 40),
				"close_notify":       record(21, 1, 0),
				"application data":   record(23, 'x'),
				"ChangeCipherSpec":   record(20, 7),
				"ServerHelloDone":    record(22, 14, 0, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0),
				"unknown type":       record(99, 0),
				"no key":             encrypted,
				"two in one":         append(record(20, 1), record(23, 'x')...),
				"behind a handshake": append(record(22, 14, 0, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0), record(21, 2, 40)...),
			} {
				t.Run(name, func(t *testing.T) {
					// Forging an address takes a raw socket; the device's own socket
					// sends the same.
					for range 3 {
						if _, err := d.socket.WriteTo(forged, net.UDPAddrFromAddrPort(l.LocalAddr())); err != nil {
							t.Fatal(err)
						}
					}
					d.say(t, "still here")
					if now := hears(t, in, "still here"); now.From != first.From {
						t.Error("another session")
					}
					answer(l, first, "so am I")
					d.hear(t, "so am I")
				})
			}
			if s := l.SessionStats(); s.Handshakes != 1 || s.Replaced != 0 {
				t.Errorf("%+v: want the one session", s)
			}
		})
	}
}

// A forged ClientHello does not keep the device of that address from its
// handshake either.
func TestForgedHelloBeforeHandshake(t *testing.T) {
	l := listen(t)
	in := serving(t, l)
	at := transporttest.NewRoamer(t, "127.0.0.1:0")
	if _, err := at.WriteTo(helloOf(t), net.UDPAddrFromAddrPort(l.LocalAddr())); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the forged handshake begins", func() bool { return l.SessionStats().Handshaking == 1 })
	if _, _, err := at.ReadFrom(make([]byte, 2000)); err != nil { // nobody asked for the answer
		t.Fatal(err)
	}
	dialFrom(t, l, at, psk("meter")).say(t, "hello")
	hears(t, in, "hello")
	if s := l.SessionStats(); s.Displaced != 1 {
		t.Errorf("%+v: want the forged one to have given way", s)
	}
}

// 20,000 ClientHellos from as many addresses, which never answer, while honest
// devices connect.
func TestSilentHellos(t *testing.T) {
	l := listen(t, func(c *Config) { c.MaxHandshakes = 200; c.HandshakeRate = 100 })
	in := serving(t, l)
	hello := helloOf(t)
	const total = 20_000
	var sent atomic.Int64
	flood := make(chan struct{})
	go func() {
		defer close(flood)
		to := net.UDPAddrFromAddrPort(l.LocalAddr())
		for i := range total / 100 {
			// 200 networks, 100 ports each; the loopback network is large.
			for range 100 {
				c, err := net.ListenPacket("udp4", fmt.Sprintf("127.%d.%d.%d:0", 1+i/100, i%100, 1+i%250))
				if err != nil {
					t.Error(err)
					return
				}
				hello[27]++ // of the random: a handshake of its own
				hello[28] = byte(i)
				if _, err := c.WriteTo(hello, to); err == nil {
					sent.Add(1)
				}
				c.Close()
			}
		}
	}()
	const honest = 20
	var let sync.WaitGroup
	for range honest {
		let.Go(func() {
			d, err := try(t, transporttest.NewRoamer(t, "127.0.0.1:0"), net.UDPAddrFromAddrPort(l.LocalAddr()), psk("meter"))
			if err != nil {
				t.Error(err)
				return
			}
			d.say(t, "let me in")
		})
	}
	let.Wait()
	for range honest {
		hears(t, in, "let me in")
	}
	<-flood
	s := l.SessionStats()
	if s.Sessions != honest || s.Handshaking > 200 || s.Doubted < total/2 {
		t.Errorf("%+v: want %d sessions, at most 200 handshakes, and most hellos not believed", s, honest)
	}
	t.Logf("%d honest devices beside %d silent ones: %+v", honest, sent.Load(), s)
}

// A network that begins too many handshakes is not answered for a while; others
// are.
func TestHandshakeRate(t *testing.T) {
	l := listen(t, func(c *Config) { c.HandshakeRate = 5 })
	serving(t, l)
	hello := helloOf(t)
	for i := range 50 {
		at := transporttest.NewRoamer(t, "127.0.0.1:0")
		hello[27] = byte(i)
		if _, err := at.WriteTo(hello, net.UDPAddrFromAddrPort(l.LocalAddr())); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "some are refused", func() bool { return l.SessionStats().RefusedRate >= 40 })
	dialFrom(t, l, transporttest.NewRoamer(t, "127.0.1.1:0"), psk("meter"))
}

// stalled is a handshake whose peer has returned the cookie, and then says no more.
func stalled(t testing.TB, l *Link, at string) {
	t.Helper()
	m := &mutable{PacketConn: transporttest.NewRoamer(t, at)}
	o := append(psk("meter"), dtls.WithPSK(func([]byte) ([]byte, error) { // asked after the ServerHello
		m.muted.Store(true)
		return keys("meter"), nil
	}))
	c, err := dtls.ClientWithOptions(m, net.UDPAddrFromAddrPort(l.LocalAddr()), o...)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	go func() {
		defer cancel()
		_ = c.HandshakeContext(ctx)
	}()
	t.Cleanup(func() { cancel(); c.Close() })
	eventually(t, "the handshake stalls", m.muted.Load)
}

// Peers that are where they say, and stall, keep nobody out either: the oldest
// gives way, and a network has its share.
func TestStalledHandshakes(t *testing.T) {
	l := listen(t, func(c *Config) { c.MaxHandshakes = 8 })
	in := serving(t, l)
	for i := range 10 {
		stalled(t, l, fmt.Sprintf("127.0.%d.1:0", 10+i))
	}
	for range 2 { // the share of a network
		stalled(t, l, "127.0.99.1:0")
	}
	refused := l.SessionStats().RefusedRate
	if _, err := transporttest.NewRoamer(t, "127.0.99.1:0").WriteTo(helloOf(t), net.UDPAddrFromAddrPort(l.LocalAddr())); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the third of the network is refused", func() bool { return l.SessionStats().RefusedRate == refused+1 })
	dial(t, l, psk("meter")).say(t, "hello")
	hears(t, in, "hello")
	if s := l.SessionStats(); s.Handshaking > 8 || s.Displaced < 4 {
		t.Errorf("%+v: want at most 8 handshakes, the oldest gone", s)
	}
}
