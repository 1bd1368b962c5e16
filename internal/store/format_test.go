package store

import (
	"encoding/hex"
	"errors"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// Written down from doc.go with another program.
const (
	goldenID     = 0x1122334455667788
	goldenHeader = "736e62726f6b6572010000000000000088776655443322111000000001000000500000000100000000ca9a3b00000000fa7e3e03"
	goldenCommit = "100000809877665554ce997910000000010000000094357700000000"
	goldenHigh   = "05000000a4776655bc5d48a168656c6c6f"
	goldenLow    = "0500000094776655bb813e0168656c6c6f"
)

func TestFormat(t *testing.T) {
	h := header{id: goldenID, base: 1<<32 + 16, synced: 1<<32 + 80, wall: 1e9}
	pages := h.appendTo(nil)
	half := len(pages) / 2
	if len(pages) != segmentHeader || hex.EncodeToString(pages[:52]) != goldenHeader || string(pages[:half]) != string(pages[half:]) ||
		strings.Trim(string(pages[52:half]), "\x00") != "" {
		t.Errorf("header %x", pages[:52])
	}
	if got, err := readHeader(strings.NewReader(string(pages))); got != h || err != nil {
		t.Errorf("%+v, %v", got, err)
	}
	s := newSeed(goldenID)
	b := make([]byte, commitRecord)
	if s.putCommit(b, 1<<32+16, 1<<32+16, 2e9); hex.EncodeToString(b) != goldenCommit {
		t.Errorf("commit %x", b)
	}
	for at, want := range map[LSN]string{1<<32 + 44: goldenHigh, 28: goldenLow} {
		b := append(make([]byte, recordHeader), "hello"...)
		if s.putHeader(b, at, 5, s.content(b[recordHeader:])); hex.EncodeToString(b) != want {
			t.Errorf("record at %v: %x", at, b)
		}
		if !s.whole(b, at) || s.whole(b, at+1<<32) || s.marks(at) == s.marks(at+1) {
			t.Errorf("the record at %v passes elsewhere", at)
		}
	}
}

func TestSegmentNames(t *testing.T) {
	for _, at := range []LSN{0, 1, 0xabcdef, 1<<64 - 1} {
		if got, ok := baseOf(segmentName(at)); got != at || !ok {
			t.Errorf("%v: %v, %v", at, got, ok)
		}
	}
	for _, name := range []string{"", ".log", "1.log", "00000000000000AB.log", "+000000000000001.log", "0000000000000001.bad", "lock"} {
		if at, ok := baseOf(name); ok {
			t.Errorf("%s is no segment, but at %v", name, at)
		}
	}
}

// What Open refuses, it refuses with words, and leaves as it is.
func TestOpenRefuses(t *testing.T) {
	newer := func(fs *MemFS, name string) {
		f := fs.names[name]
		for _, at := range []int64{0, headerCopy} {
			le.PutUint32(f.data[at+8:], version+1)
			le.PutUint32(f.data[at+headerContent:], crcOf(f.data[at:][:headerContent]))
		}
	}
	for what, change := range map[string]func(t *testing.T, fs *MemFS, name string){
		"version 2": func(_ *testing.T, fs *MemFS, name string) { newer(fs, name) },
		"was named": func(_ *testing.T, fs *MemFS, name string) {
			fs.Rename(name, filepath.Join(testPath, segmentName(7)))
		},
		"another store": func(t *testing.T, fs *MemFS, name string) {
			other, _ := damaged(t)
			for _, s := range files(t, other)[1:] {
				if fs.names[filepath.Join(testPath, s)] == nil {
					fs.names[filepath.Join(testPath, s)] = other.names[filepath.Join(testPath, s)]
				}
			}
		},
	} {
		fs := NewMemFS()
		w := start(t, quiet(fs))
		w.add("x")
		w.close()
		change(t, fs, filepath.Join(testPath, segmentName(0)))
		if _, err := Open(quiet(fs)); !errors.Is(err, ErrFormat) || !strings.Contains(err.Error(), what) {
			t.Errorf("%s: %v", what, err)
		}
		if len(fs.locked) > 0 {
			t.Errorf("%s: the lock is kept", what)
		}
	}
}

// unreadable is a disk with a page that cannot be read any more.
type unreadable struct {
	*MemFS
	name string
	from int64
}

type unreadableFile struct {
	File
	from int64
}

func (u *unreadable) Open(name string, write bool) (File, error) {
	f, err := u.MemFS.Open(name, write)
	if err != nil || filepath.Base(name) != u.name {
		return f, err
	}
	return unreadableFile{f, u.from}, nil
}

func (f unreadableFile) ReadAt(b []byte, offset int64) (int, error) {
	if offset < f.from+page && offset+int64(len(b)) > f.from {
		return 0, syscall.EIO
	}
	return f.File.ReadAt(b, offset)
}

// A page that cannot be read costs the records in it, and nothing else. The
// header's costs none.
func TestUnreadable(t *testing.T) {
	fs := NewMemFS()
	o := quiet(fs)
	o.SegmentSize = 64 << 10
	w := start(t, o)
	for i := range 400 {
		w.add(content(i))
		if i%10 == 0 {
			w.safe()
		}
	}
	w.close()
	names := files(t, fs)
	if len(names) < 2 {
		t.Fatal("one segment")
	}
	for _, name := range names {
		base, _ := baseOf(name)
		for _, from := range []int64{0, segmentHeader} {
			o.FS = &unreadable{fs.kill(), name, from}
			again := mustOpen(t, o)
			if d := again.report.Damage; len(d) != 1 || d[0].Segment != name || d[0].Offset != from || d[0].Octets < page {
				t.Errorf("page %d of %s: %v", from/page, name, d)
			}
			got := again.records
			for _, r := range w.records {
				seen := len(got) > 0 && got[0] == r
				if seen {
					got = got[1:]
				}
				if hurt := from > 0 && r.end > base && r.at < base+page; seen == hurt {
					t.Errorf("page %d of %s: the record at %v is seen: %v", from/page, name, r.at, seen)
				}
			}
			again.close()
		}
	}
}
