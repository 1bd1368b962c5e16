//go:build linux && (ppc || ppc64 || ppc64le)

package serial

import "golang.org/x/sys/unix"

// The first termios has any rate on this machine.
const (
	getTermios2 = unix.TCGETS
	setTermios2 = unix.TCSETS
)
