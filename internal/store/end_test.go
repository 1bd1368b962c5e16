package store

import (
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// A record that was cut off does not come back when what is written next ends
// just where it begins.
func TestNoGhosts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fs := NewMemFS()
		w := start(t, quiet(fs))
		w.add("first")
		w.commit()
		lost := w.End() + commitRecord
		w.add(strings.Repeat("l", 100))
		w.add("ghost")
		w.commit()
		left := fs.kill()
		left.flip(filepath.Join(testPath, segmentName(0)), segmentHeader+int64(lost)+50, 0)
		w.close()
		w = start(t, quiet(left))
		if torn := w.report.Torn; len(w.records) != 1 || torn == nil || torn.At != lost || torn.Records != 1 || w.report.End != lost {
			t.Fatalf("%+v, %+v", w.report, torn)
		}
		if seen, err := inspect(left, testPath, nil); err != nil || seen.Torn == nil || *seen.Torn != *w.report.Torn || seen.Clean {
			t.Errorf("inspected: %+v, %v", seen, err)
		}
		w.add(strings.Repeat("n", 100-commitRecord))
		w.commit()
		again := mustOpen(t, quiet(left.Crash()))
		again.holdsAll(w.records, w.Durable())
		again.close()
		w.close()
	})
}

// What Replay finds at the end is written again just as it was, so that a cut in
// the middle of that costs nothing.
func TestEndIsWrittenAsItWas(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fs := NewMemFS()
		w := start(t, quiet(fs))
		for i := range 3 {
			w.add(content(i * 9))
			w.commit()
		}
		durable := w.Durable()
		left := fs.kill()
		w.close()
		every := func(n int) (at []int) {
			for i := range min(n, 300) {
				at = append(at, i)
			}
			return at
		}
		time.Sleep(time.Hour) // the wall clock is another one
		cuts := crashes(t, left, rand.New(rand.NewPCG(1, 7)), every, func(w *world) { w.commit() })
		if len(cuts) < 30 {
			t.Errorf("only %d cuts", len(cuts))
		}
		for i := range cuts {
			cuts[i].durable = max(durable, cuts[i].durable)
			cuts[i].recovers(t)
		}
	})
}

// The first batch of a segment was on the disk when the segment appeared: what
// happens to it later is damage.
func TestFirstBatchDamaged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fs := NewMemFS()
		w := start(t, quiet(fs))
		w.add("first")
		w.add("second")
		w.commit()
		left := fs.Crash()
		w.close()
		left.flip(filepath.Join(testPath, segmentName(0)), segmentHeader+int64(w.records[1].at)+recordHeader, 3)
		again := mustOpen(t, quiet(left))
		if d := again.report.Damage; len(again.records) != 1 || len(d) != 1 || d[0].At != w.records[1].at || again.report.End != w.records[1].end || again.report.Torn != nil {
			t.Errorf("%+v", again.report)
		}
		again.close()
	})
}

// After a failed fsync nothing of the segment's end is used: the batch goes into
// a new segment, which begins where the log was durable.
func TestNewSegmentAfterFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fs := &faulty{MemFS: NewMemFS()}
		w := start(t, quiet(fs))
		durable := w.add("first")
		w.commit()
		fs.fail(func(o operation) error {
			if o.what == "sync" {
				return syscall.EIO
			}
			return nil
		})
		w.add("second")
		w.commit()
		fs.fail(nil)
		w.add("third")
		w.commit()
		time.Sleep(firstRetry)
		w.commit()
		if got := files(t, fs); !slices.Equal(got, []string{segmentName(0), segmentName(durable)}) || w.Durable() != w.End() {
			t.Errorf("segments %v, durable %v, end %v", got, w.Durable(), w.End())
		}
		w.fits()
		w.close()
	})
}

// Behind damage that reaches to what was durable, records count only if they
// follow on.
func TestTornBehindDamage(t *testing.T) {
	b, records := image(0)
	var claimed LSN
	s := scanner{seed: newSeed(goldenID)}
	s.set(behind(b), 0, 0, LSN(len(b)))
	s.walk(0, visitor{commit: func(e entry) { claimed = e.at }}) // the last commit
	last := records[len(records)-2:]
	if last[0].at < claimed {
		t.Fatal("the last batch has less than two records")
	}
	clear(b[records[len(records)-3].at : claimed+commitRecord])
	s.set(behind(b), 0, 0, LSN(len(b)))
	var got []LSN
	damage := 0
	known, signs, _ := s.walk(claimed, visitor{
		record: func(at LSN, _ []byte) error { got = append(got, at); return nil },
		damage: func(_, to LSN) { damage++ },
	})
	if len(got) != len(records)-3 || damage != 1 || known != claimed || s.at != claimed || !signs.any || signs.records != 2 {
		t.Errorf("%d records of %d, %d damages, stopped at %v, claimed %v, %+v", len(got), len(records), damage, s.at, claimed, signs)
	}
}

// A segment that becomes another one while it is inspected is no damage.
func TestInspectWhileUsedAgain(t *testing.T) {
	fs := NewMemFS()
	o := quiet(fs)
	o.SegmentSize = 1 << 20
	w := start(t, o)
	for range 1000 {
		w.add(strings.Repeat("r", 900))
	}
	w.add("more")
	w.close()
	f, err := fs.Open(filepath.Join(testPath, segmentName(0)), true)
	if err != nil {
		t.Fatal(err)
	}
	clobber := func(h header) func(LSN, []byte) error {
		return func(LSN, []byte) error {
			f.WriteAt(h.appendTo(nil), 0)
			f.WriteAt(make([]byte, 1000), 600<<10)
			return nil
		}
	}
	h := header{id: w.id, base: 1 << 30}
	if report, err := inspect(fs, testPath, clobber(h)); err != nil || len(report.Damage) > 0 {
		t.Errorf("%+v, %v", report, err)
	}
	h.base = 0
	f.WriteAt(h.appendTo(nil), 0)
	if report, err := inspect(fs, testPath, clobber(h)); err != nil || len(report.Damage) != 1 {
		t.Errorf("%+v, %v", report, err)
	}
}

// However much is written at once, the budget is overdrawn by an hour at most.
func TestBudgetForgives(t *testing.T) {
	now := time.Unix(0, 0)
	b := newBudget(1000, now)
	b.spend(now, 100_000)
	if !b.spent(now) || b.pace(now, time.Second) != MaxPause {
		t.Error("it is not used up")
	}
	if now = now.Add(time.Hour + time.Second); b.spent(now) || b.pace(now, time.Second) != time.Second {
		t.Error("it is still used up")
	}
}
