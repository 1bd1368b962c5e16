package store

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// owner keeps a table in a log, as the broker keeps its sessions: what is set
// is live, and what is removed leaves a record that is garbage at once.
type owner struct {
	*Log
	mu      sync.Mutex
	table   map[string]slot
	events  []event
	settled int
	fails   error // what Relocate returns
}

type slot struct {
	at    LSN
	n     int
	value string
}

// event is a change of the table; it counts if the log is longer than end.
type event struct {
	end        LSN
	key, value string // no value: removed
}

func openOwner(t testing.TB, o Options) *owner {
	t.Helper()
	l, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	w := &owner{Log: l, table: map[string]slot{}}
	report, err := l.Replay(func(at LSN, record []byte) error {
		key, value, _ := strings.Cut(string(record), "=")
		w.table[key] = slot{at, len(record), value}
		if value == "" {
			delete(w.table, key)
		}
		return nil
	})
	if err != nil || len(report.Damage) > 0 {
		t.Fatal(err, report.Damage)
	}
	for _, s := range w.table {
		l.Live(s.at, s.n)
	}
	return w
}

// set gives a key a value, or removes it if there is none.
func (w *owner) set(key, value string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	before, was := w.table[key]
	record := key + "=" + value
	at, end := w.Append([]byte(record), value != "")
	if w.table[key] = (slot{at, len(record), value}); value == "" {
		delete(w.table, key)
	}
	if was {
		w.Dead(before.at, before.n)
	}
	w.events = append(w.events, event{end, key, value})
}

func (w *owner) Relocate(at LSN, record []byte) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.fails != nil {
		return w.fails
	}
	key, value, _ := strings.Cut(string(record), "=")
	if now := w.table[key]; now.at == at {
		to, _ := w.Append(record, true)
		w.table[key] = slot{to, len(record), value}
		w.Dead(at, len(record))
	}
	return nil
}

func (w *owner) Settle() error {
	w.settled++
	return nil
}

// commit waits until all is on the disk, within a bubble.
func (w *owner) commit() {
	w.Notify(w.End(), called(func() {}))
	synctest.Wait()
}

// values is the table as a map, and what it was when the log ended at end.
func (w *owner) values() map[string]string {
	m := map[string]string{}
	for key, s := range w.table {
		m[key] = s.value
	}
	return m
}

func valuesAt(events []event, end LSN) map[string]string {
	m := map[string]string{}
	for _, e := range events {
		if e.end > end {
			break
		}
		if m[e.key] = e.value; e.value == "" {
			delete(m, e.key)
		}
	}
	return m
}

// churn changes some keys many times and others seldom, so that most of the log
// is garbage.
func (w *owner) churn(r *rand.Rand, times int) {
	for range times {
		if r.IntN(20) == 0 {
			w.set(fmt.Sprint("seldom ", r.IntN(50)), content(1+r.IntN(500)))
		}
		key := fmt.Sprint("often ", r.IntN(20))
		if w.set(key, content(1+r.IntN(500))); r.IntN(3) == 0 {
			w.set(key, "")
		}
		if r.IntN(3) == 0 {
			w.commit()
		}
	}
	w.commit()
}

// The log stays within its bound, whatever is moved, and all is there at the end.
func TestCompaction(t *testing.T) {
	seeds(t, 3, func(t *testing.T, r *rand.Rand) {
		fs := NewMemFS()
		w := openOwner(t, quiet(fs))
		w.Start(w)
		for range 20 {
			w.churn(r, 100)
			st := w.Stats()
			if bound := max(compactSegments*MinSegment, compactFactor*st.Live); st.Used > bound {
				t.Fatalf("%d octets used, %d live", st.Used, st.Live)
			}
			live := int64(0)
			for _, s := range w.table {
				live += recordHeader + int64(s.n)
			}
			if st.Live != live || st.Segments > 2*compactSegments+2 || int64(len(files(t, fs))) != int64(st.Segments) {
				t.Fatalf("%+v, want %d live", st, live)
			}
			for key, s := range w.table {
				if b, err := w.Read(s.at, nil); err != nil || string(b) != key+"="+s.value {
					t.Fatalf("%s: %q, %v", key, b, err)
				}
			}
		}
		if _, err := w.Read(commitRecord, nil); !errors.Is(err, ErrGone) {
			t.Errorf("the first record: %v", err)
		}
		st := w.Stats()
		if st.Compactions < 50 || st.Moved == 0 || w.settled == 0 {
			t.Errorf("settled %d times, %+v", w.settled, st)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		again := openOwner(t, quiet(fs))
		if !maps.Equal(again.values(), valuesAt(w.events, again.End())) {
			t.Error("the table is another one after a restart")
		}
		again.Close()
	})
}

// The power is cut at each operation while segments are moved and let go.
func TestCrashWhileCompacting(t *testing.T) {
	type cut struct {
		what    string
		fs      *MemFS
		durable LSN
		events  []event
	}
	seeds(t, 3, func(t *testing.T, r *rand.Rand) {
		var cuts []cut
		broken := &faulty{MemFS: NewMemFS()}
		w := openOwner(t, quiet(broken))
		broken.fail(func(o operation) error {
			c := cut{what: o.what + " " + filepath.Base(o.name), durable: w.Durable()}
			if r.IntN(2) == 0 {
				c.fs = broken.Crash()
			} else {
				c.fs = broken.CrashRandomly(r)
			}
			w.mu.Lock()
			c.events = w.events
			w.mu.Unlock()
			cuts = append(cuts, c)
			return nil
		})
		w.Start(w)
		w.churn(rand.New(rand.NewPCG(r.Uint64(), 2)), 500)
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		for i, c := range cuts {
			again := openOwner(t, quiet(c.fs))
			if again.End() < c.durable || !maps.Equal(again.values(), valuesAt(c.events, again.End())) {
				t.Fatalf("cut %d before %s: the log ends at %v, all below %v was durable, and the table is another one", i, c.what, again.End(), c.durable)
			}
			if i%10 == 0 { // it goes on as any other
				again.events = nil
				for key, s := range again.table {
					again.events = append(again.events, event{0, key, s.value})
				}
				again.Start(again)
				again.churn(rand.New(rand.NewPCG(uint64(i), 3)), 100)
				more := openOwner(t, quiet(c.fs.Crash()))
				if !maps.Equal(more.values(), again.values()) {
					t.Fatalf("cut %d before %s: not all is there after more", i, c.what)
				}
				more.Close()
			}
			again.Close()
		}
	})
}

// What fails is tried again, and nothing is let go meanwhile.
func TestCompactionFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		broken := &faulty{MemFS: NewMemFS()}
		w := openOwner(t, quiet(broken))
		w.fails = errors.New("no")
		w.set("first", "kept")
		w.Start(w)
		r := rand.New(rand.NewPCG(1, 1))
		w.churn(r, 400)
		if st := w.Stats(); st.Compactions > 0 {
			t.Errorf("%+v", st)
		}
		w.mu.Lock()
		w.fails = nil
		w.mu.Unlock()
		broken.fail(func(o operation) error {
			if o.what == "rename" && strings.HasSuffix(o.name, segmentSuffix) {
				return errors.New("no")
			}
			return nil
		})
		time.Sleep(compactRetry)
		w.churn(r, 10)
		if st := w.Stats(); st.Compactions > 0 {
			t.Errorf("%+v", st)
		}
		broken.fail(nil)
		time.Sleep(compactRetry)
		w.churn(r, 10)
		if st := w.Stats(); st.Used > compactSegments*MinSegment || st.Compactions == 0 {
			t.Errorf("%+v", st)
		}
		if w.table["first"].value != "kept" {
			t.Error("it was not kept")
		}
		w.Close()
	})
}

// A segment that nothing is needed of is let go without being visited.
func TestNothingNeeded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fs := NewMemFS()
		w := openOwner(t, quiet(fs))
		w.fails = errors.New("it was visited")
		w.Start(w)
		for i := range 200 {
			w.set("key", content(i))
			w.commit()
		}
		if n := len(files(t, fs)); n > 2 {
			t.Errorf("%d segments", n)
		}
		if st := w.Stats(); st.Disk > (2+maxSpare)*MinSegment || st.Moved > 0 {
			t.Errorf("%+v", st)
		}
		w.Close()
	})
}
