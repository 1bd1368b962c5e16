//go:build linux && !ppc && !ppc64 && !ppc64le

package serial

import "golang.org/x/sys/unix"

const (
	getTermios2 = unix.TCGETS2
	setTermios2 = unix.TCSETS2
)
