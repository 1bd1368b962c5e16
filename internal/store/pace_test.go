package store

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// A commit runs when it is asked for, and otherwise an interval after the first
// record; never when nothing waits.
func TestPace(t *testing.T) {
	for _, c := range []struct {
		d       Durability
		delay   time.Duration
		ask     bool
		commits []time.Duration // with a record each 0.4 s, three times
		syncs   uint64
	}{
		{Ack, 0, false, []time.Duration{1000}, 1},
		{Ack, 0, true, []time.Duration{0, 400, 800}, 3},
		{Ack, 300, true, []time.Duration{300, 700, 1100}, 3},
		{Ack, 500, true, []time.Duration{500, 1300}, 2},
		{Interval, 0, true, []time.Duration{1000}, 1},
		{None, 0, true, []time.Duration{1000}, 1}, // the new segment is fsynced
	} {
		synctest.Test(t, func(t *testing.T) {
			o := quiet(NewMemFS())
			o.Durability, o.GroupDelay = c.d, c.delay*time.Millisecond
			w := start(t, o)
			began := time.Now()
			var commits []time.Duration
			seen := uint64(0)
			for range 36000 {
				synctest.Wait()
				if st := w.Stats(); st.Commits != seen {
					seen = st.Commits
					commits = append(commits, time.Since(began)/time.Millisecond)
				}
				if at := time.Since(began); at%(400*time.Millisecond) == 0 && at <= 800*time.Millisecond {
					end := w.add("x")
					if c.ask {
						w.Notify(end, called(func() {}))
					}
					synctest.Wait()
					if st := w.Stats(); st.Commits != seen {
						seen = st.Commits
						commits = append(commits, time.Since(began)/time.Millisecond)
					}
				}
				time.Sleep(100 * time.Millisecond)
			}
			if !slices.Equal(commits, c.commits) || w.Stats().Syncs != c.syncs {
				t.Errorf("%v, delay %v, asked %v: commits at %d, want %d; %d syncs, want %d", c.d, c.delay, c.ask, commits, c.commits, w.Stats().Syncs, c.syncs)
			}
			w.close()
		})
	}
}

// With None records are fsynced when a segment is full, and at the end.
func TestNone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fs := NewMemFS()
		o := quiet(fs)
		o.Durability = None
		w := start(t, o)
		for range 10 {
			w.add(content(8))
			time.Sleep(2 * time.Second)
		}
		synctest.Wait()
		if st := w.Stats(); st.Commits != 10 || st.Syncs != 1 {
			t.Errorf("%+v", st)
		}
		again := mustOpen(t, quiet(fs.kill()))
		if len(again.records) != 10 {
			t.Errorf("after the end of the program: %d records", len(again.records))
		}
		again.close()
		w.close()
		again = mustOpen(t, quiet(fs.Crash()))
		again.holdsAll(w.records, w.End())
		if !again.report.Clean {
			t.Errorf("%+v", again.report)
		}
		again.close()
	})
}

// A budget that is used up spaces commits out, to a minute at most.
//
// A minute's records fit into a page, so that a commit costs one, or two where
// they cross into the next.
func TestBudget(t *testing.T) {
	for _, c := range []struct {
		pages int64
		want  [2]int // commits in the first and the second hour, about
	}{
		{0, [2]int{3600, 3600}},
		{100, [2]int{180, 72}}, // with 16 pages of zeros an hour
		{10, [2]int{60, 60}},
	} {
		synctest.Test(t, func(t *testing.T) {
			o := quiet(NewMemFS())
			o.SegmentSize, o.Durability, o.WriteBudget = 1<<20, Interval, c.pages*page
			w := start(t, o)
			before := uint64(0)
			for hour, want := range c.want {
				longest, last := time.Duration(0), time.Now()
				for range 3600 {
					w.add("x")
					n := w.Stats().Commits
					time.Sleep(time.Second)
					synctest.Wait()
					if w.Stats().Commits != n {
						longest, last = max(longest, time.Since(last)), time.Now()
					}
				}
				got := int(w.Stats().Commits - before)
				before = w.Stats().Commits
				if got < want*93/100 || got > want*107/100 || longest > MaxPause+time.Second {
					t.Errorf("%d pages: %d commits in hour %d, want about %d; %v between two", c.pages, got, hour, want, longest)
				}
			}
			w.close()
		})
	}
}

// While the budget is used up the log grows to four times what is live.
func TestBudgetPutsOffCompaction(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := quiet(NewMemFS())
		o.WriteBudget = page
		w := openOwner(t, o)
		for i := range 40 {
			w.set(fmt.Sprint("kept ", i), content(8*25))
		}
		w.Start(w)
		most := 0.0
		for range 2000 {
			w.set("often", content(7))
			w.set("kept 7", content(8*25))
			w.commit()
			st := w.Stats()
			most = max(most, float64(st.Used)/float64(max(st.Live, compactSegments*MinSegment/compactSpent)))
		}
		if most < 3 || most > compactSpent+1 {
			t.Errorf("%.1f times what is live", most)
		}
		w.Close()
	})
}

// Those who wait are told once, in the order in which they asked, and one that
// takes long holds up no commit.
func TestNotify(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fs := NewMemFS()
		w := start(t, quiet(fs))
		fs.Hold()
		var told []int
		tell := func(i int) Waiter { return called(func() { told = append(told, i) }) }
		first := w.add("x")
		w.Notify(first, tell(0))
		synctest.Wait() // at the disk
		second := w.add("y")
		w.Notify(second, tell(1))
		w.Notify(first, tell(2))
		w.Notify(first-1, tell(3))
		synctest.Wait()
		if len(told) > 0 || w.Durable() != 0 {
			t.Errorf("told %v, durable %v", told, w.Durable())
		}
		fs.Release()
		synctest.Wait()
		// By the second commit both may be durable.
		if !slices.Equal(told, []int{0, 2, 3, 1}) && !slices.Equal(told, []int{0, 1, 2, 3}) {
			t.Errorf("told %v", told)
		}
		if w.Notify(second, tell(4)) {
			t.Error("it is durable")
		}
		hold := make(chan struct{})
		w.Notify(w.add("z"), called(func() { <-hold }))
		synctest.Wait()
		end := w.add("z")
		w.Notify(end, tell(5))
		synctest.Wait()
		if w.Durable() != end || len(told) > 4 {
			t.Errorf("durable %v, want %v; told %v", w.Durable(), end, told)
		}
		close(hold)
		synctest.Wait()
		if len(told) != 5 || told[4] != 5 {
			t.Errorf("told %v", told)
		}
		// Close tells those whose records it commits.
		fs.Hold()
		w.Notify(w.add("last"), tell(6))
		closed := make(chan struct{})
		go func() { w.close(); close(closed) }()
		synctest.Wait()
		fs.Release()
		<-closed
		if told[len(told)-1] != 6 {
			t.Errorf("told %v", told)
		}
	})
}

// A batch that got large while the disk was busy does not keep its memory.
func TestBuffersAreGivenBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fs := NewMemFS()
		o := quiet(fs)
		o.SegmentSize = DefaultSegment
		w := start(t, o)
		w.add("first")
		w.commit()
		fs.Hold()
		for range 3 {
			for range 500 {
				w.Append(make([]byte, 1000), false)
			}
			w.commit()
		}
		fs.Release()
		w.commit()
		if len(w.idle) == 0 {
			t.Error("no batch is kept")
		}
		for _, b := range w.idle {
			if cap(b.buf) > keepBuffer {
				t.Errorf("%d octets are kept", cap(b.buf))
			}
		}
		w.close()
	})
}

func TestAppendAllocatesNothing(t *testing.T) {
	o := quiet(NewMemFS())
	o.SegmentSize, o.Durability, o.Interval = DefaultSegment, Interval, time.Hour
	w := start(t, o)
	record := make([]byte, 200)
	for range 1000 {
		w.Append(record, true)
	}
	if n := testing.AllocsPerRun(1000, func() { w.Append(record, true) }); n > 0 {
		t.Errorf("Append: %v allocations", n)
	}
	w.close()
	o = quiet(nil)
	o.Path, o.SegmentSize = t.TempDir(), DefaultSegment
	w = start(t, o)
	one := &logWriter{log: w.Log, done: make(chan struct{}, 1)}
	one.put(record)
	if n := testing.AllocsPerRun(100, func() { one.put(record) }); n > 0 {
		t.Errorf("Append, Notify and the commit: %v allocations", n)
	}
	w.close()
}

func TestBadOptions(t *testing.T) {
	for _, change := range []func(o *Options){
		func(o *Options) { o.Path = "" },
		func(o *Options) { o.Durability = 3 },
		func(o *Options) { o.SegmentSize = MinSegment - 1 },
		func(o *Options) { o.SegmentSize = maxSegment + 1 },
		func(o *Options) { o.Interval = -1 },
		func(o *Options) { o.WriteBudget = -1 },
	} {
		o := quiet(NewMemFS())
		change(&o)
		if _, err := Open(o); err == nil {
			t.Errorf("accepted: %+v", o)
		}
	}
	for _, d := range []Durability{Ack, Interval, None} {
		if got, err := ParseDurability(d.String()); got != d || err != nil {
			t.Errorf("%v: %v, %v", d, got, err)
		}
	}
	if _, err := ParseDurability("always"); err == nil {
		t.Error("always is no durability")
	}
}
