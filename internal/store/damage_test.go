package store

import (
	"bytes"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// damaged is a log of a few segments that was closed.
func damaged(t *testing.T) (*MemFS, []kept) {
	fs := NewMemFS()
	w := start(t, quiet(fs))
	for i := range 45 {
		w.add(content(i * 11))
		if i%4 == 0 {
			w.safe()
		}
	}
	w.close()
	if n := len(files(t, fs)); n < 3 {
		t.Fatalf("%d segments", n)
	}
	return fs, w.records
}

// Wherever a bit is flipped, only the record that has it is lost, and a copy is
// kept and reported, once.
func TestEachBit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fs, was := damaged(t)
		names := files(t, fs)
		lostInAll := 0
		for i, name := range names {
			base, _ := baseOf(name)
			used := LSN(0)
			if i+1 < len(names) {
				next, _ := baseOf(names[i+1])
				used = next - base
			} else {
				used = was[len(was)-1].end - base
			}
			step := int64(1)
			if testing.Short() {
				step = 13
			}
			for offset := int64(0); offset < segmentHeader+int64(used); offset += step {
				if offset == headerContent+4 {
					offset = headerCopy - 1
				}
				if offset == headerCopy+headerContent+4 {
					offset = segmentHeader
				}
				left := fs.kill()
				left.flip(filepath.Join(testPath, name), offset, int(offset%8))
				lost := flipped(t, left, was, name, base, offset)
				if lostInAll += lost; t.Failed() {
					t.Fatalf("a bit was flipped at %d of %s", offset, name)
				}
			}
		}
		if lostInAll == 0 {
			t.Error("no flip cost a record")
		}
	})
}

// flipped opens a log with a flipped bit, and tells how many records it cost.
func flipped(t *testing.T, fs *MemFS, was []kept, name string, base LSN, offset int64) (lost int) {
	w := mustOpen(t, quiet(fs))
	got := w.records
	for _, r := range was {
		if len(got) > 0 && got[0] == r {
			got = got[1:]
			continue
		}
		lost++
		at := segmentHeader + int64(r.at-base)
		if offset < at || offset >= at+int64(r.end-r.at) {
			t.Errorf("the record at %v is lost", r.at)
		}
	}
	if len(got) > 0 {
		t.Errorf("%v was never appended, or is out of order", got[0])
	}
	switch n := len(w.report.Damage); {
	case offset < segmentHeader && n > 0:
		t.Errorf("there are two headers, but: %v", w.report.Damage)
	case offset >= segmentHeader && n != 1:
		t.Errorf("%d damages: %v", n, w.report.Damage)
	case n == 1:
		d := w.report.Damage[0]
		if d.Segment != name || d.Offset > offset || d.Offset+d.Octets <= offset || d.Err != nil || d.Known || d.At != base+LSN(d.Offset-segmentHeader) {
			t.Errorf("%+v", d)
		}
		f, err := fs.Open(d.File, false)
		if err != nil {
			t.Fatal(err)
		}
		size, _ := f.Size()
		copied, there := make([]byte, size), make([]byte, size)
		f.ReadAt(copied, 0)
		g, _ := fs.Open(filepath.Join(testPath, name), false)
		g.ReadAt(there, d.Offset)
		if size != d.Octets || !bytes.Equal(copied, there) {
			t.Errorf("the copy has %d octets, which are not those of the segment", size)
		}
		again := mustOpen(t, quiet(fs.Crash()))
		if len(again.report.Damage) != 1 || !again.report.Damage[0].Known || len(again.records) != len(w.records) {
			t.Errorf("the second time: %+v", again.report)
		}
		again.close()
	}
	w.close()
	return lost
}

// What the compactor finds damaged is copied before its segment is let go; if
// that fails, the segment stays.
func TestDamageWhileCompacting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fs := &faulty{MemFS: NewMemFS()}
		w := openOwner(t, quiet(fs))
		w.Start(w)
		w.set("kept", content(8))
		w.set("hurt", content(25))
		w.commit()
		name := filepath.Join(testPath, segmentName(0))
		fs.flip(name, segmentHeader+int64(w.table["hurt"].at)+20, 1)
		copied := func() bool {
			names, _ := fs.ReadDir(filepath.Join(testPath, quarantineFolder))
			return len(names) > 0
		}
		fs.fail(func(o operation) error {
			if strings.Contains(o.name, quarantineFolder) {
				return syscall.ENOSPC
			}
			return nil
		})
		for i := range 400 {
			w.set("often", content(i))
			w.commit()
		}
		if copied() || fs.names[name] == nil {
			t.Error("the segment was let go without a copy of what is damaged")
		}
		fs.fail(nil)
		time.Sleep(compactRetry)
		w.set("often", "x")
		w.commit()
		if !copied() || fs.names[name] != nil || w.Stats().Quarantined != 1 {
			t.Errorf("copied: %v, %+v", copied(), w.Stats())
		}
		if b, err := w.Read(w.table["kept"].at, nil); err != nil || !strings.HasPrefix(string(b), "kept=") {
			t.Errorf("%q, %v", b, err)
		}
		w.Close()
	})
}
