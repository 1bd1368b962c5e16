//go:build unix && !linux

package udp

import (
	"net"
	"os"
	"syscall"
)

// share lets a group socket use the port too. After bind, see
// Config.ShareAddress.
func share(conn *net.UDPConn) error {
	raw, err := conn.SyscallConn()
	if err != nil {
		return err
	}
	var optErr error
	err = raw.Control(func(fd uintptr) {
		optErr = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_REUSEADDR, 1)
	})
	if err != nil {
		return err
	}
	return os.NewSyscallError("setsockopt SO_REUSEADDR", optErr)
}
