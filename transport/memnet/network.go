package memnet

import (
	"encoding/hex"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"time"

	"snbroker/transport"
)

// maxDatagram is UDP's, so that what fits here fits there.
const maxDatagram = 65507

// Network joins the ends that were opened on it.
type Network struct {
	seed uint64

	mu         sync.Mutex
	impairment Impairment
	ends       map[transport.Addr]*end
	flows      map[pair]*flow
	cut        map[transport.Addr]bool // the far side of a partition
	late       schedule
	stats      Stats
	closed     bool
}

// Stats counts datagrams by what became of them.
type Stats struct {
	Sent        uint64 // given to Send, by links and conns
	Delivered   uint64 // queued at their destination, duplicates included
	Lost        uint64
	Duplicated  uint64
	Reordered   uint64
	Partitioned uint64 // dropped because a partition lay between
	Unreachable uint64 // nobody at the address
	Overflowed  uint64 // the destination's queue was full
}

// New returns a network without impairment.
func New(seed uint64) *Network {
	return &Network{
		seed:  seed,
		ends:  make(map[transport.Addr]*end),
		flows: make(map[pair]*flow),
	}
}

// Stats is a snapshot of the counters.
func (n *Network) Stats() Stats {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.stats
}

// Partition cuts the given addresses off from all others. Among themselves
// they, and the others, go on. Datagrams on their way across are dropped when
// they arrive. Another Partition replaces it.
func (n *Network) Partition(addrs ...string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.cut = make(map[transport.Addr]bool)
	for _, a := range addrs {
		n.cut[ParseAddr(a)] = true
	}
}

// Heal ends the partition.
func (n *Network) Heal() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.cut = nil
}

// Close closes every end and forgets what is under way.
func (n *Network) Close() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.closed = true
	n.late.stop()
	for _, e := range n.ends {
		e.close()
	}
	clear(n.ends)
	return nil
}

// ParseAddr reads an address as Addr.String writes it: "192.0.2.1:1883" is an
// IP address, "#0102" a radio's node in hex. Anything else is a name, and
// stands for a node of those octets. It panics on bad hex: tests choose their
// addresses.
func ParseAddr(s string) transport.Addr {
	if ip, err := netip.ParseAddrPort(s); err == nil {
		return transport.Addr{IP: netip.AddrPortFrom(ip.Addr().Unmap(), ip.Port())}
	}
	if digits, ok := strings.CutPrefix(s, "#"); ok {
		node, err := hex.DecodeString(digits)
		if err != nil {
			panic(fmt.Sprintf("memnet: address %q: %v", s, err))
		}
		return transport.Addr{Node: string(node)}
	}
	return transport.Addr{Node: s}
}

// key is where a datagram for a goes: as on UDP, a node behind an IP address is
// the affair of whoever is at that address.
func key(a transport.Addr) transport.Addr {
	if a.IP.IsValid() {
		return transport.Addr{IP: netip.AddrPortFrom(a.IP.Addr().Unmap(), a.IP.Port())}
	}
	return a
}

func (n *Network) open(addr string) *end {
	a := ParseAddr(addr)
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.closed {
		panic("memnet: network is closed")
	}
	if n.ends[a] != nil {
		panic(fmt.Sprintf("memnet: address %s is in use", a))
	}
	e := newEnd(n, a)
	n.ends[a] = e
	return e
}

func (n *Network) remove(e *end) {
	n.mu.Lock()
	defer n.mu.Unlock()
	e.close()
	if n.ends[e.addr] == e {
		delete(n.ends, e.addr)
	}
}

// send gives a datagram, whose octets are the network's from now on, its fate.
func (n *Network) send(from, to transport.Addr, b []byte) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.closed {
		return
	}
	// What is due but still waits for its timer's goroutine comes first, or
	// this datagram would overtake it.
	n.deliverDue(time.Now())
	to = key(to)
	n.stats.Sent++
	f := n.flow(pair{from, to})
	fate := f.next(n.impairment)
	if fate.lost {
		n.stats.Lost++
		return
	}
	p := packet{from: from, to: to, data: b}
	n.forward(f, p, fate.delay, fate.reordered)
	if fate.duplicated {
		n.stats.Duplicated++
		p.data = append([]byte(nil), b...)
		n.forward(f, p, fate.delayOfCopy, false)
	}
}

// forward delivers now or schedules. Called with mu held.
func (n *Network) forward(f *flow, p packet, delay time.Duration, reordered bool) {
	now := time.Now()
	at := now.Add(delay)
	if reordered {
		// Late, and no bound for those that follow: they overtake.
		n.stats.Reordered++
		at = at.Add(n.impairment.hold())
	} else {
		// Jitter alone must not reorder.
		if at.Before(f.last) {
			at = f.last
		}
		f.last = at
	}
	if !at.After(now) {
		n.deliver(p)
		return
	}
	n.late.add(at, p, n.deliverLate)
}

// deliverLate is the timer's: everything that is due, in order.
func (n *Network) deliverLate() {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.closed {
		return
	}
	n.deliverDue(time.Now())
	n.late.arm(n.deliverLate)
}

func (n *Network) deliverDue(now time.Time) {
	for {
		p, ok := n.late.pop(now)
		if !ok {
			return
		}
		n.deliver(p)
	}
}

// deliver queues a datagram at its destination. Called with mu held.
func (n *Network) deliver(p packet) {
	e := n.ends[p.to]
	switch {
	case n.cut[p.from] != n.cut[p.to]:
		n.stats.Partitioned++
	case e == nil:
		n.stats.Unreachable++
	case !e.push(p):
		n.stats.Overflowed++
	default:
		n.stats.Delivered++
	}
}
