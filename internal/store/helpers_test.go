package store

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
)

const testPath = "log"

// quiet is the Options of most tests: small segments, in memory.
func quiet(fs FS) Options {
	return Options{Path: testPath, FS: fs, SegmentSize: MinSegment, Log: slog.New(slog.NewTextHandler(io.Discard, nil))}
}

// kept is a record as the test remembers it.
type kept struct {
	at, end LSN
	content string
}

// world is a log, and what was appended to it.
type world struct {
	*Log
	t       testing.TB
	report  Report
	mu      sync.Mutex
	records []kept // those of before too
}

func mustOpen(t testing.TB, o Options) *world {
	t.Helper()
	l, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	w := &world{Log: l, t: t}
	w.report, err = l.Replay(func(at LSN, record []byte) error {
		w.records = append(w.records, kept{at, at + recordHeader + LSN(len(record)), string(record)})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// start opens a log and lets it run without a compactor.
func start(t testing.TB, o Options) *world {
	t.Helper()
	w := mustOpen(t, o)
	w.Start(nil)
	return w
}

func (w *world) add(content string) (end LSN) {
	w.mu.Lock()
	defer w.mu.Unlock()
	at, end := w.Append([]byte(content), true)
	w.records = append(w.records, kept{at, end, content})
	return end
}

// commit waits until all is on the disk, within a bubble.
func (w *world) commit() {
	w.Notify(w.End(), called(func() {}))
	synctest.Wait()
}

func (w *world) close() {
	w.t.Helper()
	if err := w.Close(); err != nil {
		w.t.Error(err)
	}
}

type called func()

func (f called) Durable() { f() }

// content is of a length and kind that follow from n; some contain what looks
// like records.
func content(n int) string {
	s := fmt.Sprintf("%d ", n)
	for len(s) < n*37%300 {
		s += string(rune('a' + n%26))
	}
	return s
}

// holdsAll checks what a log that was opened after a crash gave: each record as
// it was appended, in its place, none missing in between, at least those below
// durable.
func (w *world) holdsAll(was []kept, durable LSN) {
	w.t.Helper()
	if len(w.records) > len(was) {
		w.t.Fatalf("%d records, but only %d were appended: %v", len(w.records), len(was), w.records[len(was):])
	}
	for i, got := range w.records {
		if got != was[i] {
			w.t.Fatalf("record %d: %v, want %v", i, got, was[i])
		}
	}
	if n := len(w.records); n < len(was) && was[n].end <= durable {
		w.t.Fatalf("%d records of %d; that at %v was durable, as all below %v", n, len(was), was[n].at, durable)
	}
	if len(w.report.Damage) > 0 {
		w.t.Fatalf("nothing was damaged, but: %v", w.report.Damage)
	}
}

// fits checks that all that is appended can be read where it is.
func (w *world) fits() {
	w.t.Helper()
	for _, r := range w.records {
		if b, err := w.Read(r.at, nil); err != nil || string(b) != r.content {
			w.t.Fatalf("at %v: %q, %v; want %q", r.at, b, err, r.content)
		}
	}
}

// files is the segments' names.
func files(t testing.TB, fs FS) (names []string) {
	t.Helper()
	all, err := fs.ReadDir(testPath)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range all {
		if _, ok := baseOf(name); ok {
			names = append(names, name)
		}
	}
	return names
}

// faulty is a file system that fails when told to.
type faulty struct {
	*MemFS
	mu sync.Mutex // held while before runs
	// before is asked before each operation that changes something; an error is
	// the operation's result. If it is a partial, some octets are written.
	before func(o operation) error
}

// fail sets before; nil: nothing fails any more.
func (f *faulty) fail(before func(o operation) error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.before = before
}

type operation struct {
	what, name string
	file       *memFile // of a write
	b          []byte
	offset     int64
}

// partial is an error after some octets were written.
type partial struct {
	n int
	error
}

type faultyFile struct {
	*memFile
	fs   *faulty
	name string
}

func (f *faulty) ask(what, name string) error { return f.askWrite(operation{what: what, name: name}) }

func (f *faulty) askWrite(o operation) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.before == nil {
		return nil
	}
	return f.before(o)
}

func (f *faulty) Create(name string) (File, error) {
	if err := f.ask("create", name); err != nil {
		return nil, err
	}
	g, err := f.MemFS.Create(name)
	return &faultyFile{g.(*memFile), f, name}, err
}

func (f *faulty) Open(name string, write bool) (File, error) {
	g, err := f.MemFS.Open(name, write)
	if err != nil {
		return nil, err
	}
	return &faultyFile{g.(*memFile), f, name}, nil
}

func (f *faulty) Rename(from, to string) error {
	if err := f.ask("rename", from); err != nil {
		return err
	}
	return f.MemFS.Rename(from, to)
}

func (f *faulty) Remove(name string) error {
	if err := f.ask("remove", name); err != nil {
		return err
	}
	return f.MemFS.Remove(name)
}

func (f *faulty) SyncDir(path string) error {
	if err := f.ask("syncdir", path); err != nil {
		return err
	}
	return f.MemFS.SyncDir(path)
}

func (f *faultyFile) WriteAt(b []byte, offset int64) (int, error) {
	err := f.fs.askWrite(operation{"write", f.name, f.memFile, b, offset})
	var cut *partial
	switch {
	case errors.As(err, &cut):
		f.memFile.WriteAt(b[:cut.n], offset)
		return cut.n, cut.error
	case err != nil:
		return 0, err
	}
	return f.memFile.WriteAt(b, offset)
}

// Sync forgets what was written if it fails, as Linux does.
func (f *faultyFile) Sync() error {
	if err := f.fs.ask("sync", f.name); err != nil {
		f.forget()
		return err
	}
	return f.memFile.Sync()
}

func (f *faultyFile) Allocate(size int64) error {
	if err := f.fs.ask("allocate", f.name); err != nil {
		return err
	}
	return f.memFile.Allocate(size)
}

// flip changes a bit of a file, on the disk too.
func (m *MemFS) flip(name string, offset int64, bit int) {
	f := m.names[name]
	f.data[offset] ^= 1 << bit
	f.synced = slices.Clone(f.data)
}
