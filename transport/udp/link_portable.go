//go:build !linux

package udp

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"snbroker/transport"
)

// Link is a UDP socket, for the service or for a discovery group.
type Link struct {
	conn     *net.UDPConn
	name     string
	addr     netip.AddrPort
	mtu      int
	batch    int
	group    netip.AddrPort // zero for a service socket
	done     chan struct{}
	counters transport.Counters
	serving  atomic.Bool
	closing  sync.Once

	// The sender's: datagrams end to end in mem.
	mem []byte
	out []outgoing
}

type outgoing struct {
	to   netip.AddrPort
	size int
}

const (
	arenaSize  = 64 << 10
	errorBurst = 32
	errorPause = 10 * time.Millisecond
)

func newLink(conn *net.UDPConn, name string, addr netip.AddrPort, cfg Config) *Link {
	return &Link{
		conn: conn, name: name, addr: addr, mtu: cfg.MTU, batch: cfg.Batch,
		done: make(chan struct{}),
		mem:  make([]byte, 0, arenaSize),
	}
}

// LocalAddr is the address that the socket is bound to.
func (l *Link) LocalAddr() netip.AddrPort { return l.addr }

// GroupAddr is where Send reaches the group; zero for a service socket.
func (l *Link) GroupAddr() netip.AddrPort { return l.group }

// GroupAddrs is where another socket reaches the group.
func (l *Link) GroupAddrs() []netip.AddrPort { return []netip.AddrPort{l.GroupAddr()} }

// Rejoin does nothing here: package net joins one interface, once.
func (l *Link) Rejoin() error { return nil }

// Name is "udp ADDRESS" or "udp group ADDRESS".
func (l *Link) Name() string { return l.name }

// MTU is the largest datagram in octets.
func (l *Link) MTU() int { return l.mtu }

// Stats is a snapshot of the counters. KernelDrops is unknown here.
func (l *Link) Stats() transport.Stats { return l.counters.Snapshot() }

// Close makes Serve return. It does not wait for it.
func (l *Link) Close() error {
	var err error
	l.closing.Do(func() {
		close(l.done)
		err = l.conn.Close()
	})
	return err
}

var errServed = errors.New("udp: Serve called twice")

// Serve reads until Close: Receive, the first of the six steps.
func (l *Link) Serve(r transport.Receiver) error {
	if l.serving.Swap(true) {
		return errServed
	}
	buf := make([]byte, 64<<10)
	batch := make([]transport.Datagram, 1)
	failures := 0
	for {
		n, from, err := l.conn.ReadFromUDPAddrPort(buf)
		switch {
		case errors.Is(err, net.ErrClosed):
			return nil
		case err != nil:
			// The report of an earlier datagram that found nobody, as a rule.
			l.counters.ReceiveErrors.Add(1)
			if failures++; failures >= errorBurst {
				failures = 0
				l.pause()
			}
			continue
		case n > l.mtu:
			l.counters.Oversized.Add(1)
			continue
		}
		failures = 0
		l.counters.DatagramsIn.Add(1)
		l.counters.BytesIn.Add(uint64(n))
		from = netip.AddrPortFrom(from.Addr().Unmap(), from.Port())
		batch[0] = transport.Datagram{From: transport.Addr{IP: from}, Data: buf[:n:n]}
		r.Receive(l, batch)
	}
}

func (l *Link) pause() {
	select {
	case <-l.done:
	case <-time.After(errorPause):
	}
}

// Send copies b into the outgoing batch.
func (l *Link) Send(to transport.Addr, _ uint16, b []byte) {
	if len(b) > l.mtu || !to.IP.IsValid() {
		l.counters.SendErrors.Add(1)
		return
	}
	if len(l.out) == l.batch || len(l.mem)+len(b) > cap(l.mem) {
		l.Flush()
	}
	l.mem = append(l.mem, b...)
	l.out = append(l.out, outgoing{to.IP, len(b)})
}

// Flush sends the outgoing batch. If the kernel has no room it waits once, and
// then drops the rest: all datagrams of a socket share its buffer.
func (l *Link) Flush() {
	rest := l.mem
	full := false
	for _, o := range l.out {
		b := rest[:o.size]
		rest = rest[o.size:]
		if full {
			l.counters.SendDrops.Add(1)
			continue
		}
		switch err := l.write(b, o.to); {
		case err == nil:
			l.counters.DatagramsOut.Add(1)
			l.counters.BytesOut.Add(uint64(o.size))
		case errors.Is(err, os.ErrDeadlineExceeded):
			l.counters.SendDrops.Add(1)
			full = true
		default:
			l.counters.SendErrors.Add(1)
		}
	}
	l.mem, l.out = l.mem[:0], l.out[:0]
}

// write tries until patience is over. A deadline that has passed keeps package
// net from trying at all, and being preempted after setting it is no full
// buffer; hence a few deadlines, each with an attempt, and not one.
func (l *Link) write(b []byte, to netip.AddrPort) error {
	const attempts = 4
	var err error
	for range attempts {
		// Fails only when closed, as the write then does.
		_ = l.conn.SetWriteDeadline(time.Now().Add(patience))
		if _, err = l.conn.WriteToUDPAddrPort(b, to); !errors.Is(err, os.ErrDeadlineExceeded) {
			return err
		}
	}
	return err
}
