package dtls

import (
	"net"
	"os"
	"sync"
	"time"

	"snbroker/transport"
)

// maxPiped bounds the datagrams that wait for a session; more are dropped. It is
// a burst of some size; a device that sends faster than its session decrypts is
// not one that runs on a battery.
const maxPiped = 128

// endpoint is a peer's address below DTLS, and which of ours it speaks to. As a
// net.Addr it is comparable, which is how pion sees that it changes.
type endpoint struct {
	addr  transport.Addr
	local uint16
}

func (endpoint) Network() string  { return "dtls" }
func (e endpoint) String() string { return e.addr.String() }

// pipe is the net.PacketConn that pion thinks it has: the link puts a session's
// datagrams in, and what pion writes goes to the link's socket.
type pipe struct {
	session *session

	mu      sync.Mutex
	filled  sync.Cond // of mu: something has changed
	queue   []piped
	taken   net.Addr // where the datagram is from that pion has, or had last
	begun   uint32   // datagrams from another address than the one before, taken
	done    uint32   // of these, that pion has finished with
	last    net.Addr // an endpoint, boxed once as long as it stays
	held    bool     // nothing is read for now
	expired bool     // the deadline of reads has passed
	closed  bool
	muted   bool // nothing more is sent: another session has the address
}

type piped struct {
	data []byte
	from net.Addr
}

// put copies a datagram in. false: there is no room.
func (p *pipe) put(b []byte, from endpoint) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed || len(p.queue) >= maxPiped {
		return false
	}
	if p.last != net.Addr(from) {
		p.last = from
	}
	p.queue = append(p.queue, piped{append(make([]byte, 0, len(b)), b...), p.last})
	p.filled.Signal()
	return true
}

// ReadFrom implements net.PacketConn. pion asks for inbound octets, so nothing
// that the link lets through is cut.
func (p *pipe) ReadFrom(b []byte) (int, net.Addr, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.done != p.begun {
		p.done = p.begun
		p.filled.Broadcast()
	}
	for (len(p.queue) == 0 || p.held) && !p.closed && !p.expired {
		p.filled.Wait()
	}
	switch {
	case p.closed:
		return 0, nil, net.ErrClosed
	case p.expired:
		return 0, nil, os.ErrDeadlineExceeded
	}
	d := p.queue[0]
	p.queue[0] = piped{}
	if p.queue = p.queue[1:]; len(p.queue) == 0 {
		p.queue = nil // an idle session holds no memory for it
	}
	if d.from != p.taken {
		p.taken = d.from
		p.begun++
	}
	return copy(b, d.data), d.from, nil
}

// arrived waits until pion has finished with a datagram from a new address, if it
// has one. pion hands out what was in it before it notes the address, and the
// answer would go to the old one. It always finishes: a datagram has one message,
// and there is room for it since the caller has read one.
func (p *pipe) arrived() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for want := p.begun; int32(p.done-want) < 0 && !p.closed; {
		p.filled.Wait()
	}
}

// WriteTo implements net.PacketConn.
func (p *pipe) WriteTo(b []byte, to net.Addr) (int, error) {
	p.mu.Lock()
	closed, muted := p.closed, p.muted
	p.mu.Unlock()
	if closed {
		return 0, net.ErrClosed
	}
	if !muted {
		p.session.wrote(b)
		p.session.link.write(to.(endpoint), b)
	}
	return len(b), nil
}

// hold has nothing be read until it is called again with false.
func (p *pipe) hold(held bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.held = held
	if !held && len(p.queue) > 0 {
		p.filled.Broadcast()
	}
}

// mute has nothing more be sent.
func (p *pipe) mute() {
	p.mu.Lock()
	p.muted = true
	p.mu.Unlock()
}

// Close implements net.PacketConn.
func (p *pipe) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed, p.queue = true, nil
	p.filled.Broadcast()
	return nil
}

// LocalAddr implements net.PacketConn.
func (p *pipe) LocalAddr() net.Addr { return endpoint{} }

// SetReadDeadline implements net.PacketConn. pion uses it to end a read, with a
// time long past, and to allow the next one, with none.
func (p *pipe) SetReadDeadline(t time.Time) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.expired = !t.IsZero()
	p.filled.Broadcast()
	return nil
}

// SetWriteDeadline implements net.PacketConn: writes do not wait.
func (p *pipe) SetWriteDeadline(time.Time) error { return nil }

// SetDeadline implements net.PacketConn.
func (p *pipe) SetDeadline(t time.Time) error { return p.SetReadDeadline(t) }
