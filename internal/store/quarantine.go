package store

import (
	"fmt"
	"os"
	"path/filepath"
)

const quarantineFolder = "quarantine"

// setAside copies a damaged stretch of a segment's file into the quarantine, with
// a text beside it. A copy that is there already is left as it is.
func (l *Log) setAside(s *segment, offset, n int64) (path string, known bool, err error) {
	folder := filepath.Join(l.o.Path, quarantineFolder)
	name := fmt.Sprintf("%v-%d-%d", s.base, offset, n)
	path = filepath.Join(folder, name+".bad")
	if f, err := l.o.FS.Open(path, false); err == nil {
		return path, true, f.Close()
	}
	if err := l.o.FS.Mkdir(folder); err != nil {
		return "", false, err
	}
	copied := make([]byte, min(n, max(0, s.size-offset)))
	readAround(s.file, copied, offset)
	text := fmt.Sprintf("%d octets at offset %d of %s, position %v of the log, were on the disk once and are damaged now.\n"+
		"Records in them are lost. Those before and after them are not.\n", n, offset, segmentName(s.base), s.base+LSN(max(0, offset-segmentHeader)))
	// The copy's name comes last: with it, all is there.
	err = l.writeFile(filepath.Join(folder, name+".txt"), []byte(text))
	if err == nil {
		err = l.writeFile(path+".tmp", copied)
	}
	if err == nil {
		err = l.o.FS.Rename(path+".tmp", path)
	}
	if err == nil {
		err = l.o.FS.SyncDir(folder)
	}
	if err == nil {
		err = l.o.FS.SyncDir(l.o.Path)
	}
	if err != nil {
		return "", false, err
	}
	l.mu.Lock()
	l.stats.Quarantined++
	l.mu.Unlock()
	return path, false, nil
}

// writeFile makes a file with this content, on the disk.
func (l *Log) writeFile(path string, content []byte) error {
	f, err := l.o.FS.Create(path)
	if err != nil {
		return err
	}
	if _, err = f.WriteAt(content, 0); err == nil {
		err = f.Sync()
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err != nil {
		if gone := l.o.FS.Remove(path); gone != nil && !os.IsNotExist(gone) {
			err = fmt.Errorf("%w; and %w", err, gone)
		}
	}
	return err
}
