package store

import (
	"errors"
	"fmt"
	"path/filepath"
	"time"
)

// Compactor moves what is still needed out of the oldest segment.
type Compactor interface {
	// Relocate is called for each record of the segment, oldest first. If it is
	// needed, the compactor appends it anew and says Dead of the old one.
	// record is valid during the call.
	Relocate(at LSN, record []byte) error
	// Settle is called when the whole segment was visited and everything
	// appended by then is on the disk. The compactor may append corrections;
	// when these are on the disk too, the segment is let go.
	Settle() error
}

const (
	// A log is compacted when it is larger than so many segments and so many
	// times what is live ...
	compactSegments = 4
	compactFactor   = 2
	// ... or so many times, while the write budget is used up.
	compactSpent = 4
	// compactStep is what is visited before what was moved must be on the disk,
	// so that commits do not get long and memory does not fill.
	compactStep = 256 << 10
	// compactRetry is the least time between two attempts when one failed.
	compactRetry = time.Minute
)

var errStopped = errors.New("the log is being closed")

// pokeCompactor wakes the compactor if there is something to do for it.
func (l *Log) pokeCompactor() {
	if !l.ripe() {
		return
	}
	select {
	case l.compact <- struct{}{}:
	default:
	}
}

// ripe tells whether the oldest segment is to be let go.
func (l *Log) ripe() bool {
	if len(l.segments) < 2 { // the last is being written
		return false
	}
	if l.segments[0].live == 0 {
		return true
	}
	few := int64(compactSegments) * l.o.SegmentSize
	if l.used <= few || l.used <= compactFactor*l.live {
		return false
	}
	return l.used > compactSpent*l.live || !l.budget.spent(time.Now())
}

// compactLoop is the compactor's goroutine. It sleeps while nothing is ripe.
func (l *Log) compactLoop(c Compactor) {
	defer l.mover.Done()
	var failed time.Time
	l.mu.Lock()
	l.pokeCompactor()
	l.mu.Unlock()
	for {
		select {
		case <-l.stop:
			return
		case <-l.compact:
		}
		for !closed(l.stop) && (failed.IsZero() || time.Since(failed) >= compactRetry) {
			did, err := l.compactOne(c)
			if errors.Is(err, errStopped) {
				return
			}
			if err != nil {
				failed = time.Now()
				l.o.Log.Error("store: cannot compact; it will be tried again", "path", l.o.Path, "err", err)
				break
			}
			if failed = (time.Time{}); !did {
				break
			}
		}
	}
}

// compactOne lets the oldest segment go, if it is ripe.
func (l *Log) compactOne(c Compactor) (bool, error) {
	l.mu.Lock()
	if !l.ripe() {
		l.mu.Unlock()
		return false, nil
	}
	s := l.segments[0]
	live := s.live
	l.mu.Unlock()
	if live > 0 {
		if err := l.relocate(s, c); err != nil {
			return false, err
		}
	}
	// Even what is dead is needed until what made it so is on the disk.
	if err := l.await(l.End()); err != nil {
		return false, err
	}
	if err := l.letGo(s); err != nil {
		return false, err
	}
	l.mu.Lock()
	l.stats.Compactions++
	l.stats.Moved += live
	l.mu.Unlock()
	return true, nil
}

// relocate shows a segment to its owner.
func (l *Log) relocate(s *segment, c Compactor) error {
	sc := scanner{seed: l.seed}
	sc.set(s.file, s.base, s.base, min(s.end, s.limit()))
	step := s.base + compactStep
	var lost error
	_, _, err := sc.walk(s.end, visitor{
		record: func(at LSN, content []byte) error {
			if at >= step {
				step = at + compactStep
				if err := l.await(l.End()); err != nil {
					return err
				}
			}
			if closed(l.stop) {
				return errStopped
			}
			if err := c.Relocate(at, content); err != nil {
				return fmt.Errorf("relocating the record at %v: %w", at, err)
			}
			return nil
		},
		damage: func(from, to LSN) {
			copied, known, err := l.setAside(s, s.offset(from), int64(to-from))
			if !known {
				l.o.Log.Error("store: damage in a segment that is compacted", "path", s.path, "at", from, "octets", int64(to-from), "copy", copied)
			}
			lost = errors.Join(lost, err)
		},
	})
	if err = errors.Join(err, lost); err != nil {
		return err
	}
	if err := l.await(l.End()); err != nil {
		return err
	}
	if err := c.Settle(); err != nil {
		return fmt.Errorf("settling: %w", err)
	}
	return nil
}

// await waits until all below a position is on the disk.
func (l *Log) await(at LSN) error {
	for {
		l.mu.Lock()
		if l.synced >= at {
			l.mu.Unlock()
			return nil
		}
		if len(l.waiting) == 0 { // written, but not fsynced: have a commit do it
			l.room(0)
			at = l.grown()
		}
		if l.reached == nil {
			l.reached = make(chan struct{})
		}
		reached := l.reached
		l.mu.Unlock()
		l.want(at)
		select {
		case <-reached:
		case <-l.stop:
			return errStopped
		}
	}
}

// letGo takes the oldest segment out of the log. Its new name is on the disk
// before the next can follow, so that no later segment can be missing when an
// older one is there.
func (l *Log) letGo(s *segment) error {
	spare := filepath.Join(l.o.Path, s.base.String()+spareSuffix)
	if s.path != spare {
		if err := l.o.FS.Rename(s.path, spare); err != nil {
			return err
		}
		l.mu.Lock()
		s.path = spare
		l.mu.Unlock()
	}
	if err := l.o.FS.SyncDir(l.o.Path); err != nil {
		return err
	}
	l.mu.Lock()
	l.segments = l.segments[:copy(l.segments, l.segments[1:])]
	l.used -= s.used()
	l.live -= s.live
	keep := s.size == l.o.SegmentSize && len(l.spare) < maxSpare
	if keep {
		l.spare = append(l.spare, &segment{path: s.path, file: s.file, size: s.size})
	}
	l.mu.Unlock()
	if !keep {
		l.discard(s)
		return nil
	}
	l.plenty()
	return nil
}
