package store

import (
	"fmt"
	"slices"
	"time"
)

const (
	// maxBatch bounds what one commit writes, so that those who come after it
	// do not wait for long. A larger record makes a batch of its own.
	maxBatch = 1 << 20
	// keepBuffer is what a batch's buffer may keep while nothing waits.
	keepBuffer = 64 << 10
	// idleBatches are kept to be used again: one fills while one is written.
	idleBatches = 2
)

// batch is what one commit writes: a commit record and the owner's.
type batch struct {
	base  LSN
	buf   []byte
	live  int64 // octets of those that are needed, with their headers
	count int   // the owner's records
	since time.Time
	// again says that the batch was found at the end of the log by Replay and
	// goes back just as it was.
	again bool
}

func (b *batch) end() LSN { return b.base + LSN(len(b.buf)) }

// Append adds a copy of a record of 1 to MaxRecord octets; it panics at other
// lengths. It never waits for the disk: what waits is kept in memory. live says
// that the record counts as needed until Dead; others count as garbage at once.
// at is where the record is, and end the position after it: it is durable when
// Durable() >= end. While Err is not nil everything that is appended stays in
// memory: it is for the caller to bring less then.
func (l *Log) Append(record []byte, live bool) (at, end LSN) {
	if len(record) == 0 || len(record) > MaxRecord {
		panic(fmt.Sprintf("store: a record of %d octets: it must have 1 to %d", len(record), MaxRecord))
	}
	sum := l.seed.content(record) // the long part, before the lock
	l.mu.Lock()
	defer l.mu.Unlock()
	b := l.room(recordHeader + len(record))
	from := len(b.buf)
	at = b.end()
	b.buf = slices.Grow(b.buf, recordHeader+len(record))[:from+recordHeader]
	l.seed.putHeader(b.buf[from:], at, uint32(len(record)), sum)
	b.buf = append(b.buf, record...)
	b.count++
	if live {
		b.live += recordHeader + int64(len(record))
		l.live += recordHeader + int64(len(record))
	}
	l.stats.Records++
	return at, l.grown()
}

// grown publishes the end of the open batch.
func (l *Log) grown() LSN {
	end := l.open.end()
	l.end.Store(uint64(end))
	if l.o.Durability != Ack && l.trouble.Load() == nil {
		l.durable.Store(uint64(end))
	}
	return end
}

// room is the batch that takes n octets more.
func (l *Log) room(n int) *batch {
	if l.open != nil && len(l.open.buf)+n <= l.limit {
		return l.open
	}
	var b *batch
	if last := len(l.idle) - 1; last >= 0 {
		b, l.idle = l.idle[last], l.idle[:last]
	} else {
		b = new(batch)
	}
	*b = batch{base: l.End(), buf: slices.Grow(b.buf[:0], commitRecord)[:commitRecord], since: time.Now()}
	l.waiting = append(l.waiting, b)
	l.open = b
	// The first starts the committer's clock; a second says that one is full.
	l.poke()
	return b
}

// poke has the committer look again.
func (l *Log) poke() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// release keeps a batch for later, with a small buffer if nothing is going on.
func (l *Log) release(b *batch) {
	if len(l.idle) < idleBatches {
		l.idle = append(l.idle, b)
	}
	if len(l.waiting) > 0 {
		return
	}
	for _, b := range l.idle {
		if cap(b.buf) > keepBuffer {
			b.buf = nil
		}
	}
}
