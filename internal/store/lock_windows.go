package store

import (
	"errors"
	"io"
	"os"

	"golang.org/x/sys/windows"
)

// lockFile takes a lock that ends with the process, however it ends. It is on
// octets far beyond the text, which stays readable so.
func lockFile(name string) (io.Closer, error) {
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	err = windows.LockFileEx(windows.Handle(f.Fd()), windows.LOCKFILE_EXCLUSIVE_LOCK|windows.LOCKFILE_FAIL_IMMEDIATELY,
		0, 1, 0, &windows.Overlapped{Offset: 1 << 30})
	if err != nil {
		defer f.Close()
		if errors.Is(err, windows.ERROR_LOCK_VIOLATION) {
			return nil, lockedBy(f)
		}
		return nil, &os.PathError{Op: "LockFileEx", Path: name, Err: err}
	}
	writePID(f)
	return f, nil
}

// SyncDir implements FS: Windows writes folders by itself.
func (OS) SyncDir(string) error { return nil }
