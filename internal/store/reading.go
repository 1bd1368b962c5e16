package store

import (
	"errors"
	"fmt"
	"path/filepath"
	"time"
)

// folder is the segments that a folder has.
type folder struct {
	segments []*segment
	id       uint64 // zero: no header is whole, or there is no segment
}

// openSegments opens what a folder has and reads the headers. It fails with
// ErrFormat, and then returns what is open.
func openSegments(fs FS, path string, names []string, write bool) (found folder, err error) {
	for _, name := range names {
		base, ok := baseOf(name)
		if !ok {
			continue
		}
		s := &segment{base: base, end: base, path: filepath.Join(path, name)}
		if s.file, err = fs.Open(s.path, write); err != nil {
			return found, err
		}
		found.segments = append(found.segments, s)
		if s.size, err = s.file.Size(); err != nil {
			return found, err
		}
		h, err := readHeader(s.file)
		switch {
		case errors.Is(err, ErrDamaged):
			s.headless = true
			continue
		case err != nil:
			return found, fmt.Errorf("%s: %w", s.path, err)
		case h.base != base:
			return found, &misnamed{s.path, segmentName(h.base)}
		case found.id != 0 && h.id != found.id:
			return found, fmt.Errorf("%w: %s belongs to another store than those before it: move it away", ErrFormat, s.path)
		}
		found.id, s.synced = h.id, h.synced
	}
	return found, nil
}

// misnamed is a segment that has another one's name.
type misnamed struct{ path, name string }

func (e *misnamed) Error() string {
	return fmt.Sprintf("%v: %s was named %s: give it its name back, or move it away", ErrFormat, e.path, e.name)
}

func (e *misnamed) Unwrap() error { return ErrFormat }

// reading goes through segments, oldest first, and reports.
type reading struct {
	scan   scanner
	visit  func(at LSN, record []byte) error
	aside  func(s *segment, offset, octets int64) (path string, known bool, err error) // nil: nothing is copied
	report Report
}

// extent finds where the log ends in its last segment: all below claimed had
// been fsynced.
func (r *reading) extent(s *segment) (claimed, end LSN, found signs) {
	r.scan.set(s.file, s.base, s.base, s.limit())
	claimed, found, _ = r.scan.walk(max(s.base, min(s.synced, s.limit())), visitor{})
	return claimed, r.scan.at, found
}

// torn reports what is behind the end, if there is something.
func (r *reading) torn(s *segment, end LSN, found signs) {
	if found.any {
		r.report.Torn = &Torn{Segment: s.name(), At: end, Offset: s.offset(end), Octets: int64(found.end - end), Records: found.records}
	}
}

// segment visits the records of a segment up to end.
func (r *reading) segment(s *segment, end LSN) error {
	first := len(r.report.Damage)
	var before []int
	damaged := func(offset, n int64) {
		d := Damage{Segment: s.name(), At: s.base + LSN(max(0, offset-segmentHeader)), Offset: offset, Octets: n}
		if r.aside != nil {
			d.File, d.Known, d.Err = r.aside(s, offset, n)
		}
		r.report.Damage = append(r.report.Damage, d)
		before = append(before, r.report.Records)
	}
	if r.report.Segments++; s.headless {
		damaged(0, segmentHeader)
	}
	r.scan.set(s.file, s.base, s.base, min(end, s.limit()))
	_, _, err := r.scan.walk(end, visitor{
		record: func(at LSN, content []byte) error {
			r.report.Records++
			r.report.Octets += int64(len(content))
			r.report.Clean = false
			return r.visit(at, content)
		},
		damage: func(from, to LSN) { damaged(s.offset(from), int64(to-from)) },
		commit: func(e entry) {
			r.report.LastCommit = time.Unix(0, e.wall())
			r.report.Clean = e.synced() == e.at && r.report.Torn == nil
		},
	})
	if err != nil {
		return err
	}
	if end > s.limit() {
		damaged(s.offset(s.limit()), int64(end-s.limit()))
	}
	for i, n := range before {
		r.report.Damage[first+i].After = r.report.Records - n
	}
	return nil
}
