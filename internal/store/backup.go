package store

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
)

// errUsedAgain: a segment was let go while it was copied.
var errUsedAgain = errors.New("store: the log is compacted faster than it can be copied: try again when there is less traffic")

// Backup copies a log to a folder that does not exist or is empty, where Open
// takes it. The log may be in use: the copy has what was written when it began,
// and perhaps more. It reports what is in the copy.
func Backup(from, to string) (Report, error) { return backup(OS{}, from, to) }

func backup(files FS, from, to string) (Report, error) {
	names, err := files.ReadDir(to)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return Report{}, err
	}
	if len(names) > 0 {
		return Report{}, fmt.Errorf("store: %s is not empty: give the copy a folder of its own", to)
	}
	if err := files.Mkdir(to); err != nil {
		return Report{}, err
	}
	for range attempts {
		if err = copyAll(files, from, to); !errors.Is(err, errUsedAgain) {
			break
		}
	}
	if err != nil {
		return Report{}, err
	}
	return inspect(files, to, nil)
}

// copyAll copies segments, oldest first, so that what the compactor moves to the
// end is met again there. If one was let go before it was copied, those before
// it are of no use, and are removed.
func copyAll(files FS, from, to string) error {
	found, err := list(files, from)
	defer found.close()
	if err != nil {
		return err
	}
	r := reading{scan: scanner{seed: newSeed(found.id)}}
	var made []string
	for i, s := range found.segments {
		path := filepath.Join(to, s.name())
		made = append(made, path)
		// Of the last, what is whole now: reading and the committer's writing
		// may overlap behind that.
		var end LSN
		if i+1 < len(found.segments) {
			end = min(found.segments[i+1].base, s.limit())
		} else {
			_, end, _ = r.extent(s)
		}
		err := copySegment(files, s, end, path)
		if err == nil && s.usedAgain() {
			err = errUsedAgain
		}
		if err != nil {
			for _, path := range made {
				err = errors.Join(err, files.Remove(path))
			}
			return err
		}
	}
	return files.SyncDir(to)
}

func copySegment(files FS, s *segment, end LSN, path string) (err error) {
	f, err := files.Create(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	b := make([]byte, windowSize)
	for at, size := int64(0), s.offset(end); at < size; {
		b := b[:min(int64(len(b)), size-at)]
		readAround(s.file, b, at)
		n, err := f.WriteAt(b, at)
		if err != nil {
			return err
		}
		at += int64(n)
	}
	return f.Sync()
}
