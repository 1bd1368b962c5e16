// Package transporttest holds the tests that every transport.Link passes, whatever
// carries its datagrams, and what several tests need below one: a UDP socket whose
// port changes, and a serial line.
package transporttest

import (
	"context"
	"testing"
	"time"

	"snbroker/transport"
)

// Peer is the other end of the link under test, written without the link's own
// code where that is possible.
type Peer interface {
	// Addr is how the link names this peer.
	Addr() transport.Addr
	Send(b []byte) error
	Recv(ctx context.Context) ([]byte, error)
	Close() error
}

// Fixture is one link under test. Links and peers are closed by the suite.
type Fixture struct {
	Link transport.Link
	// Peer opens another peer, which talks to Link.
	Peer func(t *testing.T) Peer
	// Nobody is an address at which no peer is.
	Nobody transport.Addr
	// Handshake says that a peer can only come to a link that is served.
	Handshake bool
}

// attend serves a link whose peers need that, for tests that receive nothing.
func (f Fixture) attend(t *testing.T) {
	if f.Handshake {
		serve(t, f.Link, Func(func(transport.Link, []transport.Datagram) {}))
	}
}

// Suite runs the contract's tests, each on a new fixture.
func Suite(t *testing.T, open func(t *testing.T) Fixture) {
	for _, tc := range []struct {
		name string
		run  func(*testing.T, Fixture)
	}{
		{"EchoInOrder", echoInOrder},
		{"ManyPeers", manyPeers},
		{"ZeroLength", zeroLength},
		{"Largest", largest},
		{"ManyLargest", manyLargest},
		{"TooLarge", tooLarge},
		{"SendCopies", sendCopies},
		{"SendsWhenFull", sendsWhenFull},
		{"FlushOfNothing", flushOfNothing},
		{"SendFromAnotherGoroutine", sendFromAnotherGoroutine},
		{"NobodyThere", nobodyThere},
		{"Stats", stats},
		{"CloseEndsServe", closeEndsServe},
		{"CloseBeforeServe", closeBeforeServe},
		{"CloseInReceive", closeInReceive},
		{"CloseTwice", closeTwice},
		{"SendAfterClose", sendAfterClose},
		{"CloseWhileBusy", closeWhileBusy},
	} {
		t.Run(tc.name, func(t *testing.T) {
			f := open(t)
			t.Cleanup(func() { f.Link.Close() })
			if f.Link.Name() == "" || f.Link.MTU() < 1 {
				t.Fatalf("name %q, MTU %d", f.Link.Name(), f.Link.MTU())
			}
			tc.run(t, f)
		})
	}
}

// patience bounds what must happen; a passing test waits for none of it.
const patience = 10 * time.Second

// serve runs Serve until the test ends, and checks that it then returns nil.
func serve(t *testing.T, l transport.Link, r transport.Receiver) (ended <-chan struct{}) {
	t.Helper()
	done := make(chan struct{})
	var err error
	go func() {
		defer close(done)
		err = l.Serve(r)
	}()
	t.Cleanup(func() {
		l.Close()
		wait(t, done, "Serve to return after Close")
		if err != nil {
			t.Errorf("Serve returned %v", err)
		}
	})
	return done
}

func wait(t *testing.T, c <-chan struct{}, what string) {
	t.Helper()
	limit := time.NewTimer(patience)
	defer limit.Stop()
	select {
	case <-c:
	case <-limit.C:
		t.Fatalf("gave up waiting for %s", what)
	}
}

func recv(t *testing.T, p Peer) []byte {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	b, err := p.Recv(ctx)
	if err != nil {
		t.Fatalf("receive: %v", err)
	}
	return b
}

func send(t *testing.T, p Peer, b []byte) {
	t.Helper()
	if err := p.Send(b); err != nil {
		t.Fatalf("send of %d octets: %v", len(b), err)
	}
}

func (f Fixture) peer(t *testing.T) Peer {
	t.Helper()
	p := f.Peer(t)
	t.Cleanup(func() { p.Close() })
	return p
}

// pattern is n octets that differ along the way and by seed.
func pattern(n, seed int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i*7 + i>>8*13 + seed)
	}
	return b
}
