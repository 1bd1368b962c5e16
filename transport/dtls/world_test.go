package dtls

import (
	"context"
	"net"
	"net/netip"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pion/dtls/v3"

	"snbroker/transport"
	"snbroker/transport/transporttest"
)

const patience = 10 * time.Second

// keys are the devices that tests know.
func keys(identity string) []byte {
	if identity == "stranger" {
		return []byte("a key that nobody has")
	}
	return []byte("key of " + identity)
}

func pskConfig() Config {
	c := DefaultConfig()
	c.Address = "127.0.0.1:0"
	c.PSK = keys
	c.HandshakeRate = 0 // all tests are one network
	return c
}

func listen(t testing.TB, change ...func(*Config)) *Link {
	t.Helper()
	cfg := pskConfig()
	for _, f := range change {
		f(&cfg)
	}
	l, err := Listen(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// serving runs Serve until the test ends, and hands over what comes.
func serving(t testing.TB, l *Link) *transporttest.Collect {
	c := transporttest.NewCollect(1000)
	serve(t, l, c)
	return c
}

func serve(t testing.TB, l *Link, r transport.Receiver) {
	ended := make(chan error, 1)
	go func() { ended <- l.Serve(r) }()
	t.Cleanup(func() {
		l.Close()
		select {
		case err := <-ended:
			if err != nil {
				t.Errorf("Serve: %v", err)
			}
		case <-time.After(patience):
			t.Error("Serve did not return after Close")
		}
	})
}

// mutable is a socket that can be made to say nothing more.
type mutable struct {
	net.PacketConn
	muted atomic.Bool
}

func (m *mutable) WriteTo(b []byte, to net.Addr) (int, error) {
	if m.muted.Load() {
		return len(b), nil
	}
	return m.PacketConn.WriteTo(b, to)
}

// Close leaves the port to whom it was, so that no other session gets it: pion's
// listener cannot bear that.
func (m *mutable) Close() error {
	if m.muted.Load() {
		return nil
	}
	return m.PacketConn.Close()
}

// device is a client of pion's: an independent peer, as far as that goes.
type device struct {
	*dtls.Conn
	socket net.PacketConn
}

type clientOptions = []dtls.ClientOption

func psk(identity string, more ...dtls.ClientOption) clientOptions {
	return append(clientOptions{
		dtls.WithPSK(func([]byte) ([]byte, error) { return keys(identity), nil }),
		dtls.WithPSKIdentityHint([]byte(identity)),
		dtls.WithCipherSuites(dtls.TLS_PSK_WITH_AES_128_CCM_8),
		dtls.WithLoggerFactory(quiet),
	}, more...)
}

var withCID = dtls.WithConnectionIDGenerator(dtls.OnlySendCIDGenerator())

func try(t testing.TB, socket net.PacketConn, to net.Addr, o clientOptions) (*device, error) {
	t.Helper()
	c, err := dtls.ClientWithOptions(socket, to, o...)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := c.HandshakeContext(ctx); err != nil {
		return nil, err
	}
	t.Cleanup(func() { c.Close() })
	return &device{c, socket}, nil
}

func dial(t testing.TB, l *Link, o clientOptions) *device {
	t.Helper()
	return dialFrom(t, l, transporttest.NewRoamer(t, "127.0.0.1:0"), o)
}

func dialFrom(t testing.TB, l *Link, socket net.PacketConn, o clientOptions) *device {
	t.Helper()
	d, err := try(t, socket, net.UDPAddrFromAddrPort(l.LocalAddr()), o)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func (d *device) addr() netip.AddrPort { return d.socket.LocalAddr().(*net.UDPAddr).AddrPort() }

func (d *device) say(t testing.TB, text string) {
	t.Helper()
	if _, err := d.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
}

func (d *device) hear(t testing.TB, want string) {
	t.Helper()
	b := make([]byte, 9000)
	d.SetReadDeadline(time.Now().Add(patience))
	if n, err := d.Read(b); err != nil || string(b[:n]) != want {
		t.Fatalf("got %q, %v; want %q", b[:n], err, want)
	}
}

// hears takes the next datagram, which must be want.
func hears(t testing.TB, c *transporttest.Collect, want string) transport.Datagram {
	t.Helper()
	select {
	case d := <-c.C:
		if string(d.Data) != want {
			t.Fatalf("got %q, want %q", d.Data, want)
		}
		return d
	case <-time.After(patience):
		t.Fatalf("gave up waiting for %q", want)
		panic("unreachable")
	}
}

func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("gave up waiting: " + what)
		}
	}
}

func answer(l *Link, d transport.Datagram, text string) {
	l.Send(d.From, d.Local, []byte(text))
	l.Flush()
}
