package dtls

import (
	"context"
	"net"
	"os"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pion/dtls/v3"

	"snbroker/transport/memnet"
	"snbroker/transport/transporttest"
)

// memSocket is a device's socket on a network in memory, in virtual time.
type memSocket struct {
	*memnet.Conn
	mu     sync.Mutex
	ctx    context.Context
	cancel context.CancelFunc
}

func newMemSocket(n *memnet.Network, at string) *memSocket {
	s := &memSocket{Conn: n.Conn(at)}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	return s
}

func (s *memSocket) ReadFrom(b []byte) (int, net.Addr, error) {
	s.mu.Lock()
	ctx := s.ctx
	s.mu.Unlock()
	from, data, err := s.Recv(ctx)
	if err == context.Canceled {
		err = os.ErrDeadlineExceeded
	}
	return copy(b, data), endpoint{addr: from}, err
}

func (s *memSocket) WriteTo(b []byte, to net.Addr) (int, error) {
	return len(b), s.Send(to.(endpoint).addr, b)
}

func (s *memSocket) SetReadDeadline(t time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cancel()
	if t.IsZero() {
		s.ctx, s.cancel = context.WithCancel(context.Background())
	}
	return nil
}

func (s *memSocket) LocalAddr() net.Addr              { return endpoint{addr: s.Addr()} }
func (s *memSocket) SetDeadline(t time.Time) error    { return s.SetReadDeadline(t) }
func (s *memSocket) SetWriteDeadline(time.Time) error { return nil }

// virtually runs f in virtual time, with a link that is served.
func virtually(t *testing.T, change func(*Config), f func(t *testing.T, n *memnet.Network, l *Link, in *transporttest.Collect)) {
	synctest.Test(t, func(t *testing.T) {
		n := memnet.New(1)
		defer n.Close()
		cfg := pskConfig()
		if change != nil {
			change(&cfg)
		}
		l, err := New(n.Link("192.0.2.1:8883"), cfg)
		if err != nil {
			t.Fatal(err)
		}
		in := transporttest.NewCollect(100)
		ended := make(chan error)
		go func() { ended <- l.Serve(in) }()
		f(t, n, l, in)
		l.Close()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

func dialVirtually(t *testing.T, n *memnet.Network, at string, o clientOptions) *dtls.Conn {
	t.Helper()
	c, err := dtls.ClientWithOptions(newMemSocket(n, at), endpoint{addr: memnet.ParseAddr("192.0.2.1:8883")}, o...)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Handshake(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	synctest.Wait()
	return c
}

// ended tells whether the gateway has ended the session, and told so.
func ended(c *dtls.Conn) <-chan struct{} {
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			if _, err := c.Read(make([]byte, 9000)); err != nil {
				return
			}
		}
	}()
	return done
}

func isEnded(done <-chan struct{}) bool {
	synctest.Wait()
	select {
	case <-done:
		return true
	default:
		return false
	}
}
