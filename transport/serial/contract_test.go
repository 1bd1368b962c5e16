package serial

import (
	"context"
	"log/slog"
	"testing"

	"snbroker/transport"
	"snbroker/transport/transporttest"
)

var quietly = slog.New(slog.DiscardHandler)

// plain is a line for tests.
func plain(framing string, port Port) Config {
	cfg := DefaultConfig()
	cfg.Device, cfg.Framing, cfg.Log = "test", framing, quietly
	cfg.Baud = 4_000_000
	used := false
	cfg.OpenPort = func(context.Context) (Port, error) {
		if used {
			return nil, errHungUp
		}
		used = true
		return port, nil
	}
	return cfg
}

func opened(t testing.TB, cfg Config) *Link {
	t.Helper()
	l, err := Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// addresses are of the n-th node, by framing.
var addresses = map[string]func(n int) string{
	"xbee":      func(n int) string { return string([]byte{0, 0x13, 0xA2, 0, 0x7E, 0x11, byte(n >> 8), byte(n)}) },
	"radiohead": func(n int) string { return string([]byte{byte(n + 1)}) },
}

// Lines with addresses of their own are links like all others.
func TestContract(t *testing.T) {
	for name, address := range addresses {
		t.Run(name, func(t *testing.T) {
			transporttest.Suite(t, func(t *testing.T) transporttest.Fixture {
				ours, theirs := memLine()
				b := newBus(t, theirs, name)
				n := 0
				return transporttest.Fixture{
					Link: opened(t, plain(name, ours)),
					Peer: func(t *testing.T) transporttest.Peer {
						n++
						return b.node(address(n))
					},
					Nobody: transport.Addr{Node: address(200)},
				}
			})
		})
	}
}
