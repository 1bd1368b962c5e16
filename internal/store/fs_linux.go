package store

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// Sync leaves out what is not needed to read the content again: the time of
// the last change, which would cost a journal write each time.
func (f osFile) Sync() error {
	for {
		if err := unix.Fdatasync(int(f.Fd())); err != unix.EINTR {
			return pathError("fdatasync", f.Name(), err)
		}
	}
}

// Allocate implements File. A file system that cannot reserve room gets a
// sparse file, and the disk may turn out full later.
func (f osFile) Allocate(size int64) error {
	for {
		err := unix.Fallocate(int(f.Fd()), 0, 0, size)
		switch {
		case err == unix.EINTR:
		case errors.Is(err, errors.ErrUnsupported):
			return f.grow(size)
		default:
			return pathError("fallocate", f.Name(), err)
		}
	}
}

func pathError(op, name string, err error) error {
	if err == nil {
		return nil
	}
	return &os.PathError{Op: op, Path: name, Err: err}
}
