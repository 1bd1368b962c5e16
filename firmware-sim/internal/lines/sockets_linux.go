package lines

import (
	"net/netip"
	"os"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// sockets has a connected socket for each line, all of them in one epoll set
// that one goroutine waits for.
type sockets struct {
	perLine
	set  *os.File
	raw  syscall.RawConn
	done chan struct{}

	mu  sync.Mutex // for the reader; the owner alone writes
	fds []int      // by line; -1 is closed
}

func newSockets(gateway netip.AddrPort, r Receiver) (Lines, error) {
	set, err := epollSet("lines")
	if err != nil {
		return nil, err
	}
	s := &sockets{perLine: perLine{to: gateway}, set: set, done: make(chan struct{})}
	if s.raw, err = set.SyscallConn(); err != nil {
		set.Close()
		return nil, err
	}
	go s.serve(r)
	return s, nil
}

func (s *sockets) Open(Namer) (ID, error) {
	family, to := unix.AF_INET, unix.Sockaddr(nil)
	if a := s.to.Addr(); a.Is4() {
		to = &unix.SockaddrInet4{Port: int(s.to.Port()), Addr: a.As4()}
	} else {
		family, to = unix.AF_INET6, &unix.SockaddrInet6{Port: int(s.to.Port()), Addr: a.As16()}
	}
	fd, err := unix.Socket(family, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err == unix.EMFILE || err == unix.ENFILE {
		return 0, ErrTooMany
	}
	if err != nil {
		return 0, os.NewSyscallError("socket", err)
	}
	if err := unix.Connect(fd, to); err != nil {
		unix.Close(fd)
		return 0, os.NewSyscallError("connect", err)
	}
	s.mu.Lock()
	id := ID(len(s.fds))
	s.fds = append(s.fds, fd)
	s.mu.Unlock()
	return id, watch(s.set, fd, int32(id))
}

func (s *sockets) Close(id ID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if fd := s.fds[id]; fd >= 0 {
		unix.Close(fd) // which takes it out of the set, too
		s.fds[id] = -1
	}
}

func (s *sockets) Send(id ID, b []byte) {
	if fd := s.fds[id]; fd >= 0 {
		if _, err := unix.Write(fd, b); err != nil {
			s.refused.Add(1)
			return
		}
		s.sent++
	}
}

// serve is the goroutine that reads, until Shut.
func (s *sockets) serve(r Receiver) {
	defer close(s.done)
	var events [slots]unix.EpollEvent
	buf := make([]byte, 1<<16)
	for {
		n := 0
		err := s.raw.Read(func(set uintptr) bool {
			n, _ = unix.EpollWait(int(set), events[:], 0)
			return n > 0
		})
		if err != nil {
			return
		}
		for _, e := range events[:n] {
			s.read(r, ID(e.Fd), buf)
		}
	}
}

// read takes what one socket has, up to a batch.
func (s *sockets) read(r Receiver, id ID, buf []byte) {
	var batch [1]Datagram
	for range slots {
		// Under the lock, so that the number is not another line's by now.
		s.mu.Lock()
		n, err := unix.Read(s.fds[id], buf)
		s.mu.Unlock()
		if err == unix.EAGAIN || err == unix.EBADF {
			return
		}
		if err != nil {
			s.refused.Add(1) // ICMP: nobody listens
			continue
		}
		s.received.Add(1)
		batch[0] = Datagram{id, buf[:n]}
		r.Received(batch[:])
	}
}

func (s *sockets) Shut() {
	s.set.SetReadDeadline(time.Unix(1, 0)) // nothing reads on
	<-s.done
	for id := range s.fds {
		s.Close(ID(id))
	}
	s.set.Close()
}
