package udp

import (
	"errors"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// readable waits until a socket has something to read.
//
// The runtime's poller asks the kernel for both readability and writability,
// and a UDP socket becomes writable each time that a datagram has left: every
// datagram sent would wake the poller, which is a third of what sending costs.
// So the poller watches an epoll set in the socket's place, which asks for
// readability alone.
type readable struct {
	set *os.File
	raw syscall.RawConn
}

func watch(fd int, name string) (*readable, error) {
	set, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("epoll_create1", err)
	}
	if err := unix.EpollCtl(set, unix.EPOLL_CTL_ADD, fd, &unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(fd)}); err != nil {
		unix.Close(set)
		return nil, os.NewSyscallError("epoll_ctl", err)
	}
	if err := unix.SetNonblock(set, true); err != nil { // or os.NewFile leaves it out of the poller
		unix.Close(set)
		return nil, os.NewSyscallError("fcntl", err)
	}
	r := &readable{set: os.NewFile(uintptr(set), name+" readable")}
	if r.raw, err = r.set.SyscallConn(); err != nil {
		r.set.Close()
		return nil, err
	}
	return r, nil
}

// wait calls read, now and whenever there may be something, until it returns
// true. It fails once closed.
func (r *readable) wait(read func(uintptr) bool) error { return r.raw.Read(read) }

func (r *readable) close() error { return r.set.Close() }

// unpolled makes a file of a blocking descriptor, which the poller leaves
// alone. The file keeps the descriptor from being used after Close.
func unpolled(fd int, name string) (*os.File, syscall.RawConn, error) {
	f := os.NewFile(uintptr(fd), name)
	if f == nil {
		return nil, nil, errors.New("udp: invalid descriptor")
	}
	raw, err := f.SyscallConn()
	if err != nil {
		f.Close()
		return nil, nil, err
	}
	return f, raw, nil
}
