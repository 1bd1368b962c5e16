//go:build !linux && !darwin

package listener

import (
	"net"
	"syscall"
)

// Without the sockets below, the net package's own reads and writes serve.

func rawConn(net.Conn) syscall.RawConn { return nil }

func (c *conn) fillFrom(uintptr) bool { return true }

func (s *sender) tryWrite(syscall.RawConn) (int, error) { return 0, nil }
