package store

import (
	"errors"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// nobody needs anything that is moved.
type nobody struct{}

func (nobody) Relocate(LSN, []byte) error { return nil }
func (nobody) Settle() error              { return nil }

// A log that fills the disk by itself can be emptied: what says that records are
// not needed any more still gets to the disk, and they make room.
func TestFullBecauseOfTheLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const files = 6 // is all that the disk has room for
		fs := NewMemFS()
		small := &faulty{MemFS: fs}
		small.fail(func(o operation) error {
			if names, _ := fs.ReadDir("log"); o.what == "allocate" && len(names) > files {
				return syscall.ENOSPC
			}
			return nil
		})
		l, err := Open(quiet(small))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := l.Replay(func(LSN, []byte) error { return nil }); err != nil {
			t.Fatal(err)
		}
		l.Start(nobody{})
		record := []byte(strings.Repeat("x", 1000))
		var live []LSN
		settle := func() {
			l.Notify(l.End(), called(func() {}))
			synctest.Wait()
		}
		for l.Err() == nil && len(live) < 1000 {
			at, _ := l.Append(record, true)
			live = append(live, at)
			settle()
		}
		if !errors.Is(l.Err(), ErrFull) {
			t.Fatalf("after %d records: %v", len(live), l.Err())
		}
		if l.Durable() != l.End() {
			t.Error("full, and what was taken in before is not on the disk")
		}
		for _, at := range live {
			l.Dead(at, len(record))
			l.Append([]byte("done"), false)
			settle()
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if err := l.Err(); err != nil {
			t.Fatalf("nothing is needed any more, and still: %v; %+v", err, l.Stats())
		}
		l.Append(record, true)
		settle()
		if l.Durable() != l.End() {
			t.Error("a record is not taken in")
		}
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
}
