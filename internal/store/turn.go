package store

import (
	"os"
	"path/filepath"
	"time"
)

const (
	// zeroAhead is how far a write into fresh blocks brings zeros along.
	zeroAhead = 64 << 10
	// maxSpare is how many segments that were let go are kept for new ones.
	maxSpare = 2
)

var zeros [zeroAhead]byte

// turn begins a segment with a batch. It appears in the folder when both are on
// the disk, so a segment always has its first batch whole.
func (l *Log) turn(b *batch) error {
	s, err := l.blank(segmentHeader + int64(len(b.buf)))
	if err != nil {
		return err
	}
	s.base, s.end = b.base, b.base
	h := header{id: l.id, base: b.base, synced: b.end(), wall: time.Now().UnixNano()}
	if err = l.put(s, h.appendTo(nil), 0); err == nil {
		err = l.put(s, b.buf, segmentHeader)
	}
	if err == nil {
		err = l.sync(s.file)
	}
	path := filepath.Join(l.o.Path, segmentName(b.base))
	if err == nil {
		err = l.o.FS.Rename(s.path, path)
	}
	if err != nil {
		l.discard(s)
		return err
	}
	s.path = path
	if err := l.o.FS.SyncDir(l.o.Path); err != nil {
		s.file.Close() // it is replaced when the batch is tried again
		return err
	}
	l.mu.Lock()
	l.segments = append(l.segments, s)
	l.mu.Unlock()
	l.cur, l.turned = s, true
	return nil
}

// blank is a file for a segment of at least so many octets: one that was let
// go, or a fresh one.
func (l *Log) blank(size int64) (*segment, error) {
	size = max(l.o.SegmentSize, (size+page-1)/page*page)
	l.mu.Lock()
	if last := len(l.spare) - 1; last >= 0 && size == l.o.SegmentSize {
		s := l.spare[last]
		l.spare = l.spare[:last]
		l.mu.Unlock()
		s.zeroed = s.size
		return s, nil
	}
	l.mu.Unlock()
	path := filepath.Join(l.o.Path, freshName)
	f, err := l.o.FS.Create(path)
	if err != nil {
		return nil, err
	}
	s := &segment{path: path, file: f, size: size}
	if err := f.Allocate(size); err != nil {
		l.discard(s)
		return nil, err
	}
	return s, nil
}

// put writes octets, and zeros behind them if it is the first time that the
// file's blocks there are written.
func (l *Log) put(s *segment, b []byte, offset int64) error {
	if err := l.writeAt(s.file, b, offset); err != nil {
		return err
	}
	end := offset + int64(len(b))
	if end <= s.zeroed || offset == 0 {
		return nil
	}
	s.zeroed = min(s.size, (end/zeroAhead+1)*zeroAhead)
	return l.writeAt(s.file, zeros[:s.zeroed-end], end)
}

func (l *Log) writeAt(f File, b []byte, offset int64) error {
	n, err := f.WriteAt(b, offset)
	l.writes.Add(1)
	pages := (offset+int64(n)+page-1)/page*page - offset/page*page
	l.octets.Add(pages)
	l.written += pages
	return err
}

func (l *Log) sync(f File) error {
	l.syncs.Add(1)
	return f.Sync()
}

// discard removes a file that is of no use. What cannot be removed is found
// again by the next Open.
func (l *Log) discard(s *segment) {
	s.file.Close()
	if err := l.o.FS.Remove(s.path); err != nil && !os.IsNotExist(err) {
		l.o.Log.Warn("store: cannot remove a file that is not needed", "err", err)
	}
}
