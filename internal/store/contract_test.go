package store

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// contract runs on the real disk and in memory, with each durability.
func contract(t *testing.T, run func(t *testing.T, o Options)) {
	for _, d := range []Durability{Ack, Interval, None} {
		t.Run(d.String()+"/disk", func(t *testing.T) {
			o := quiet(nil)
			o.Path, o.Durability = t.TempDir()+"/made", d
			run(t, o)
		})
		t.Run(d.String()+"/memory", func(t *testing.T) {
			o := quiet(NewMemFS())
			o.Durability = d
			run(t, o)
		})
	}
}

// safe waits until all that was appended is durable.
func (l *Log) safe() {
	done := make(chan struct{})
	if l.Notify(l.End(), called(func() { close(done) })) {
		<-done
	}
}

// What is appended can be read at once, and after a restart, where it was.
func TestContract(t *testing.T) {
	contract(t, func(t *testing.T, o Options) {
		sizes := []int{1, 2, 11, 12, 13, 500, 1000, 1024, 1100, MinSegment, 5 * MinSegment, 1}
		for round := range 3 {
			w := start(t, o)
			if len(w.records) != round*len(sizes) || len(w.report.Damage) > 0 || w.report.Torn != nil || w.report.Clean != (round > 0) {
				t.Fatalf("round %d: %d records, %+v", round, len(w.records), w.report)
			}
			w.fits()
			for i, n := range sizes {
				before := w.End()
				end := w.add(strings.Repeat(string(rune('a'+i)), n))
				last := w.records[len(w.records)-1]
				if last.at < before || end != w.End() || end != last.at+recordHeader+LSN(n) || last.at == 0 {
					t.Fatalf("%d octets: at %v, end %v; before %v, after %v", n, last.at, end, before, w.End())
				}
				w.fits()
				if i%3 == 0 {
					w.safe()
					if w.Durable() < end {
						t.Fatalf("durable %v, end %v", w.Durable(), end)
					}
				}
			}
			w.close()
			if w.Durable() != w.End() {
				t.Errorf("closed, but durable %v, end %v", w.Durable(), w.End())
			}
		}
	})
}

// Read appends to what it is given, and says what is wrong.
func TestRead(t *testing.T) {
	contract(t, func(t *testing.T, o Options) {
		w := start(t, o)
		w.add("first")
		w.add(strings.Repeat("second", 400))
		for range 2 { // waiting, then in a segment
			for i, r := range w.records {
				b, err := w.Read(r.at, []byte("before "))
				if err != nil || string(b) != "before "+r.content {
					t.Errorf("record %d: %.20q, %v", i, b, err)
				}
				if b, err = w.Read(r.at+1, []byte("before ")); !errors.Is(err, ErrDamaged) || string(b) != "before " {
					t.Errorf("beside record %d: %.20q, %v", i, b, err)
				}
			}
			if _, err := w.Read(0, nil); !errors.Is(err, ErrDamaged) {
				t.Errorf("a commit record: %v", err)
			}
			if _, err := w.Read(w.End()+100, nil); !errors.Is(err, ErrGone) {
				t.Errorf("beyond the end: %v", err)
			}
			w.await(w.End())
		}
		w.close()
	})
}

// Many append, wait, read and forget at the same time, while segments are moved
// and let go.
func TestStorm(t *testing.T) {
	contract(t, func(t *testing.T, o Options) {
		w := openOwner(t, o)
		w.Start(w)
		var wg sync.WaitGroup
		var told atomic.Int64
		asked := int64(0)
		for g := range 8 {
			wg.Go(func() {
				r := rand.New(rand.NewPCG(uint64(g), 5))
				for i := range 150 {
					key := string(rune('a'+g)) + string(rune('a'+r.IntN(5)))
					w.set(key, content(1+r.IntN(400)))
					if r.IntN(4) == 0 {
						w.set(key, "")
					}
					w.mu.Lock()
					s, ok := w.table[key]
					w.mu.Unlock()
					// It may have been moved since, and its segment let go.
					if b, err := w.Read(s.at, nil); ok && (err != nil || string(b) != key+"="+s.value) && !errors.Is(err, ErrGone) {
						t.Errorf("%s: %q, %v", key, b, err)
					}
					if i%3 == 0 {
						end := w.End()
						done := make(chan struct{})
						if w.Notify(end, called(func() { told.Add(1); close(done) })) {
							atomic.AddInt64(&asked, 1)
							<-done
						}
						if w.Durable() < end {
							t.Errorf("told that %v is durable: %v", end, w.Durable())
						}
					}
					w.Stats()
				}
			})
		}
		wg.Wait()
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if told.Load() != asked {
			t.Errorf("%d asked, %d were told", asked, told.Load())
		}
		again := openOwner(t, o)
		for key, s := range again.table {
			if w.table[key].value != s.value {
				t.Errorf("%s: %q, want %q", key, s.value, w.table[key].value)
			}
		}
		if len(again.table) != len(w.table) {
			t.Errorf("%d keys, want %d", len(again.table), len(w.table))
		}
		again.Close()
	})
}

// The copy of a log in use is a log, and so is what Inspect sees of it.
func TestBackupInUse(t *testing.T) {
	contract(t, func(t *testing.T, o Options) {
		w := openOwner(t, o)
		w.Start(w)
		w.set("stays", "here")
		w.await(w.End())
		stop := make(chan struct{})
		var writer sync.WaitGroup
		writer.Go(func() {
			r := rand.New(rand.NewPCG(1, 6))
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				w.set("often", content(1+r.IntN(300)))
				if i%50 == 0 {
					w.safe()
				}
			}
		})
		for i := range 10 {
			to := filepath.Join(filepath.Dir(o.Path), fmt.Sprint("copy", i))
			w.mu.Lock()
			at := w.Durable()
			w.mu.Unlock()
			files := o.FS
			if files == nil {
				files = OS{}
			}
			report, err := backup(files, o.Path, to)
			if err != nil || len(report.Damage) > 0 {
				t.Fatal(err, report)
			}
			if report.End < at && o.Durability == Ack {
				t.Errorf("the copy ends at %v, but all below %v was durable", report.End, at)
			}
			if report, err = inspect(files, o.Path, nil); err != nil || len(report.Damage) > 0 {
				t.Error(err, report)
			}
			p := o
			p.Path = to
			again := openOwner(t, p)
			if again.table["stays"].value != "here" {
				t.Errorf("the copy has %v", again.values())
			}
			again.Close()
		}
		close(stop)
		writer.Wait()
		w.Close()
	})
}

func TestInspect(t *testing.T) {
	path := t.TempDir()
	o := quiet(nil)
	o.Path = path
	w := start(t, o)
	for i := range 100 {
		w.add(content(i))
	}
	w.close()
	i := 0
	report, err := Inspect(path, func(at LSN, record []byte) error {
		if r := w.records[i]; at != r.at || !bytes.Equal(record, []byte(r.content)) {
			t.Fatalf("record %d: %q at %v", i, record, at)
		}
		i++
		return nil
	})
	if err != nil || i != 100 || report.Records != 100 || !report.Clean || report.End != w.End() || report.LastCommit.IsZero() {
		t.Errorf("%d records, %+v, %v", i, report, err)
	}
	stop := errors.New("stop")
	if _, err := Inspect(path, func(LSN, []byte) error { return stop }); err != stop {
		t.Errorf("visit's error became %v", err)
	}
	if _, err := Inspect(path+"/none", nil); err == nil {
		t.Error("there is no such folder")
	}
	if report, err := Inspect(t.TempDir(), nil); err != nil || report.Records != 0 {
		t.Errorf("an empty folder: %+v, %v", report, err)
	}
	copied := filepath.Join(t.TempDir(), "copy")
	if report, err := Backup(path, copied); err != nil || report.Records != 100 {
		t.Errorf("%+v, %v", report, err)
	}
	if _, err := Backup(path, copied); err == nil {
		t.Error("a copy over a copy")
	}
}
