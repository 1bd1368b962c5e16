package lines

import (
	"net/netip"
	"sync/atomic"
)

// perLine is the part of sockets, of which each line has its own, that is the same
// on every system.
type perLine struct {
	to       netip.AddrPort
	sent     uint64
	refused  atomic.Uint64
	received atomic.Uint64
}

func (p *perLine) Flush()         {}
func (p *perLine) Move(ID) bool   { return false }
func (p *perLine) Limits() Limits { return udpLimits }
func (p *perLine) Err() error     { return nil }

func (p *perLine) Stats() Stats {
	return Stats{Sent: p.sent, Received: p.received.Load(), Refused: p.refused.Load()}
}
