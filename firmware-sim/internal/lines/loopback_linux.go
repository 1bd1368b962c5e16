package lines

import (
	"net/netip"
	"os"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

func open(gateway netip.AddrPort, r Receiver) (Lines, error) {
	if gateway.Addr().Is4() && gateway.Addr().IsLoopback() {
		return newLoopback(gateway, r)
	}
	return newSockets(gateway, r)
}

// loopback has one socket for all lines. A line's number is in its address:
// 127.64.0.0 and above, so that nobody takes it for 127.0.0.1.
type loopback struct {
	fd       int
	closing  atomic.Bool
	done     chan struct{}
	gateway  netip.AddrPort
	overrun  uint64 // before the first line
	last     Stats  // once shut
	next     ID
	out      *vector
	queued   int
	sent     uint64
	refused  atomic.Uint64
	received atomic.Uint64
}

const (
	slots       = 64 // datagrams in one system call
	buffer      = 8 << 20
	firstNumber = 64 << 16
	maxLines    = (128 - 64) << 16
)

// newLoopback opens the socket. No poller watches it: that would be told of each
// datagram, in and out, which is a fifth of what a datagram costs both ends. The
// reader waits in the kernel instead, and is woken only if it does.
func newLoopback(gateway netip.AddrPort, r Receiver) (Lines, error) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, os.NewSyscallError("socket", err)
	}
	l := &loopback{fd: fd, done: make(chan struct{}), gateway: gateway, overrun: overrun(gateway), out: newVector(slots, &gateway)}
	if err := l.prepare(); err != nil {
		unix.Close(fd)
		return nil, err
	}
	go l.serve(r)
	return l, nil
}

func (l *loopback) prepare() error {
	// Any of this machine's addresses: so that each datagram may choose.
	if err := unix.Bind(l.fd, &unix.SockaddrInet4{}); err != nil {
		return os.NewSyscallError("bind", err)
	}
	if err := unix.SetsockoptInt(l.fd, unix.IPPROTO_IP, unix.IP_PKTINFO, 1); err != nil {
		return os.NewSyscallError("setsockopt", err)
	}
	// Datagrams that are never cut up need no identification, which is a hash each.
	if err := unix.SetsockoptInt(l.fd, unix.IPPROTO_IP, unix.IP_MTU_DISCOVER, unix.IP_PMTUDISC_DO); err != nil {
		return os.NewSyscallError("setsockopt", err)
	}
	// As much as the system allows: a fleet is answered all at once.
	for _, o := range [][2]int{{unix.SO_RCVBUFFORCE, unix.SO_RCVBUF}, {unix.SO_SNDBUFFORCE, unix.SO_SNDBUF}} {
		if unix.SetsockoptInt(l.fd, unix.SOL_SOCKET, o[0], buffer) != nil {
			unix.SetsockoptInt(l.fd, unix.SOL_SOCKET, o[1], buffer)
		}
	}
	return nil
}

func (l *loopback) Open(Namer) (ID, error) {
	if l.next >= maxLines {
		return 0, ErrTooMany
	}
	l.next++
	return l.next - 1, nil
}

// Close leaves the address alone: what still comes to it belongs to nobody.
func (l *loopback) Close(ID) {}

func (l *loopback) Move(ID) bool   { return false }
func (l *loopback) Limits() Limits { return udpLimits }
func (l *loopback) Err() error     { return nil }

func (l *loopback) Send(id ID, b []byte) {
	l.out.set(l.queued, b)
	n := uint32(id) + firstNumber
	l.out.setSource(l.queued, [4]byte{127, byte(n >> 16), byte(n >> 8), byte(n)})
	if l.queued++; l.queued == slots {
		l.Flush()
	}
}

func (l *loopback) Flush() {
	for from := 0; from < l.queued; {
		n, errno := l.out.send(l.fd, from, l.queued)
		switch {
		case errno == unix.EAGAIN:
			l.refused.Add(uint64(l.queued - from))
			from = l.queued
		case errno != 0: // of this datagram, or of one sent before
			l.refused.Add(1)
			if errno != unix.ECONNREFUSED {
				from++
			}
		default:
			from += n
			l.sent += uint64(n)
		}
	}
	l.queued = 0
}

// serve is the goroutine that reads, until Shut.
func (l *loopback) serve(r Receiver) {
	defer close(l.done)
	in := newVector(slots, nil)
	batch := make([]Datagram, 0, slots)
	for {
		n, _ := in.receive(l.fd)
		if l.closing.Load() {
			return
		}
		batch = batch[:0]
		for i := range n {
			to, ok := in.destination(i)
			number := uint32(to[1])<<16 | uint32(to[2])<<8 | uint32(to[3])
			if ok && number >= firstNumber {
				batch = append(batch, Datagram{ID(number - firstNumber), in.data(i)})
			}
		}
		l.received.Add(uint64(len(batch)))
		if len(batch) > 0 {
			r.Received(batch)
		}
		in.reset(n)
	}
}

func (l *loopback) Stats() Stats {
	if l.fd < 0 {
		return l.last
	}
	over := overrun(l.gateway)
	l.overrun = min(l.overrun, over) // a gateway that was restarted counts anew
	return Stats{
		Sent: l.sent, Received: l.received.Load(), Refused: l.refused.Load(),
		Dropped: uint64(drops(l.fd)), Overrun: over - l.overrun,
	}
}

func (l *loopback) Shut() {
	l.closing.Store(true)
	unix.Shutdown(l.fd, unix.SHUT_RD) // wakes the reader, though the socket is not connected
	<-l.done
	l.last = l.Stats()
	unix.Close(l.fd)
	l.fd = -1
}
