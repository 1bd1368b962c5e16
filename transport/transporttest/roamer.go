package transporttest

import (
	"net"
	"sync"
	"testing"
	"time"
)

// Roamer is a UDP socket whose port changes, as behind a NAT.
type Roamer struct {
	mu  sync.Mutex
	now net.PacketConn
}

// NewRoamer has the address at first; a port of 0 is any that is free.
func NewRoamer(t testing.TB, at string) *Roamer {
	t.Helper()
	c, err := net.ListenPacket("udp", at)
	if err != nil {
		t.Fatal(err)
	}
	r := &Roamer{now: c}
	t.Cleanup(func() { r.Close() })
	return r
}

// Cut ends the socket without a word, as a device that loses its power, and tells
// which port is free then.
func (r *Roamer) Cut() string {
	at := r.LocalAddr().String()
	r.Close()
	return at
}

// Roam goes to another port, and tells which it left. What comes there is lost.
func (r *Roamer) Roam(t testing.TB) (left string) {
	t.Helper()
	c, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	left = r.now.LocalAddr().String()
	r.now.Close()
	r.now = c
	return left
}

func (r *Roamer) present() net.PacketConn {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.now
}

func (r *Roamer) ReadFrom(b []byte) (int, net.Addr, error) {
	for {
		c := r.present()
		n, from, err := c.ReadFrom(b)
		if err == nil || c == r.present() {
			return n, from, err
		}
	}
}

func (r *Roamer) WriteTo(b []byte, to net.Addr) (int, error) { return r.present().WriteTo(b, to) }
func (r *Roamer) Close() error                               { return r.present().Close() }
func (r *Roamer) LocalAddr() net.Addr                        { return r.present().LocalAddr() }
func (r *Roamer) SetDeadline(t time.Time) error              { return r.present().SetDeadline(t) }
func (r *Roamer) SetReadDeadline(t time.Time) error          { return r.present().SetReadDeadline(t) }
func (r *Roamer) SetWriteDeadline(t time.Time) error         { return r.present().SetWriteDeadline(t) }
