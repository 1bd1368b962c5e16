package serial

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// control is a second descriptor of a device, for what the first cannot be asked.
type control struct{ fd int }

// takeControl opens the device and locks it, or tells that others have it.
func takeControl(path string) (*control, error) {
	fd, err := unix.Open(path, unix.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: path, Err: err}
	}
	c := &control{fd}
	if err := c.lock(path); err != nil {
		c.close()
		return nil, err
	}
	return c, nil
}

// lock keeps those out who ask for the same kind of lock: pyserial, minicom and
// others. TIOCEXCL, which follows, keeps all out but root.
func (c *control) lock(path string) error {
	if _, err := unix.IoctlGetTermios(c.fd, unix.TCGETS); err != nil {
		return errNoTerminal
	}
	// Of a pseudo-terminal the mark outlives a program that was killed.
	if taken, err := unix.IoctlGetInt(c.fd, unix.TIOCGEXCL); err == nil && taken != 0 && !pseudo(path) {
		return errInUse
	}
	if err := unix.Flock(c.fd, unix.LOCK_EX|unix.LOCK_NB); errors.Is(err, unix.EWOULDBLOCK) {
		return errInUse
	}
	return nil
}

// pseudo tells whether a terminal has a program at its other end, which may well
// have this end open, too, as socat does.
func pseudo(path string) bool {
	real, err := filepath.EvalSymlinks(path)
	return err == nil && strings.HasPrefix(real, "/dev/pts/")
}

// configure sets what the package cannot. The device is open by now, so that
// nobody else needs to open it.
func (c *control) configure(cfg *Config) error {
	if err := unix.IoctlSetInt(c.fd, unix.TIOCEXCL, 0); err != nil {
		return fmt.Errorf("exclusive use: %w", err)
	}
	if !usualBaud(cfg.Baud) {
		if err := c.setBaud(uint32(cfg.Baud)); err != nil {
			return fmt.Errorf("%d baud: %w", cfg.Baud, err)
		}
	}
	if cfg.RTSCTS {
		if err := c.flowControl(); err != nil {
			return fmt.Errorf("RTS/CTS: %w", err)
		}
	}
	if cfg.RS485 {
		if err := c.rs485(); err != nil {
			// Its cause would be taken for that of a file that is no terminal.
			return fmt.Errorf("the driver has no RS-485 mode (%v): turn rs485 off if the transceiver switches by itself", err)
		}
	}
	if !cfg.DTR {
		if err := unix.IoctlSetPointerInt(c.fd, unix.TIOCMBIC, unix.TIOCM_DTR); err != nil {
			return fmt.Errorf("the device has no DTR to lower (%v): set dtr to true", err)
		}
	}
	return nil
}

// setBaud sets any rate, and looks whether the driver took it.
func (c *control) setBaud(baud uint32) error {
	t, err := unix.IoctlGetTermios(c.fd, getTermios2)
	if err != nil {
		return err
	}
	t.Cflag = t.Cflag&^unix.CBAUD | unix.BOTHER
	t.Ispeed, t.Ospeed = baud, baud
	if err := unix.IoctlSetTermios(c.fd, setTermios2, t); err != nil {
		return err
	}
	if t, err = unix.IoctlGetTermios(c.fd, getTermios2); err != nil {
		return err
	}
	// Three in a hundred is what a UART's two ends may differ by.
	if off := int64(t.Ospeed) - int64(baud); off*100 > 3*int64(baud) || -off*100 > 3*int64(baud) {
		return fmt.Errorf("the device makes it %d", t.Ospeed)
	}
	return nil
}

func (c *control) flowControl() error {
	t, err := unix.IoctlGetTermios(c.fd, unix.TCGETS)
	if err != nil {
		return err
	}
	t.Cflag |= unix.CRTSCTS
	return unix.IoctlSetTermios(c.fd, unix.TCSETS, t)
}

// rs485Setting is the kernel's struct serial_rs485; delays are in milliseconds.
type rs485Setting struct {
	flags                   uint32
	delayBefore, delayAfter uint32
	_                       [5]uint32
}

const (
	rs485Enabled   = 1 << 0
	rs485RTSOnSend = 1 << 1
)

func (c *control) rs485() error {
	s := rs485Setting{flags: rs485Enabled | rs485RTSOnSend}
	if _, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(c.fd), unix.TIOCSRS485, uintptr(unsafe.Pointer(&s))); errno != 0 {
		return errno
	}
	return nil
}

// read waits for octets, for readTimeout at most. The package would wait for as
// long as the terminal's settings say, and another program may have changed them:
// socat does so after its terminals are there, and then no Close would come through.
func (c *control) read(_ io.Reader, b []byte, closed *atomic.Bool) (int, error) {
	for end := time.Now().Add(readTimeout); ; {
		ready := []unix.PollFd{{Fd: int32(c.fd), Events: unix.POLLIN}}
		n, err := unix.Poll(ready, int(max(0, time.Until(end)).Milliseconds()))
		switch {
		case closed.Load():
			return 0, net.ErrClosed
		case errors.Is(err, unix.EINTR):
			continue
		case err != nil:
			return 0, err
		case n == 0:
			return 0, io.EOF
		}
		if n, err = unix.Read(c.fd, b); errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EINTR) {
			continue
		}
		return max(0, n), err
	}
}

// write writes all of b. The package would wait for flow control for ever; this
// descriptor does not block, so that Close is seen.
func (c *control) write(_ io.Writer, b []byte, closed *atomic.Bool) (n int, err error) {
	for n < len(b) {
		m, err := unix.Write(c.fd, b[n:])
		switch {
		case err == nil:
			n += m
		case errors.Is(err, unix.EAGAIN):
			ready := []unix.PollFd{{Fd: int32(c.fd), Events: unix.POLLOUT}}
			_, _ = unix.Poll(ready, int(readTimeout.Milliseconds()))
			if ready[0].Revents&(unix.POLLERR|unix.POLLHUP) != 0 {
				return n, errHungUp
			}
		case !errors.Is(err, unix.EINTR):
			return n, err
		}
		if closed.Load() {
			return n, net.ErrClosed
		}
	}
	return n, nil
}

func (c *control) close() {
	_ = unix.IoctlSetInt(c.fd, unix.TIOCNXCL, 0)
	_ = unix.Close(c.fd)
}
