package transport

import "sync/atomic"

// Stats is a snapshot of a link's counters. Everything counts datagrams unless
// its name says bytes.
type Stats struct {
	DatagramsIn, BytesIn   uint64 // handed to Receive
	DatagramsOut, BytesOut uint64 // accepted by the kernel, the radio, the other end

	SendErrors    uint64 // refused: too large, no route, unknown address family
	SendDrops     uint64 // given up because the way out stayed full
	ReceiveErrors uint64 // reads that failed, ICMP errors among them; reading went on
	Oversized     uint64 // received datagrams longer than MTU, dropped
	KernelDrops   uint64 // dropped by the kernel before we read them: its receive buffer was full
}

// Counters is what a link counts with; the zero value is ready. A link adds
// once a batch, not once a datagram.
type Counters struct {
	DatagramsIn, BytesIn, DatagramsOut, BytesOut atomic.Uint64

	SendErrors, SendDrops, ReceiveErrors, Oversized, KernelDrops atomic.Uint64
}

// Snapshot reads each counter once. The counters are not read together: a
// datagram may be in one and not yet in another.
func (c *Counters) Snapshot() Stats {
	return Stats{
		DatagramsIn:   c.DatagramsIn.Load(),
		BytesIn:       c.BytesIn.Load(),
		DatagramsOut:  c.DatagramsOut.Load(),
		BytesOut:      c.BytesOut.Load(),
		SendErrors:    c.SendErrors.Load(),
		SendDrops:     c.SendDrops.Load(),
		ReceiveErrors: c.ReceiveErrors.Load(),
		Oversized:     c.Oversized.Load(),
		KernelDrops:   c.KernelDrops.Load(),
	}
}
