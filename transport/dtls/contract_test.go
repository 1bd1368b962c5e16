package dtls

import (
	"context"
	"log/slog"
	"testing"

	"snbroker/transport"
	"snbroker/transport/transporttest"
)

var quiet = pionLog{slog.New(slog.DiscardHandler)}

type peer struct {
	*device
	addr transport.Addr
}

func (p peer) Addr() transport.Addr { return p.addr }

func (p peer) Send(b []byte) error {
	_, err := p.Write(b)
	return err
}

func (p peer) Recv(ctx context.Context) ([]byte, error) {
	if deadline, ok := ctx.Deadline(); ok {
		_ = p.SetReadDeadline(deadline)
	}
	b := make([]byte, 16<<10)
	n, err := p.Read(b)
	return b[:n], err
}

// addrOf is how the link names the device at an address, once it knows it.
func addrOf(t testing.TB, l *Link, d *device) (a transport.Addr) {
	t.Helper()
	eventually(t, "the session is established", func() bool {
		l.mu.Lock()
		defer l.mu.Unlock()
		s := l.settled[transport.Addr{IP: d.addr()}]
		if s != nil {
			a = s.peer
		}
		return s != nil
	})
	return a
}

func TestContract(t *testing.T) {
	for _, tc := range []struct {
		name string
		mtu  int
		more clientOptions
	}{
		{"PSK", 0, nil},
		{"Connection ID", 0, clientOptions{withCID}},
		{"Largest MTU", MaxMTU, clientOptions{withCID}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			transporttest.Suite(t, func(t *testing.T) transporttest.Fixture {
				l := listen(t, func(c *Config) { c.MTU = tc.mtu })
				return transporttest.Fixture{
					Link: l,
					Peer: func(t *testing.T) transporttest.Peer {
						d := dial(t, l, psk("meter", tc.more...))
						return peer{d, addrOf(t, l, d)}
					},
					Nobody:    transport.Addr{Node: "nobody's"},
					Handshake: true,
				}
			})
		})
	}
}
