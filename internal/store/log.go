package store

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Log is an open log. Its methods may be called from several goroutines, but
// for Replay, Start and Close, which come in this order.
type Log struct {
	o     Options
	id    uint64
	seed  seed
	lock  io.Closer
	limit int // octets of a batch of more than one record

	end     atomic.Uint64 // LSN
	durable atomic.Uint64 // LSN, as Durable says
	wanted  atomic.Uint64 // LSN: all below is to be on the disk soon
	asked   atomic.Int64  // calls of Notify since the last commit began
	trouble atomic.Pointer[DiskError]

	syncs, writes atomic.Uint64
	octets        atomic.Int64 // written

	// mu guards what follows, and the segments' end and live. It is not held
	// across I/O.
	mu       sync.Mutex
	segments []*segment    // oldest first
	waiting  []*batch      // oldest first; the first may be at the disk
	open     *batch        // the last of waiting, if it still takes records
	idle     []*batch      // to be used again
	spare    []*segment    // to be used again; one is the reserve
	low      bool          // there is no reserve, and no room for one
	lowAt    time.Time     // when room for it is looked for again
	synced   LSN           // all below is on the disk
	reached  chan struct{} // closed when synced grows; nil: nobody waits for it
	live     int64         // octets, of segments and waiting
	used     int64         // octets, of segments
	budget   budget
	day      day
	retry    time.Duration // pause after a failure; zero: the disk works
	retryAt  time.Time
	stats    Stats

	notify  notifier
	wake    chan struct{} // the committer is to look again
	compact chan struct{} // the compactor is to look again
	stop    chan struct{} // closed by Close: the compactor ends
	last    chan struct{} // closed when it has: nothing is appended any more
	mover   sync.WaitGroup
	running sync.WaitGroup // committer and notifier
	closed  error

	// The committer's alone, and Replay's before it starts.
	cur      *segment      // takes the next batch; nil: a new one is needed
	unsynced bool          // cur has content that was not fsynced
	turned   bool          // cur is new, and may have been the reserve
	took     time.Duration // the last commit
	company  int64         // who asked for it
	written  int64         // octets since the budget was charged, in whole pages
	replayed bool
	started  bool
}

// Open takes the folder's lock and looks at the segments. It fails with
// ErrLocked if another process has the folder, and with ErrFormat if a later
// version of the program wrote it. What is damaged does not keep it from
// opening: Replay tells of that.
func Open(o Options) (*Log, error) {
	if err := o.complete(); err != nil {
		return nil, err
	}
	if err := o.FS.Mkdir(o.Path); err != nil {
		return nil, fmt.Errorf("store: cannot make the folder: %w", err)
	}
	lock, err := o.FS.Lock(filepath.Join(o.Path, "lock"))
	if err != nil {
		return nil, err
	}
	l := &Log{
		o:       o,
		lock:    lock,
		limit:   int(min(maxBatch, (o.SegmentSize-segmentHeader)/4)),
		reached: make(chan struct{}),
		wake:    make(chan struct{}, 1),
		compact: make(chan struct{}, 1),
		stop:    make(chan struct{}),
		last:    make(chan struct{}),
		budget:  newBudget(o.WriteBudget, time.Now()),
	}
	l.notify.init()
	if err := l.load(); err != nil {
		l.closeFiles()
		lock.Close()
		return nil, err
	}
	return l, nil
}

// load opens the segments and the spare files that are there.
func (l *Log) load() error {
	names, err := l.o.FS.ReadDir(l.o.Path)
	if err != nil {
		return err
	}
	found, err := openSegments(l.o.FS, l.o.Path, names, true)
	l.segments = found.segments
	if err != nil {
		return err
	}
	for _, name := range names {
		if filepath.Ext(name) == spareSuffix || name == freshName {
			// It may have been about to become a segment: what is in it would
			// fit where the next one's records are to be.
			if err := l.o.FS.Remove(filepath.Join(l.o.Path, name)); err != nil {
				return err
			}
		}
	}
	if l.id = found.id; l.id == 0 {
		var b [8]byte
		rand.Read(b[:]) // never fails
		l.id = le.Uint64(b[:]) | 1
	}
	l.seed = newSeed(l.id)
	return nil
}

// Start begins the goroutines. c may be nil: nothing is compacted then, or not
// before Compact.
func (l *Log) Start(c Compactor) {
	if !l.replayed || l.started {
		panic("store: Start comes once, after Replay")
	}
	l.started, l.turned = true, l.cur != nil
	l.running.Add(2)
	go l.commitLoop()
	go l.notifyLoop()
	if c != nil {
		l.Compact(c)
	}
}

// Compact begins to compact a log that was started without a Compactor. It comes
// once, and not after Close.
func (l *Log) Compact(c Compactor) {
	l.mover.Add(1)
	go l.compactLoop(c)
}

// End is the position after everything appended so far.
func (l *Log) End() LSN { return LSN(l.end.Load()) }

// Durable is the position below which all is durable. With Ack that is what was
// fsynced; otherwise it is End, unless the log is failing.
func (l *Log) Durable() LSN { return LSN(l.durable.Load()) }

// Err is why appends are not becoming durable, a DiskError; nil while they are.
func (l *Log) Err() error {
	if e := l.trouble.Load(); e != nil {
		return e
	}
	return nil
}

// Close commits what waits, ends the goroutines and lets the folder's lock go.
// While the disk fails it tries once more, and returns why what waits is lost.
// Waiters of what did not become durable are not called. Nothing may be
// appended any more.
func (l *Log) Close() error {
	select {
	case <-l.stop:
		return l.closed
	default:
	}
	close(l.stop)
	l.mover.Wait()
	close(l.last)
	l.running.Wait()
	if n := l.lost(); n > 0 {
		l.closed = fmt.Errorf("store: %d records could not be written: %w", n, l.Err())
	}
	l.closed = errors.Join(l.closed, l.closeFiles(), l.lock.Close())
	return l.closed
}

// lost is how many records were not written when the committer ended.
func (l *Log) lost() (n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.started {
		for _, b := range l.waiting {
			n += b.count
		}
	}
	return n
}

func (l *Log) closeFiles() (err error) {
	for _, s := range slices.Concat(l.segments, l.spare) {
		err = errors.Join(err, s.file.Close())
	}
	return err
}
