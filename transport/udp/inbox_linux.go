package udp

import (
	"syscall"

	"golang.org/x/sys/unix"

	"snbroker/transport"
)

// inbox is what Serve's goroutine reads into. Nobody else touches it.
type inbox struct {
	vec   *vector
	heads []byte
	tails tails // no memory if no datagram can be longer than a head
	batch []transport.Datagram

	n     int
	errno syscall.Errno
	read  func(fd uintptr) bool // made once: a closure a read would be an allocation a read
}

func newInbox(slots, mtu int, withControl bool, socket syscall.RawConn) *inbox {
	in := &inbox{
		heads: make([]byte, slots*headSize),
		batch: make([]transport.Datagram, 0, slots),
	}
	parts := 1
	if mtu > headSize {
		parts = 2
		in.tails = newTails(slots)
	}
	in.vec = newVector(slots, parts, withControl)
	for i := range slots {
		in.vec.setBuffer(i, 0, in.head(i))
		if parts == 2 {
			in.vec.setBuffer(i, 1, in.tails.at(i)[headSize:])
		}
	}
	receive := func(fd uintptr) {
		for {
			in.n, in.errno = in.vec.receive(fd)
			if in.errno != unix.EINTR {
				return
			}
		}
	}
	in.read = func(uintptr) bool {
		// Once the socket is closed the poller ends the wait.
		return socket.Control(receive) == nil && in.errno != unix.EAGAIN
	}
	return in
}

func (in *inbox) head(i int) []byte { return in.heads[i*headSize : (i+1)*headSize : (i+1)*headSize] }

// data is the datagram in slot i; ok is false if it did not fit.
func (in *inbox) data(i, mtu int) (b []byte, ok bool) {
	n := in.vec.length(i)
	switch {
	case in.vec.truncated(i) || n > mtu:
		return nil, false
	case n <= headSize:
		return in.head(i)[:n:n], true
	}
	return in.tails.join(i, in.head(i), n), true
}

// release ends the life of the batch's Data and readies the slots.
func (in *inbox) release() {
	for i := range in.n {
		in.vec.reset(i)
	}
	clear(in.batch[:cap(in.batch)][:in.n])
	in.tails.release()
}

func (in *inbox) close() { in.tails.close() }
