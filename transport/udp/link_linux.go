package udp

import (
	"errors"
	"net/netip"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"snbroker/transport"
)

// Link is a UDP socket, for the service or for a discovery group.
type Link struct {
	// Immutable.
	file     *os.File
	raw      syscall.RawConn // for Control: the socket itself is not in the poller
	readable *readable
	name     string
	addr     netip.AddrPort
	is6      bool
	batch    int
	mtu      int
	group    *membership   // nil for a service socket
	done     chan struct{} // closed by Close

	// Shared, each safe in itself.
	counters transport.Counters
	zones    zones
	paths    *paths // nil if the socket has one address only
	drops    drops
	serving  atomic.Bool
	closing  sync.Once

	// The sender's.
	out *outbox
}

func newLink(fd int, l *Link) (*Link, error) {
	var err error
	if l.file, l.raw, err = unpolled(fd, l.name); err != nil {
		return nil, err
	}
	if l.readable, err = watch(fd, l.name); err != nil {
		l.file.Close()
		return nil, err
	}
	l.done = make(chan struct{})
	l.out = newOutbox(l.batch, l.is6)
	return l, nil
}

// LocalAddr is the address that the socket is bound to, with the port that the
// kernel chose if it was to choose.
func (l *Link) LocalAddr() netip.AddrPort { return l.addr }

// Name is "udp ADDRESS" or "udp group ADDRESS".
func (l *Link) Name() string { return l.name }

// MTU is the largest datagram in octets.
func (l *Link) MTU() int { return l.mtu }

// Stats is a snapshot of the counters.
func (l *Link) Stats() transport.Stats {
	l.drops.refresh(l.raw, &l.counters)
	return l.counters.Snapshot()
}

// Close makes Serve return. It does not wait for it.
func (l *Link) Close() error {
	var err error
	l.closing.Do(func() {
		l.drops.refresh(l.raw, &l.counters)
		close(l.done)
		err = errors.Join(l.readable.close(), l.file.Close())
	})
	return err
}

func (l *Link) closed() bool {
	select {
	case <-l.done:
		return true
	default:
		return false
	}
}

// drops follows the kernel's counter, which has 32 bits and wraps.
type drops struct {
	mu   sync.Mutex
	last uint32
}

func (d *drops) refresh(raw syscall.RawConn, c *transport.Counters) {
	d.mu.Lock()
	defer d.mu.Unlock()
	// After Close there is nothing to ask, and nothing new.
	_ = raw.Control(func(fd uintptr) {
		if n, ok := socketDrops(fd); ok {
			c.KernelDrops.Add(uint64(n - d.last))
			d.last = n
		}
	})
}

var errServed = errors.New("udp: Serve called twice")

// A read error is the report of something that went wrong elsewhere (ICMP,
// an interface that went down) and reading it clears it. If errors keep coming
// regardless, Serve slows down: it must neither end nor spin.
const (
	errorBurst = 32
	errorPause = 10 * time.Millisecond
)
