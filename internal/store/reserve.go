package store

import (
	"path/filepath"
	"time"
)

// The log keeps an empty segment in reserve. When the disk has no room for
// another, Err says that it is full, and the owner takes no more in: what it
// still appends (that something is not needed any more, and what compaction
// moves) goes into the reserve, so that a log which filled the disk by itself
// can be emptied. When a segment is let go, it is the new reserve.

const (
	reserveName = "reserve" + spareSuffix
	// reserveRetry is how often room is looked for while there is none.
	reserveRetry = 5 * time.Second
)

// reserve makes a reserve if there is none. It is the committer's, or Start's.
func (l *Log) reserve() {
	l.mu.Lock()
	have := len(l.spare) > 0
	l.mu.Unlock()
	if have {
		l.plenty()
		return
	}
	s := &segment{path: filepath.Join(l.o.Path, reserveName), size: l.o.SegmentSize}
	f, err := l.o.FS.Create(s.path)
	if err == nil {
		s.file = f
		if err = f.Allocate(s.size); err != nil {
			l.discard(s)
		}
	}
	if err != nil {
		l.scarce(err)
		return
	}
	l.mu.Lock()
	l.spare = append(l.spare, s)
	l.mu.Unlock()
	l.plenty()
}

// scarce notes that there is no room for a reserve.
func (l *Log) scarce(err error) {
	e := &DiskError{Path: l.o.Path, Err: err}
	l.mu.Lock()
	l.low, l.lowAt = true, time.Now().Add(reserveRetry)
	first := l.trouble.CompareAndSwap(nil, e)
	l.mu.Unlock()
	if first {
		l.tell(e)
	}
}

// plenty notes that there is a reserve.
func (l *Log) plenty() {
	l.mu.Lock()
	healed := l.low && l.retry == 0 && l.trouble.Swap(nil) != nil
	l.low = false
	l.mu.Unlock()
	if healed {
		l.tell(nil)
	}
}

// tell says that the disk fails, or that it works again.
func (l *Log) tell(e *DiskError) {
	if e == nil {
		l.o.Log.Info("store: the disk takes what is written again", "path", l.o.Path)
		if l.o.OnHealth != nil {
			l.o.OnHealth(nil)
		}
		return
	}
	l.o.Log.Error(e.Error())
	if l.o.OnHealth != nil {
		l.o.OnHealth(e)
	}
}

// lack is how long it is until room for a reserve is looked for again; false:
// there is one.
func (l *Log) lack(now time.Time) (time.Duration, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.lowAt.Sub(now), l.low
}
