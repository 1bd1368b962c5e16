package store

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// LockedError says that another process has the folder. It is ErrLocked to
// errors.Is.
type LockedError struct {
	Path string
	PID  int // zero: unknown
}

func (e *LockedError) Error() string {
	who := "another process"
	if e.PID > 0 {
		who = "process " + strconv.Itoa(e.PID)
	}
	return fmt.Sprintf("store: %s is in use by %s: stop it, or give this one a folder of its own", e.Path, who)
}

// Is makes every LockedError an ErrLocked.
func (e *LockedError) Is(target error) bool { return target == ErrLocked }

func lockedBy(f *os.File) error {
	e := &LockedError{Path: filepath.Dir(f.Name())}
	text := make([]byte, 32)
	n, _ := f.ReadAt(text, 0)
	if pid, err := strconv.Atoi(strings.TrimSpace(string(text[:n]))); err == nil {
		e.PID = pid
	}
	return e
}

// writePID says who has the lock. It is for people: a disk that is full must
// not keep anybody from starting.
func writePID(f *os.File) {
	if f.Truncate(0) == nil {
		_, _ = f.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	}
}
