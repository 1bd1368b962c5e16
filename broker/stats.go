package broker

import "sync/atomic"

// DropReason tells why a message did not reach a session.
type DropReason uint8

const (
	DropQueueFull     DropReason = iota // the session's queue was at its limit
	DropExpired                         // its message expiry passed while it waited
	DropTooLarge                        // larger than the client's largest packet
	DropRefused                         // the device did not want its topic
	DropMemory                          // all queues together were at their limit
	DropNotAuthorized                   // the client may not publish or receive it
	numDropReasons    = 6
)

func (r DropReason) String() string {
	return [numDropReasons]string{"queue_full", "expired", "too_large", "refused", "memory", "not_authorized"}[r]
}

type counters struct {
	published atomic.Uint64
	delivered atomic.Uint64
	dropped   [numDropReasons]atomic.Uint64
}

// Stats is a snapshot of the broker's counts.
type Stats struct {
	Published     uint64 // messages taken in
	Delivered     uint64 // messages put into queues
	Dropped       map[DropReason]uint64
	Sessions      int
	Subscriptions int
	Retained      int
}

// Stats returns the present counts.
func (b *Broker) Stats() Stats {
	s := Stats{
		Published: b.stats.published.Load(),
		Delivered: b.stats.delivered.Load(),
		Dropped:   make(map[DropReason]uint64, numDropReasons),
		Retained:  b.retained.count(),
	}
	for why := range DropReason(numDropReasons) {
		s.Dropped[why] = b.stats.dropped[why].Load()
	}
	b.mu.Lock()
	s.Sessions = len(b.sessions)
	b.mu.Unlock()
	b.index.mu.RLock()
	s.Subscriptions = b.index.count
	b.index.mu.RUnlock()
	return s
}
