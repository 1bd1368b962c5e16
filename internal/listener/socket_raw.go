//go:build linux || darwin

package listener

import (
	"io"
	"net"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// rawConn returns the socket below nc; nil if there are layers in between.
func rawConn(nc net.Conn) syscall.RawConn {
	if sc, ok := nc.(syscall.Conn); ok {
		if raw, err := sc.SyscallConn(); err == nil {
			return raw
		}
	}
	return nil
}

// fillFrom reads from the socket once it is readable. False has the runtime
// wait; the buffer does not wait with it.
func (c *conn) fillFrom(fd uintptr) bool {
	if c.buf == nil {
		c.buf = takeBuffer()
	}
	n, err := retry(syscall.Read, fd, c.buf[len(c.buf):cap(c.buf)])
	switch {
	case err == syscall.EAGAIN:
		if len(c.buf) == 0 {
			releaseBuffer(c.buf)
			c.buf = nil
		}
		return false
	case err != nil:
		c.fillErr = os.NewSyscallError("read", err)
	case n == 0:
		c.fillErr = io.EOF
	default:
		c.buf = c.buf[:len(c.buf)+n]
		c.filled = n
	}
	return true
}

// tryWrite writes what the socket takes at once of the rest.
func (s *sender) tryWrite(raw syscall.RawConn) (int, error) {
	if s.attempt == nil {
		s.attempt = func(fd uintptr) bool {
			if len(s.rest) == 1 {
				s.wrote, s.failed = retry(syscall.Write, fd, s.rest[0])
			} else {
				s.wrote, s.failed = retry(unix.Writev, fd, [][]byte(s.rest))
			}
			return true
		}
	}
	err := raw.Write(s.attempt)
	switch {
	case err != nil:
		return 0, err
	case s.failed == syscall.EAGAIN:
		return 0, nil
	case s.failed != nil:
		return 0, os.NewSyscallError("write", s.failed)
	}
	return s.wrote, nil
}

func retry[T any](call func(int, T) (int, error), fd uintptr, b T) (int, error) {
	for {
		n, err := call(int(fd), b)
		if err != syscall.EINTR {
			return n, err
		}
	}
}
