package broker

import (
	"sync"

	"snbroker/internal/store"
)

// Store is what the broker needs of a log that survives a power cut; the Log of
// internal/store is one. A record is opaque to it.
type Store interface {
	// Replay gives each record, oldest first; it is called once, first.
	Replay(visit func(at store.LSN, record []byte) error) (store.Report, error)
	Start(c store.Compactor)
	Compact(c store.Compactor)
	// Append adds a record without waiting for the disk; live ones count as
	// needed until Dead.
	Append(record []byte, live bool) (at, end store.LSN)
	End() store.LSN
	Durable() store.LSN
	Notify(upTo store.LSN, w store.Waiter) bool
	Read(at store.LSN, buf []byte) ([]byte, error)
	Live(at store.LSN, n int)
	Dead(at store.LSN, n int)
	// Err tells why what is appended does not become durable; nil: it does.
	Err() error
}

// The rules that make a restart harmless:
//
//   - A change of a session appends its record under the session's lock: the
//     log has them in the order in which they happened.
//   - A message has one record, with every session that must get it, so that
//     all of it is there after a crash, or nothing.
//   - What makes a record dead is appended before Dead is said: its segment may be
//     let go at once.
//   - Whatever is acknowledged waits until the records before it are durable
//     (Turn.Until); a QoS 2 delivery, too, waits for its message's.
//   - A session numbers its deliveries as they are queued, and the number gives
//     the packet identifier: one that was sent before the crash has the same
//     after it.

// scratch lends buffers for encoding records.
var scratch = sync.Pool{New: func() any { b := make([]byte, 0, 512); return &b }}

// append adds a record that encode makes. The caller holds the lock of whatever
// the record is about.
func (b *Broker) append(live bool, encode func([]byte) []byte) (at, end store.LSN, n int) {
	buf := scratch.Get().(*[]byte)
	*buf = encode((*buf)[:0])
	at, end = b.store.Append(*buf, live)
	n = len(*buf)
	if cap(*buf) > 64<<10 {
		*buf = nil
	}
	scratch.Put(buf)
	return at, end, n
}

// note appends a change of a session that is kept.
func (b *Broker) note(kind recordKind, no, value uint32) (end store.LSN) {
	buf := scratch.Get().(*[]byte)
	*buf = appendNumbers((*buf)[:0], kind, no, value)
	_, end = b.store.Append(*buf, false)
	scratch.Put(buf)
	return end
}

// Until is what must be durable before anything that the turn answered may be
// acknowledged; see [Broker.Durable] and [Broker.Notify]. Zero: nothing.
func (t *Turn) Until() store.LSN { return t.until }

// Settled forgets what Until said: the caller has taken it over.
func (t *Turn) Settled() { t.until = 0 }

func (t *Turn) waitFor(end store.LSN) { t.until = max(t.until, end) }

// Durable tells whether everything up to until would survive a power cut.
func (b *Broker) Durable(until store.LSN) bool {
	return until == 0 || b.store.Durable() >= until
}

// Failing tells whether the disk does not take what is appended.
func (b *Broker) Failing() bool { return b.store != nil && b.store.Err() != nil }

// maxBacklog is how many octets may wait in memory for a disk that fails. Then
// clients that would add to it are not let in, and what comes at QoS 0 is kept in
// memory alone.
const maxBacklog = 16 << 20

// swamped tells whether so much waits for a disk that fails.
func (b *Broker) swamped() bool {
	return b.Failing() && b.store.End()-b.store.Durable() > maxBacklog
}

// Notify has w told, once, when everything up to until is durable; false says
// that it is so already, and w is not told.
func (b *Broker) Notify(until store.LSN, w store.Waiter) bool {
	return until != 0 && b.store.Notify(until, w)
}
