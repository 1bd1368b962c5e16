package store

import (
	"errors"
	"fmt"
	"syscall"
)

var (
	// ErrLocked: another process has the folder.
	ErrLocked = errors.New("store: the folder is in use")
	// ErrFormat: a segment has a format that this program does not know.
	ErrFormat = errors.New("store: unknown format")
	// ErrGone: the segment that held the record was let go.
	ErrGone = errors.New("store: the record is gone")
	// ErrDamaged: the record cannot be read whole any more.
	ErrDamaged = errors.New("store: the record is damaged")
	// ErrFull: there is no room on the disk.
	ErrFull = errors.New("store: the disk is full")
	// ErrBroken: the disk does not take what is written, for another reason
	// than that it is full.
	ErrBroken = errors.New("store: the disk fails")
)

// DiskError is why appends are not becoming durable. It is ErrFull or ErrBroken
// to errors.Is, and what the system said.
type DiskError struct {
	Path string // the log's folder
	Err  error  // what the system said, with the file's name
}

func (e *DiskError) Error() string {
	if e.full() {
		return fmt.Sprintf("store: the disk is full: free some room for %s; it goes on by itself then: %v", e.Path, e.Err)
	}
	return fmt.Sprintf("store: the disk below %s fails: look at the system's log and replace it; it goes on by itself if it works again: %v", e.Path, e.Err)
}

func (e *DiskError) full() bool {
	return errors.Is(e.Err, syscall.ENOSPC) || errors.Is(e.Err, syscall.EDQUOT)
}

// Is makes a DiskError either ErrFull or ErrBroken.
func (e *DiskError) Is(target error) bool {
	return target == ErrFull && e.full() || target == ErrBroken && !e.full()
}

// Unwrap is what the system said.
func (e *DiskError) Unwrap() error { return e.Err }
