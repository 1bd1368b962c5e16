//go:build !ppc64 && !ppc64le

package lines

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// openDevice opens a serial device of this machine for this program alone. The file
// does not block, so that its deadlines work.
func (t *target) openDevice() (stream, error) {
	f, err := os.OpenFile(t.device, os.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	raw, err := f.SyscallConn()
	if err == nil {
		var failed error
		err = raw.Control(func(fd uintptr) { failed = t.configure(int(fd)) })
		if err == nil {
			err = failed
		}
	}
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("%s: %w", t.device, err)
	}
	return f, nil
}

// configure sets rate, mode, and that octets pass as they are.
func (t *target) configure(fd int) error {
	s, err := unix.IoctlGetTermios(fd, unix.TCGETS2)
	if err != nil {
		return fmt.Errorf("not a serial device: %w", err)
	}
	const bits = unix.CBAUD | unix.CSIZE | unix.PARENB | unix.PARODD | unix.CSTOPB | unix.CRTSCTS
	s.Cflag = s.Cflag&^bits | unix.BOTHER | unix.CS8 | unix.CREAD | unix.CLOCAL
	switch t.mode[1] {
	case 'E':
		s.Cflag |= unix.PARENB
	case 'O':
		s.Cflag |= unix.PARENB | unix.PARODD
	}
	if t.mode[2] == '2' {
		s.Cflag |= unix.CSTOPB
	}
	s.Ispeed, s.Ospeed = uint32(t.baud), uint32(t.baud)
	s.Iflag, s.Oflag, s.Lflag = unix.IGNPAR, 0, 0
	s.Cc[unix.VMIN], s.Cc[unix.VTIME] = 1, 0
	if err := unix.IoctlSetTermios(fd, unix.TCSETS2, s); err != nil {
		return err
	}
	return unix.IoctlSetInt(fd, unix.TIOCEXCL, 0)
}
