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
	DropStore                           // the disk is full or broken, and it would have to be kept
	DropUnreadable                      // it was on the disk, and cannot be read any more
	numDropReasons    = 8
)

func (r DropReason) String() string {
	return [numDropReasons]string{"queue_full", "expired", "too_large", "refused", "memory", "not_authorized", "store", "unreadable"}[r]
}

type counters struct {
	published atomic.Uint64
	delivered atomic.Uint64
	bytesIn   atomic.Uint64
	sent      atomic.Uint64
	bytesOut  atomic.Uint64
	expired   atomic.Uint64
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

// Traffic counts what went through, and who is there.
type Traffic struct {
	BytesIn   uint64 // octets of payload taken in
	Sent      uint64 // messages given to connections
	BytesOut  uint64 // octets of their payload
	Connected int    // sessions with a connection
	Expired   uint64 // sessions that ended because their expiry passed
	Shared    int    // shared subscriptions
	Queued    int    // messages waiting in queues
}

// Traffic returns the present counts. It visits each session.
func (b *Broker) Traffic() Traffic {
	t := Traffic{
		BytesIn:  b.stats.bytesIn.Load(),
		Sent:     b.stats.sent.Load(),
		BytesOut: b.stats.bytesOut.Load(),
		Expired:  b.stats.expired.Load(),
	}
	b.mu.Lock()
	sessions := make([]*Session, 0, len(b.sessions))
	for _, s := range b.sessions {
		sessions = append(sessions, s)
	}
	b.mu.Unlock()
	for _, s := range sessions {
		s.mu.Lock()
		if s.conn != nil {
			t.Connected++
		}
		t.Queued += s.queue.len()
		for i := range s.subs {
			if _, _, shared := splitShared(s.subs[i].filter); shared {
				t.Shared++
			}
		}
		s.mu.Unlock()
	}
	return t
}

// Sent returns Traffic's count of that name, and visits nobody.
func (b *Broker) Sent() uint64 { return b.stats.sent.Load() }

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
