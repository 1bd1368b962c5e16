package store

import (
	"errors"
	"io/fs"
)

// Inspect visits a folder's records as Replay does, but takes no lock and
// changes nothing. The folder may be in use: then what is at the end may be in
// the middle of being written, and what is let go meanwhile is left out.
// visit may be nil.
func Inspect(path string, visit func(at LSN, record []byte) error) (Report, error) {
	return inspect(OS{}, path, visit)
}

func inspect(files FS, path string, visit func(at LSN, record []byte) error) (Report, error) {
	found, err := list(files, path)
	defer found.close()
	if err != nil {
		return Report{}, err
	}
	if visit == nil {
		visit = func(LSN, []byte) error { return nil }
	}
	r := reading{scan: scanner{seed: newSeed(found.id)}, visit: visit}
	for i, s := range found.segments {
		if i == 0 {
			r.report.Begin = s.base
		}
		var end LSN
		if i+1 < len(found.segments) {
			end = found.segments[i+1].base
		} else {
			var found signs
			_, end, found = r.extent(s)
			r.torn(s, end, found)
			r.report.End = end
		}
		before := len(r.report.Damage)
		if err := r.segment(s, end); err != nil {
			return r.report, err
		}
		if s.usedAgain() {
			r.report.Damage, r.report.Torn = r.report.Damage[:before], nil
		}
	}
	return r.report, nil
}

// list opens a folder's segments to read. One that is let go, and perhaps used
// again, between the listing and the opening makes it begin anew.
func list(files FS, path string) (found folder, err error) {
	for range attempts {
		var names []string
		if names, err = files.ReadDir(path); err != nil {
			return found, err
		}
		var changed *misnamed
		if found, err = openSegments(files, path, names, false); !errors.Is(err, fs.ErrNotExist) && !errors.As(err, &changed) {
			break
		}
		found.close()
		found.segments = nil
	}
	return found, err
}

// attempts bounds how often a folder that changes all the time is read anew.
const attempts = 10

func (f *folder) close() {
	for _, s := range f.segments {
		if s.file != nil {
			s.file.Close()
		}
	}
}

// usedAgain tells whether a file has become another segment since it was opened.
func (s *segment) usedAgain() bool {
	h, err := readHeader(s.file)
	return err == nil && h.base != s.base
}
