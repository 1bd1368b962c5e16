package store

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
)

// cut is what a power cut at some moment leaves, and what was promised by then.
type cut struct {
	what    string
	fs      *MemFS
	durable LSN
	records []kept
}

// crashes runs work on a log and takes cuts before each operation on the disk;
// writes are cut at each of the octets that octets gives for their length.
func crashes(t *testing.T, fs *MemFS, r *rand.Rand, octets func(n int) []int, work func(w *world)) (cuts []cut) {
	broken := &faulty{MemFS: fs}
	w := mustOpen(t, quiet(broken))
	took := 0
	take := func(what string, crash func() *MemFS) {
		c := cut{what: what, durable: w.Durable(), fs: crash()}
		w.mu.Lock()
		defer w.mu.Unlock()
		c.records = slices.Clone(w.records)
		cuts = append(cuts, c)
	}
	anything := func() *MemFS { return fs.CrashRandomly(r) }
	broken.fail(func(o operation) error {
		took++
		what := fmt.Sprintf("operation %d, %s %s", took, o.what, filepath.Base(o.name))
		take(what+", nothing unsynced", fs.Crash)
		take(what, anything)
		if o.what != "write" {
			return nil
		}
		for _, n := range octets(len(o.b)) {
			take(fmt.Sprintf("%s, %d of %d octets", what, n, len(o.b)), func() *MemFS { return fs.cutWrite(o, n) })
		}
		return nil
	})
	w.Start(nil)
	work(w)
	w.close()
	broken.fail(nil)
	take("closed", anything)
	return cuts
}

// cutWrite is a crash in which the first octets of a write reached the disk, as
// all did before.
func (m *MemFS) cutWrite(o operation, n int) *MemFS {
	after := m.kill()
	for name, f := range m.names {
		if f == o.file {
			f = after.names[name]
			f.data = put(f.data, o.b[:n], o.offset)
			f.synced = slices.Clone(f.data)
		}
	}
	return after
}

// kill is what the end of the program alone leaves: all.
func (m *MemFS) kill() *MemFS {
	m.mu.Lock()
	defer m.mu.Unlock()
	after := NewMemFS()
	for name, f := range m.names {
		g := &memFile{fs: after, data: slices.Clone(f.data), synced: slices.Clone(f.data), dirty: map[int64]bool{}}
		after.names[name], after.onDisk[name] = g, g
	}
	return after
}

// recovers opens what a crash left, checks it, goes on with it, and opens that.
func (c *cut) recovers(t *testing.T) {
	t.Helper()
	defer func() {
		if t.Failed() {
			t.Logf("cut at: %s; %d records, all below %v durable", c.what, len(c.records), c.durable)
		}
	}()
	w := start(t, quiet(c.fs))
	w.holdsAll(c.records, c.durable)
	w.fits()
	// Shorter and longer than what was cut off, so that its remains would show.
	for i := range 5 {
		w.add(strings.Repeat("n", 1+i*i*7))
		w.commit()
	}
	w.fits()
	if w.Durable() != w.End() {
		t.Fatalf("durable %v, end %v: %v", w.Durable(), w.End(), w.Err())
	}
	before := w.records
	dead := c.fs.Crash()
	w.close()
	for _, fs := range []*MemFS{dead, c.fs} {
		again := mustOpen(t, quiet(fs))
		again.holdsAll(before, before[len(before)-1].end)
		if fs == c.fs && !again.report.Clean {
			t.Fatalf("it was closed, but: %+v", again.report)
		}
		again.close()
	}
}

// seeds is for tests that draw from chance; each prints its own.
func seeds(t *testing.T, n int, run func(t *testing.T, r *rand.Rand)) {
	if testing.Short() {
		n = 1
	}
	for seed := range uint64(n) {
		t.Run(fmt.Sprintf("seed=%d", seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { run(t, rand.New(rand.NewPCG(seed, 1))) })
		})
	}
}

// Every write is cut at every octet.
func TestCutAtEveryOctet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		every := func(n int) (at []int) {
			for i := 0; i <= n; i++ {
				if i <= 300 || i%211 == 0 { // zeros behind a batch are all alike
					at = append(at, i)
				}
			}
			return at
		}
		cuts := crashes(t, NewMemFS(), rand.New(rand.NewPCG(1, 1)), every, func(w *world) {
			for i := range 9 {
				for j := range 1 + i%3 {
					w.add(content(i*5 + j))
				}
				w.commit()
			}
		})
		if len(cuts) < 2000 {
			t.Errorf("only %d cuts", len(cuts))
		}
		for i := range cuts {
			cuts[i].recovers(t)
		}
	})
}

// Sectors that were not synced are lost one by one, over several segments, and
// what is left is opened, cut again during that, and opened.
func TestCrashRandomly(t *testing.T) {
	seeds(t, 3, func(t *testing.T, r *rand.Rand) {
		few := func(n int) []int { return []int{r.IntN(n + 1)} }
		own := rand.New(rand.NewPCG(r.Uint64(), 4)) // r is for the committer
		cuts := crashes(t, NewMemFS(), r, few, func(w *world) {
			for range 60 {
				for range 1 + own.IntN(6) {
					w.add(content(own.IntN(1000)))
				}
				if own.IntN(10) == 0 {
					w.add(strings.Repeat("large", 200*own.IntN(20)+1))
				}
				w.commit()
			}
		})
		for i := range cuts {
			c := &cuts[i]
			if i%8 != 0 {
				c.recovers(t)
				continue
			}
			second := crashes(t, c.fs, r, few, func(w *world) {
				w.holdsAll(c.records, c.durable)
				w.add(content(own.IntN(1000)))
				w.commit()
			})
			for j := range second {
				second[j].durable = max(second[j].durable, c.durable)
				second[j].recovers(t)
			}
		}
	})
}
