package store

import (
	"runtime"
	"time"
)

const (
	// After a failure the disk is tried again so much later, then twice as much.
	firstRetry = 500 * time.Millisecond
	lastRetry  = 10 * time.Second
	// gather may take a quarter of a commit's time, but neither more than this,
	// nor so many turns of the scheduler: it keeps a core busy.
	gatherTime  = 500 * time.Microsecond
	gatherTurns = 1000
)

// commitLoop is the committer, the one goroutine that writes segments. It
// sleeps while nothing waits.
func (l *Log) commitLoop() {
	defer l.running.Done()
	defer l.notify.finish()
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		now := time.Now()
		lack, low := l.lack(now)
		if low && lack <= 0 {
			l.reserve()
			continue
		}
		pause, waits := l.due(now)
		if waits && pause <= 0 && !closed(l.last) {
			l.gather()
			if l.commit() && l.turned {
				l.turned = false
				l.reserve()
			}
			continue
		}
		var ring <-chan time.Time
		if low && (!waits || lack < pause) {
			pause, waits = lack, true
		}
		if waits {
			timer.Reset(pause)
			ring = timer.C
		}
		select {
		case <-l.last:
			l.finish()
			return
		case <-l.wake:
		case <-ring:
		}
	}
}

func closed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// due is how long the next commit has time; false: nothing waits.
func (l *Log) due(now time.Time) (time.Duration, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.waiting) == 0 {
		return 0, false
	}
	since := l.waiting[0].since
	switch {
	case l.retry > 0:
		return l.retryAt.Sub(now), true
	case len(l.waiting) > 1: // the first is full
		return 0, true
	case LSN(l.wanted.Load()) > l.synced:
		return since.Add(l.o.GroupDelay).Sub(now), true
	case l.o.Durability == Ack:
		return since.Add(l.o.Interval).Sub(now), true
	}
	return since.Add(l.budget.pace(now, l.o.Interval)).Sub(now), true
}

// gather lets those who waited for the last commit come again before the next
// begins: they are running just now, and each would wait for two commits
// otherwise. It waits for as many as there were, and not for long.
func (l *Log) gather() {
	began, most := time.Now(), min(gatherTime, l.took/4)
	for i := 0; i < gatherTurns && l.asked.Load() < l.company && time.Since(began) < most; i++ {
		runtime.Gosched()
	}
	l.company = l.asked.Swap(0)
}

// want asks for all below a position to be on the disk.
func (l *Log) want(upTo LSN) {
	for {
		before := l.wanted.Load()
		if before >= uint64(upTo) {
			return
		}
		if l.wanted.CompareAndSwap(before, uint64(upTo)) {
			l.poke()
			return
		}
	}
}

// finish commits what waits when the log is closed, and a last commit record
// that says that what came before it was complete. Each is tried once.
func (l *Log) finish() {
	for l.busy() {
		if !l.commit() {
			return
		}
	}
	if l.unsynced { // of a log that does not fsync
		if err := l.sync(l.cur.file); err != nil {
			l.failed(err, time.Now())
			return
		}
		l.unsynced = false
		l.mu.Lock()
		l.synced = l.cur.end
		l.mu.Unlock()
	}
	l.mu.Lock()
	began := l.stats.Commits > 0
	if began {
		l.room(0)
		l.grown()
	}
	l.mu.Unlock()
	if began {
		l.commit()
	}
}

// busy tells whether something waits.
func (l *Log) busy() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.waiting) > 0
}

// commit writes the oldest batch; false if the disk did not take it.
func (l *Log) commit() bool {
	l.mu.Lock()
	b := l.waiting[0]
	if b == l.open {
		l.open = nil
	}
	synced := l.synced
	l.mu.Unlock()
	start := time.Now()
	if !b.again {
		l.seed.putCommit(b.buf, b.base, synced, start.UnixNano())
	}
	flush := l.o.Durability != None || LSN(l.wanted.Load()) > synced || closed(l.last)
	if err := l.write(b, flush); err != nil {
		l.failed(err, time.Now())
		return false
	}
	l.took = time.Since(start)
	l.committed(b, l.took)
	return true
}

// write brings a batch to the disk, into a new segment if there is none with
// room for it.
func (l *Log) write(b *batch, flush bool) error {
	s := l.cur
	if s == nil || b.end() > s.limit() {
		if l.unsynced {
			if err := l.sync(s.file); err != nil {
				return err
			}
			l.unsynced = false
		}
		return l.turn(b)
	}
	if err := l.put(s, b.buf, s.offset(b.base)); err != nil {
		return err
	}
	l.unsynced = true
	if !flush {
		return nil
	}
	if err := l.sync(s.file); err != nil {
		return err
	}
	l.unsynced = false
	return nil
}

// committed publishes what is on the disk now.
func (l *Log) committed(b *batch, took time.Duration) {
	now := time.Now()
	l.mu.Lock()
	s := l.cur
	s.end = b.end()
	s.live += b.live
	l.used += int64(len(b.buf))
	l.waiting = l.waiting[:copy(l.waiting, l.waiting[1:])]
	if !l.unsynced {
		l.synced = b.end()
		if l.reached != nil {
			close(l.reached)
			l.reached = nil
		}
	}
	healed := !l.low && l.trouble.Swap(nil) != nil
	l.retry = 0
	switch {
	case l.o.Durability == Ack:
		l.durable.Store(uint64(l.synced))
	case healed || l.low:
		l.durable.Store(l.end.Load())
	}
	l.release(b)
	l.stats.Commits++
	l.stats.CommitTime += took
	l.stats.SlowestCommit = max(l.stats.SlowestCommit, took)
	l.budget.spend(now, l.written)
	l.day.spend(now, l.octets.Load())
	l.written = 0
	l.pokeCompactor()
	l.mu.Unlock()
	l.notify.ring()
	if healed {
		l.tell(nil)
	}
}

// failed remembers why the disk did not take a batch. What the segment has
// beyond synced is not trusted any more, nor is its file: the next batch goes
// into a new segment, with its records where they are in the log.
func (l *Log) failed(err error, now time.Time) {
	e := &DiskError{Path: l.o.Path, Err: err}
	l.mu.Lock()
	l.cur, l.unsynced = nil, false
	l.retry = min(max(2*l.retry, firstRetry), lastRetry)
	l.retryAt = now.Add(l.retry)
	first := l.trouble.Swap(e) == nil
	l.stats.Failures++
	l.mu.Unlock()
	if first {
		l.tell(e)
	}
}
