package listener

import (
	"crypto/tls"
	"net"
	"os"
	"time"
)

// handshake meets the client with TLS.
func (t *TLS) handshake(nc net.Conn, until time.Time) (*tls.Conn, error) {
	g := &gate{Conn: nc, slots: t.slots, until: until}
	tc := tls.Server(g, t.Config())
	err := tc.Handshake()
	g.leave()
	g.slots = nil // from here on it is not in the way
	return tc, err
}

// gate is the socket below a handshake. It holds a slot between reads, when
// there is something to compute, and none while it waits for the client.
type gate struct {
	net.Conn
	slots  chan struct{} // nil: the handshake is over
	inside bool
	until  time.Time
}

func (g *gate) Read(b []byte) (int, error) {
	if g.slots == nil {
		return g.Conn.Read(b)
	}
	g.leave()
	n, err := g.Conn.Read(b)
	if err == nil {
		err = g.enter()
	}
	return n, err
}

func (g *gate) enter() error {
	select {
	case g.slots <- struct{}{}:
		g.inside = true
		return nil
	default:
	}
	late := time.NewTimer(time.Until(g.until))
	defer late.Stop()
	select {
	case g.slots <- struct{}{}:
		g.inside = true
		return nil
	case <-late.C:
		return os.ErrDeadlineExceeded
	}
}

func (g *gate) leave() {
	if g.inside {
		g.inside = false
		<-g.slots
	}
}
