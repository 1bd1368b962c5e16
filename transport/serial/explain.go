package serial

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"syscall"
)

// byID is where Linux keeps names of USB adapters that stay the same.
const byID = "/dev/serial/by-id"

// explain says what to do about a device that cannot be had, and keeps the cause.
func explain(path string, err error) error {
	var cause *fs.PathError
	why := err
	if errors.As(err, &cause) {
		why = cause.Err // the path is told here
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%s is not there: is it plugged in? %s: %w", path, others(), why)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("%s: %w: %s", path, why, permission(path))
	case errors.Is(err, errInUse), errors.Is(err, syscall.EBUSY):
		return fmt.Errorf("%s: %w: stop %s, or name another device", path, why, inWords(holders(path)))
	case errors.Is(err, errNoTerminal), errors.Is(err, syscall.ENOTTY):
		return fmt.Errorf("%s: %w: want a device such as /dev/ttyUSB0, or one below %s", path, why, byID)
	case errors.Is(err, syscall.EIO), errors.Is(err, syscall.ENXIO), errors.Is(err, syscall.ENODEV):
		return fmt.Errorf("%s: %w: there is no hardware behind it, or it is being unplugged", path, why)
	}
	return fmt.Errorf("%s: %w", path, why)
}

// mostNamed bounds the lists in messages.
const mostNamed = 5

// others names the adapters that are there.
func others() string {
	names, _ := filepath.Glob(byID + "/*")
	if len(names) == 0 {
		return "no USB adapter is there now"
	}
	more := ""
	if len(names) > mostNamed {
		names, more = names[:mostNamed], " and more"
	}
	return "there is " + strings.Join(names, ", ") + more
}

// inWords names the programs that have a device.
func inWords(programs []string) string {
	switch {
	case len(programs) == 0:
		return "the program that has it (as root, fuser -v shows which)"
	case len(programs) > mostNamed:
		programs = append(programs[:mostNamed:mostNamed], "others")
	}
	return strings.Join(programs, ", ")
}
