package dtls

import "sync/atomic"

// Stats is a snapshot of what became of sessions and their datagrams, beyond
// what transport.Stats counts.
type Stats struct {
	Sessions    int // established, now
	Handshaking int // not yet, now

	Handshakes uint64 // finished
	Resumed    uint64 // of these, by resuming a session
	Failed     uint64 // wrong key or certificate, no common cipher suite, given up by the peer
	TimedOut   uint64 // HandshakeTimeout passed
	Unknown    uint64 // proved, but refused by Identify

	RefusedRate uint64 // ClientHellos not answered: HandshakeRate, or a network's share
	Doubted     uint64 // ClientHellos that have to come again, because of many others
	Displaced   uint64 // handshakes that gave way to newer ones: MaxHandshakes

	Replaced uint64 // sessions whose peer made a new one
	Idle     uint64 // ended: IdleTimeout
	Evicted  uint64 // ended: MaxSessions
	Moved    uint64 // new addresses of sessions

	UnknownCID uint64 // datagrams dropped: of no session, as after a restart
	Stray      uint64 // of no session, without a Connection ID
	Overrun    uint64 // the session's queue was full, or its handshake took too many octets
}

type counters struct {
	handshakes, resumed, failed, timedOut, unknown, refusedRate, doubted, displaced,
	replaced, idle, evicted, moved, unknownCID, stray, overrun atomic.Uint64
}

// SessionStats is a snapshot of the counters.
func (l *Link) SessionStats() Stats {
	l.mu.Lock()
	sessions, handshaking := len(l.order), l.handshaking
	l.mu.Unlock()
	c := &l.counts
	return Stats{
		Sessions:    sessions,
		Handshaking: handshaking,
		Handshakes:  c.handshakes.Load(),
		Resumed:     c.resumed.Load(),
		Failed:      c.failed.Load(),
		TimedOut:    c.timedOut.Load(),
		Unknown:     c.unknown.Load(),
		RefusedRate: c.refusedRate.Load(),
		Doubted:     c.doubted.Load(),
		Displaced:   c.displaced.Load(),
		Replaced:    c.replaced.Load(),
		Idle:        c.idle.Load(),
		Evicted:     c.evicted.Load(),
		Moved:       c.moved.Load(),
		UnknownCID:  c.unknownCID.Load(),
		Stray:       c.stray.Load(),
		Overrun:     c.overrun.Load(),
	}
}
