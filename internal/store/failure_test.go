package store

import (
	"errors"
	"fmt"
	"os"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// each operation that changes something fails, for a while, with what the
// system says there; then all goes on, and nothing is lost, whenever the power
// is cut.
func TestEachOperationFails(t *testing.T) {
	for _, lasts := range []int{1, 4} { // attempts
		for n := 0; ; n++ {
			failed := false
			synctest.Test(t, func(t *testing.T) { failed = failAt(t, n, lasts) })
			if t.Failed() {
				t.Fatalf("operation %d and %d more failed", n, lasts-1)
			}
			if !failed {
				if n < 50 {
					t.Errorf("only %d operations", n)
				}
				break
			}
		}
	}
}

var failures = map[string]error{"write": syscall.ENOSPC, "allocate": syscall.ENOSPC, "create": syscall.EROFS,
	"sync": syscall.EIO, "rename": syscall.EIO, "syncdir": syscall.EIO}

// failAt fails the n-th operation, and those that follow until it was tried
// again some times. It tells whether there was an n-th.
func failAt(t *testing.T, n, lasts int) bool {
	fs := NewMemFS()
	broken := &faulty{MemFS: fs}
	o := quiet(broken)
	var health []error
	o.OnHealth = func(err error) { health = append(health, err) }
	w := start(t, o)
	count, failed := 0, 0
	var cause error
	broken.fail(func(o operation) error {
		if count++; count <= n || failed >= lasts || failures[o.what] == nil {
			return nil
		}
		failed++
		cause = &os.PathError{Op: o.what, Path: o.name, Err: failures[o.what]}
		if o.what == "write" {
			return &partial{len(o.b) / 2, cause}
		}
		return cause
	})
	told := 0
	for i := range 40 {
		w.add(content(i * 7))
		upTo := w.End()
		w.Notify(upTo, called(func() {
			if told++; w.Durable() < upTo {
				t.Errorf("told that %v is durable, but only %v is", upTo, w.Durable())
			}
		}))
		synctest.Wait()
		if w.Err() == nil && w.Durable() != w.End() {
			t.Fatalf("record %d: durable %v, end %v, error %v", i, w.Durable(), w.End(), w.Err())
		}
		if err := w.Err(); err != nil {
			if full := errors.Is(cause, syscall.ENOSPC); errors.Is(err, ErrFull) != full || errors.Is(err, ErrBroken) == full || !errors.Is(err, cause) {
				t.Fatalf("%v said %v", err, cause)
			}
			safe := 0
			for _, r := range w.records {
				if r.end <= w.Durable() {
					safe++
				}
			}
			if told != safe {
				t.Errorf("%d were told, but %d are durable", told, safe)
			}
			w.fits() // what waits can be read
			if i%3 == 0 {
				time.Sleep(time.Minute)
			} else {
				time.Sleep(firstRetry / 2)
			}
			synctest.Wait()
		}
		after := cut{what: fmt.Sprintf("record %d", i), fs: fs.Crash(), durable: w.Durable(), records: w.records}
		again := mustOpen(t, quiet(after.fs))
		again.holdsAll(after.records, after.durable)
		again.close()
	}
	if told != 40 {
		t.Errorf("%d were told, want 40", told)
	}
	for i, err := range health {
		if (err == nil) != (i%2 == 1) {
			t.Errorf("health: %v", health)
		}
	}
	if len(health)%2 != 0 || len(health) == 0 && failed > 0 {
		t.Errorf("%d failures, health: %v", failed, health)
	}
	w.fits()
	w.close()
	(&cut{what: "closed", fs: fs.Crash(), durable: w.Durable(), records: w.records}).recovers(t)
	return failed > 0
}

// An fsync fails, the program ends, and the next one sees in the system's cache
// what the disk does not have. It must not take that for durable.
func TestSyncFailsThenRestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fs := NewMemFS()
		broken := &faulty{MemFS: fs}
		w := start(t, quiet(broken))
		w.add("first")
		w.commit()
		broken.fail(func(o operation) error {
			if o.what == "sync" {
				return syscall.EIO
			}
			return nil
		})
		w.add("second")
		w.commit()
		if err := w.Close(); !errors.Is(err, ErrBroken) || !errors.Is(err, syscall.EIO) {
			t.Errorf("closed with a record that could not be written: %v", err)
		}
		w = start(t, quiet(fs))
		if len(w.records) != 2 {
			t.Fatalf("the cache has two records, but: %v", w.records)
		}
		if w.Durable() >= w.records[1].end {
			t.Errorf("durable %v, but nobody knows", w.Durable())
		}
		w.commit()
		if w.Durable() != w.End() {
			t.Errorf("durable %v, end %v", w.Durable(), w.End())
		}
		again := mustOpen(t, quiet(fs.Crash()))
		again.holdsAll(w.records, w.Durable())
		again.close()
		w.close()
	})
}

// Retries come after 0.5 s at first and 10 s at last.
func TestBackOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		broken := &faulty{MemFS: NewMemFS()}
		var tried []time.Duration
		began := time.Now()
		broken.fail(func(o operation) error {
			tried = append(tried, time.Since(began))
			return syscall.EROFS
		})
		w := start(t, quiet(broken))
		w.add("x")
		w.commit()
		time.Sleep(time.Minute)
		synctest.Wait()
		want := []time.Duration{0, 500, 1500, 3500, 7500, 15500, 25500, 35500, 45500, 55500}
		for i := range want {
			want[i] *= time.Millisecond
		}
		if fmt.Sprint(tried) != fmt.Sprint(want) {
			t.Errorf("tried at %v, want %v", tried, want)
		}
		w.Close()
	})
}

// Without Ack all is durable at once, but for what came while the disk fails.
func TestFailureWithoutAck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		broken := &faulty{MemFS: NewMemFS()}
		o := quiet(broken)
		o.Durability = Interval
		w := start(t, o)
		first := w.add("before")
		if w.Durable() != first || w.Notify(first, nil) {
			t.Errorf("durable %v, want %v", w.Durable(), first)
		}
		broken.fail(func(operation) error { return syscall.EIO })
		time.Sleep(2 * time.Second)
		end, told := w.add("while"), false
		if w.Durable() != first || !w.Notify(end, called(func() { told = true })) || w.Err() == nil {
			t.Errorf("durable %v, want %v; error %v", w.Durable(), first, w.Err())
		}
		broken.fail(nil)
		time.Sleep(lastRetry)
		synctest.Wait()
		if w.Durable() != w.End() || !told || w.Err() != nil {
			t.Errorf("durable %v, want %v; told %v; error %v", w.Durable(), w.End(), told, w.Err())
		}
		w.close()
	})
}
