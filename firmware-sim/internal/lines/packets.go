package lines

import (
	"net"
	"os"
	"sync"
	"time"
)

// maxWaiting bounds the datagrams that wait for a session, in either direction;
// more are dropped.
const maxWaiting = 32

// packets is the net.PacketConn that a session of pion's thinks it has.
type packets struct {
	write func([]byte)

	mu      sync.Mutex
	changed sync.Cond // of mu
	queue   [][]byte
	expired bool // the deadline of reads has passed
	closed  bool
}

func newPackets(write func([]byte)) *packets {
	p := &packets{write: write}
	p.changed.L = &p.mu
	return p
}

// put copies a datagram in. false: there is no room. What comes after the end, as
// the gateway's last word does, nobody wants.
func (p *packets) put(b []byte) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return true
	}
	if len(p.queue) == maxWaiting {
		return false
	}
	p.queue = append(p.queue, append([]byte(nil), b...))
	p.changed.Signal()
	return true
}

// ReadFrom implements net.PacketConn.
func (p *packets) ReadFrom(b []byte) (int, net.Addr, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for len(p.queue) == 0 && !p.expired && !p.closed {
		p.changed.Wait()
	}
	switch {
	case p.closed:
		return 0, nil, net.ErrClosed
	case p.expired:
		return 0, nil, os.ErrDeadlineExceeded
	}
	n := copy(b, p.queue[0])
	p.queue[0] = nil
	if p.queue = p.queue[1:]; len(p.queue) == 0 {
		p.queue = nil // an idle session holds no memory for it
	}
	return n, gatewayAddr{}, nil
}

// WriteTo implements net.PacketConn.
func (p *packets) WriteTo(b []byte, _ net.Addr) (int, error) {
	p.mu.Lock()
	closed := p.closed
	p.mu.Unlock()
	if closed {
		return 0, net.ErrClosed
	}
	p.write(b)
	return len(b), nil
}

// Close implements net.PacketConn.
func (p *packets) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed, p.queue = true, nil
	p.changed.Broadcast()
	return nil
}

// SetReadDeadline implements net.PacketConn. pion ends a read with a time that is
// long past, and allows the next with none.
func (p *packets) SetReadDeadline(t time.Time) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.expired = !t.IsZero()
	p.changed.Broadcast()
	return nil
}

// SetWriteDeadline implements net.PacketConn: writes do not wait.
func (p *packets) SetWriteDeadline(time.Time) error { return nil }

// SetDeadline implements net.PacketConn.
func (p *packets) SetDeadline(t time.Time) error { return p.SetReadDeadline(t) }

// LocalAddr implements net.PacketConn.
func (p *packets) LocalAddr() net.Addr { return gatewayAddr{} }

// gatewayAddr is the one address there is.
type gatewayAddr struct{}

func (gatewayAddr) Network() string { return "dtls" }
func (gatewayAddr) String() string  { return "gateway" }
