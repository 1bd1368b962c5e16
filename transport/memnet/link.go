package memnet

import (
	"errors"
	"sync/atomic"

	"snbroker/transport"
)

// linkBatch is how many datagrams a Receive gets at most, and how many Send
// gathers: UDP's default.
const linkBatch = 32

// Link is the gateway's end of a network.
type Link struct {
	end      *end
	mtu      int
	counters transport.Counters
	serving  atomic.Bool

	out []packet // the sender's
}

var _ transport.Link = (*Link)(nil)

// Link opens a link at addr (see ParseAddr), with UDP's MTU. It panics if the
// address is in use.
func (n *Network) Link(addr string) *Link { return n.LinkMTU(addr, maxDatagram) }

// LinkMTU opens a link whose datagrams are at most mtu octets, like a radio's.
func (n *Network) LinkMTU(addr string, mtu int) *Link {
	return &Link{end: n.open(addr), mtu: mtu}
}

// Addr is the link's address, for clients to send to.
func (l *Link) Addr() transport.Addr { return l.end.addr }

// Name is "memory ADDRESS".
func (l *Link) Name() string { return "memory " + l.end.addr.String() }

// MTU is the largest datagram in octets.
func (l *Link) MTU() int { return l.mtu }

// Stats is a snapshot of the counters. KernelDrops counts what the full queue
// turned away.
func (l *Link) Stats() transport.Stats {
	s := l.counters.Snapshot()
	s.KernelDrops = l.end.overflowed()
	return s
}

// Close makes Serve return. It does not wait for it.
func (l *Link) Close() error {
	l.end.net.remove(l.end)
	return nil
}

// Serve reads until Close. After each Receive the octets it saw are
// overwritten, so that a test notices who keeps them.
func (l *Link) Serve(r transport.Receiver) error {
	if l.serving.Swap(true) {
		return errors.New("memnet: Serve called twice")
	}
	packets := make([]packet, linkBatch)
	batch := make([]transport.Datagram, 0, linkBatch)
	for {
		select {
		case <-l.end.done:
			return nil
		case <-l.end.wake:
		}
		n := l.end.pop(packets)
		batch = l.collect(batch[:0], packets[:n])
		if len(batch) > 0 {
			r.Receive(l, batch)
		}
		for _, p := range packets[:n] {
			poison(p.data)
		}
		clear(packets[:n])
		clear(batch)
	}
}

func (l *Link) collect(batch []transport.Datagram, packets []packet) []transport.Datagram {
	for _, p := range packets {
		if len(p.data) > l.mtu {
			l.counters.Oversized.Add(1)
			continue
		}
		l.counters.DatagramsIn.Add(1)
		l.counters.BytesIn.Add(uint64(len(p.data)))
		batch = append(batch, transport.Datagram{From: p.from, Data: p.data})
	}
	return batch
}

func poison(b []byte) {
	for i := range b {
		b[i] = 0xDB
	}
}

// Send copies b into the outgoing batch. The network has one path: local is
// ignored, as the kernel does for 0.
func (l *Link) Send(to transport.Addr, _ uint16, b []byte) {
	if len(b) > l.mtu || to == (transport.Addr{}) {
		l.counters.SendErrors.Add(1)
		return
	}
	if len(l.out) == linkBatch {
		l.Flush()
	}
	l.out = append(l.out, packet{to: to, data: append(make([]byte, 0, len(b)), b...)})
}

// Flush sends the outgoing batch.
func (l *Link) Flush() {
	for _, p := range l.out {
		select {
		case <-l.end.done:
			l.counters.SendErrors.Add(1)
			continue
		default:
		}
		l.counters.DatagramsOut.Add(1)
		l.counters.BytesOut.Add(uint64(len(p.data)))
		l.end.net.send(l.end.addr, p.to, p.data)
	}
	clear(l.out)
	l.out = l.out[:0]
}
