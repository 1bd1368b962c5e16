package store

import (
	"encoding/binary"
	"path/filepath"
	"sync"
	"testing"

	"go.etcd.io/bbolt"
)

// The record of the table in the README: a small message with its topic.
const benchRecord = 200

// durably is something that has a record on the disk when it returns.
type durably interface{ put(record []byte) }

// BenchmarkDurable counts records that are on the disk, by one writer and by 64
// that each wait for theirs. bare is what the disk can do: one write and one
// fdatasync in a reserved, written file, with 1 or 64 records at a time.
func BenchmarkDurable(b *testing.B) {
	for _, writers := range []int{1, 64} {
		name := map[int]string{1: "writers=1", 64: "writers=64"}[writers]
		b.Run(name+"/bare", func(b *testing.B) { benchBare(b, writers) })
		b.Run(name+"/log", func(b *testing.B) {
			l := openBench(b, Options{})
			benchWriters(b, writers, func() durably { return &logWriter{log: l, done: make(chan struct{}, 1)} })
			st := l.Stats()
			b.ReportMetric(float64(st.Records)/float64(st.Commits), "records/commit")
		})
		b.Run(name+"/bbolt", func(b *testing.B) { benchBolt(b, writers) })
	}
}

func openBench(b *testing.B, o Options) *Log {
	o.Path = b.TempDir()
	l, err := Open(o)
	if err != nil {
		b.Fatal(err)
	}
	if _, err := l.Replay(nil); err != nil {
		b.Fatal(err)
	}
	l.Start(nothingNeeded{})
	b.Cleanup(func() {
		if err := l.Close(); err != nil {
			b.Error(err)
		}
	})
	return l
}

// nothingNeeded is the owner of records that are all garbage.
type nothingNeeded struct{}

func (nothingNeeded) Relocate(LSN, []byte) error { return nil }
func (nothingNeeded) Settle() error              { return nil }

// benchWriters has each writer put records until there were b.N in all.
func benchWriters(b *testing.B, writers int, open func() durably) {
	var wg sync.WaitGroup
	b.ReportAllocs()
	b.ResetTimer()
	for i := range writers {
		w := open()
		wg.Go(func() {
			record := make([]byte, benchRecord)
			for range (b.N + i) / writers {
				w.put(record)
			}
		})
	}
	wg.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "records/s")
}

type logWriter struct {
	log  *Log
	done chan struct{}
}

func (w *logWriter) Durable() { w.done <- struct{}{} }

func (w *logWriter) put(record []byte) {
	_, end := w.log.Append(record, false)
	if w.log.Notify(end, w) {
		<-w.done
	}
}

func benchBare(b *testing.B, group int) {
	f, err := OS{}.Create(filepath.Join(b.TempDir(), "bare"))
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	batch := make([]byte, group*benchRecord)
	if _, err := f.WriteAt(make([]byte, DefaultSegment), 0); err != nil {
		b.Fatal(err)
	}
	f.Sync()
	at := int64(0)
	b.ResetTimer()
	for i := 0; i < b.N; i += group {
		if at+int64(len(batch)) > DefaultSegment {
			at = 0
		}
		if _, err := f.WriteAt(batch, at); err != nil {
			b.Fatal(err)
		}
		if err := f.Sync(); err != nil {
			b.Fatal(err)
		}
		at += int64(len(batch))
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "records/s")
}

// boltWriter hands its records to one goroutine, which commits what has
// gathered.
type boltWriter struct {
	to   chan *boltWriter
	done chan struct{}
	data []byte
}

func (w *boltWriter) put(record []byte) {
	w.data = record
	w.to <- w
	<-w.done
}

func benchBolt(b *testing.B, writers int) {
	db, err := bbolt.Open(filepath.Join(b.TempDir(), "bolt"), 0o600, nil)
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	bucket := []byte("log")
	if err := db.Update(func(tx *bbolt.Tx) error { _, err := tx.CreateBucket(bucket); return err }); err != nil {
		b.Fatal(err)
	}
	to := make(chan *boltWriter, writers)
	var committer sync.WaitGroup
	committer.Go(func() {
		next := uint64(0)
		var group []*boltWriter
		for w := range to {
			group = append(group[:0], w)
			for len(to) > 0 {
				group = append(group, <-to)
			}
			err := db.Update(func(tx *bbolt.Tx) error {
				for _, w := range group {
					next++
					if err := tx.Bucket(bucket).Put(binary.BigEndian.AppendUint64(nil, next), w.data); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				b.Error(err)
			}
			for _, w := range group {
				w.done <- struct{}{}
			}
		}
	})
	benchWriters(b, writers, func() durably { return &boltWriter{to: to, done: make(chan struct{}, 1)} })
	close(to)
	committer.Wait()
}

// BenchmarkReplay reads a log of 200-octet records again.
func BenchmarkReplay(b *testing.B) {
	o := Options{Path: b.TempDir(), Durability: None}
	l, err := Open(o)
	if err != nil {
		b.Fatal(err)
	}
	if _, err := l.Replay(nil); err != nil {
		b.Fatal(err)
	}
	l.Start(nil)
	record := make([]byte, benchRecord)
	for range 256 << 10 {
		l.Append(record, true)
	}
	if err := l.Close(); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(l.End()))
	b.ReportAllocs()
	for b.Loop() {
		l, err := Open(o)
		if err != nil {
			b.Fatal(err)
		}
		report, err := l.Replay(func(at LSN, record []byte) error {
			l.Live(at, len(record))
			return nil
		})
		if err != nil || report.Records != 256<<10 {
			b.Fatal(report, err)
		}
		l.Close()
	}
}

// BenchmarkAppend is what an Append costs its caller while commits go on.
func BenchmarkAppend(b *testing.B) {
	l := openBench(b, Options{Durability: Interval})
	record := make([]byte, benchRecord)
	b.ReportAllocs()
	for b.Loop() {
		l.Append(record, false)
	}
}

// BenchmarkRead reads records that are in segments.
func BenchmarkRead(b *testing.B) {
	l := openBench(b, Options{})
	var at []LSN
	for range 10_000 {
		n, _ := l.Append(make([]byte, benchRecord), true)
		at = append(at, n)
	}
	l.await(l.End())
	b.ReportAllocs()
	var buf []byte
	for i := 0; b.Loop(); i++ {
		var err error
		if buf, err = l.Read(at[i%len(at)], buf[:0]); err != nil {
			b.Fatal(err)
		}
	}
}
