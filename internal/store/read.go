package store

import (
	"errors"
	"fmt"
	"io"
	"slices"
)

// firstRead is what Read reads at first, in the hope that it is all.
const firstRead = 1 << 10

// Read appends a record's content to buf, wherever it is now: in a segment, or
// still waiting to be written. It fails with ErrGone if its segment was let go,
// and with ErrDamaged if there is no whole record.
func (l *Log) Read(at LSN, buf []byte) ([]byte, error) {
	l.mu.Lock()
	if b := l.batchOf(at); b != nil {
		defer l.mu.Unlock()
		if content, ok := b.record(at, l.seed); ok {
			return append(buf, content...), nil
		}
		return buf, fmt.Errorf("%w: none begins at %v", ErrDamaged, at)
	}
	s := l.segmentOf(at)
	l.mu.Unlock()
	if s == nil {
		return buf, fmt.Errorf("%w: it was at %v", ErrGone, at)
	}
	// A segment that is let go meanwhile gets other content, which cannot pass,
	// since a record's sum has its position in it.
	content, err := l.readFrom(s, at, buf)
	if err == nil {
		return content, nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if !slices.Contains(l.segments, s) {
		return buf, fmt.Errorf("%w: it was at %v", ErrGone, at)
	}
	return buf, fmt.Errorf("%w: at %v in %s: %w", ErrDamaged, at, s.path, err)
}

// record is the content of a record in the batch. The commit record at its
// beginning is the committer's, and not looked at; a batch of before a restart is
// not changed any more, and begins where a damaged log says that it does.
func (b *batch) record(at LSN, s seed) ([]byte, bool) {
	head := b.buf[at-b.base:]
	if !b.again && at < b.base+commitRecord || len(head) < recordHeader || le.Uint32(head[4:]) != s.marks(at) {
		return nil, false
	}
	n, commit, ok := lengthOf(head)
	if !ok || commit || n > int64(len(head)-recordHeader) {
		return nil, false
	}
	return head[recordHeader:][:n], true
}

// batchOf is the batch that holds a position; nil if it was committed.
func (l *Log) batchOf(at LSN) *batch {
	for _, b := range l.waiting {
		if at >= b.base && at < b.end() {
			return b
		}
	}
	return nil
}

// segmentOf is the segment that holds a position; nil if there is none.
func (l *Log) segmentOf(at LSN) *segment {
	i, found := slices.BinarySearchFunc(l.segments, at, func(s *segment, at LSN) int {
		switch {
		case s.base < at:
			return -1
		case s.base > at:
			return 1
		}
		return 0
	})
	if !found {
		i--
	}
	if i < 0 || at >= l.segments[i].end {
		return nil
	}
	return l.segments[i]
}

var (
	errMarks = errors.New("there is no record's header")
	errSum   = errors.New("its sum is wrong")
)

// readFrom reads header and content behind buf, and moves the content over the
// header.
func (l *Log) readFrom(s *segment, at LSN, buf []byte) ([]byte, error) {
	offset, start := s.offset(at), len(buf)
	buf = slices.Grow(buf, firstRead)
	b := buf[start:][:min(firstRead, max(0, s.size-offset))]
	if n, err := s.file.ReadAt(b, offset); err != nil && (n < len(b) || !errors.Is(err, io.EOF)) {
		return buf, err
	}
	if len(b) < recordHeader || le.Uint32(b[4:]) != l.seed.marks(at) {
		return buf, errMarks
	}
	n, commit, ok := lengthOf(b)
	if !ok || commit || n > s.size-offset-recordHeader {
		return buf, errMarks
	}
	if total := recordHeader + int(n); total <= len(b) {
		b = b[:total]
	} else {
		have := len(b)
		buf = slices.Grow(buf[:start+have], total-have)
		b = buf[start:][:total]
		if got, err := s.file.ReadAt(b[have:], offset+int64(have)); err != nil && (got < total-have || !errors.Is(err, io.EOF)) {
			return buf, err
		}
	}
	if !l.seed.whole(b, at) {
		return buf, errSum
	}
	copy(b, b[recordHeader:])
	return buf[:start+int(n)], nil
}
