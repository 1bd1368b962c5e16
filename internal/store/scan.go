package store

import (
	"errors"
	"io"
)

// windowSize is how much a scanner reads at a time; a larger record makes it
// read more.
const windowSize = 256 << 10

// scanner finds whole records in a segment's octets, whatever else there is.
type scanner struct {
	file   io.ReaderAt
	seed   seed
	base   LSN // of the segment
	at     LSN // next to be looked at
	limit  LSN // nothing at or beyond counts
	from   LSN // where window begins
	window []byte
}

// entry is a whole record; content is valid until the scanner moves on.
type entry struct {
	at, end LSN
	content []byte
	commit  bool
}

// synced is what a commit record says had been fsynced before it.
func (e entry) synced() LSN { return LSN(le.Uint64(e.content)) }

func (e entry) wall() int64 { return int64(le.Uint64(e.content[8:])) }

// set points the scanner at another segment's octets from a position on.
func (s *scanner) set(file io.ReaderAt, base, at, limit LSN) {
	s.file, s.base, s.at, s.limit = file, base, at, limit
	s.from, s.window = at, s.window[:0]
}

// octets returns n octets at a position; nil if they end beyond the limit.
func (s *scanner) octets(at LSN, n int64) []byte {
	if at > s.limit || n > int64(s.limit-at) {
		return nil
	}
	if at < s.from || at+LSN(n) > s.from+LSN(len(s.window)) {
		s.fill(at, max(n, min(windowSize, int64(s.limit-at))))
	}
	return s.window[at-s.from:][:n]
}

func (s *scanner) fill(at LSN, n int64) {
	if int64(cap(s.window)) < n {
		s.window = make([]byte, n)
	}
	s.from, s.window = at, s.window[:n]
	readAround(s.file, s.window, segmentHeader+int64(at-s.base))
}

// readAround reads what can be read; what cannot is zero, page by page.
func readAround(f io.ReaderAt, b []byte, offset int64) {
	if n, err := f.ReadAt(b, offset); err == nil || errors.Is(err, io.EOF) {
		clear(b[n:])
		return
	}
	for len(b) > 0 {
		n := min(len(b), page-int(offset%page))
		if got, err := f.ReadAt(b[:n], offset); err != nil {
			clear(b[got:n])
		}
		b, offset = b[n:], offset+int64(n)
	}
}

// record returns the record at a position, if it is whole.
func (s *scanner) record(at LSN) (e entry, ok bool) {
	head := s.octets(at, recordHeader)
	if head == nil || le.Uint32(head[4:]) != s.seed.marks(at) {
		return e, false
	}
	n, commit, ok := lengthOf(head)
	if !ok {
		return e, false
	}
	b := s.octets(at, recordHeader+n)
	if b == nil || !s.seed.whole(b, at) {
		return e, false
	}
	return entry{at: at, end: at + LSN(len(b)), content: b[recordHeader:], commit: commit}, true
}

// next returns the record at s.at and moves behind it.
func (s *scanner) next() (e entry, ok bool) {
	if e, ok = s.record(s.at); ok {
		s.at = e.end
	}
	return e, ok
}

// marked is the first position from at on whose octets have a header's marks;
// false if there is none. What was not written by this store at this place
// passes once in four thousand million octets.
func (s *scanner) marked(at LSN) (LSN, bool) {
	for {
		if s.octets(at, recordHeader) == nil {
			return 0, false
		}
		w := s.window[at-s.from:]
		for i := 0; i+recordHeader <= len(w); i++ {
			if le.Uint32(w[i+4:]) == s.seed.marks(at+LSN(i)) {
				return at + LSN(i), true
			}
		}
		at += LSN(len(w) - recordHeader + 1)
	}
}

// seek moves to the next whole record beyond s.at; false if there is none, and
// then it does not move.
func (s *scanner) seek() bool {
	for at := s.at + 1; ; at++ {
		var ok bool
		if at, ok = s.marked(at); !ok {
			return false
		}
		if _, ok = s.record(at); ok {
			s.at = at
			return true
		}
	}
}

// signs is what is found from a position on that holds no whole record.
type signs struct {
	any     bool // some header's marks
	records int  // the owner's, whole
	end     LSN  // of the last whole one
	claimed LSN  // the most that a whole commit record says had been fsynced
}

// survey looks at all that follows, and does not move.
func (s *scanner) survey() (found signs) {
	start := s.at
	found.end = start
	_, found.any = s.marked(start)
	for s.seek() {
		for {
			e, ok := s.next()
			if !ok {
				break
			}
			found.end = e.end
			if e.commit {
				found.claimed = max(found.claimed, e.synced())
			} else {
				found.records++
			}
		}
	}
	s.at = start
	return found
}

// visitor is told what a walk finds.
type visitor struct {
	record func(at LSN, content []byte) error
	// damage is a stretch that had been on the disk and is not whole any more.
	damage func(from, to LSN)
	commit func(e entry)
}

// walk visits what is there from s.at on. All below claimed had been fsynced
// once. It returns the most that is known to have been so, and what looks like
// a write that was cut short behind the end, which is where s.at is then.
func (s *scanner) walk(claimed LSN, v visitor) (LSN, signs, error) {
	for {
		e, ok := s.next()
		switch {
		case ok && e.commit:
			claimed = max(claimed, e.synced())
			if v.commit != nil {
				v.commit(e)
			}
			continue
		case ok:
			if v.record != nil {
				if err := v.record(e.at, e.content); err != nil {
					return claimed, signs{}, err
				}
			}
			continue
		}
		if s.at >= s.limit {
			return claimed, signs{}, nil
		}
		if s.at >= claimed {
			found := s.survey()
			if claimed = min(max(claimed, found.claimed), s.limit); s.at >= claimed {
				return claimed, found, nil
			}
		}
		from := s.at
		if !s.seek() || s.at > claimed {
			s.at = claimed
		}
		if v.damage != nil {
			v.damage(from, s.at)
		}
	}
}
