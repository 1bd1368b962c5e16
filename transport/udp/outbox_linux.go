package udp

import (
	"net/netip"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// arenaSize holds any one datagram, and a whole batch of usual ones.
const arenaSize = 64 << 10

// outbox gathers datagrams until they are sent. It belongs to whoever sends.
type outbox struct {
	vec  *vector
	is6  bool
	mem  []byte // the datagrams' octets, end to end
	used int
	n    int // slots filled

	next  int  // slots done with
	sent  int  // of those, accepted by the kernel
	bytes int  // octets accepted
	full  bool // the kernel had no room
	last  syscall.Errno
	bad   uint32 // scope id of the last refused datagram

	write func(fd uintptr) // made once, see inbox.read
	retry func(fd uintptr) // write, once there is room
	// send is vec.send; tests put a kernel without room in its place.
	send func(fd uintptr, from, to int) (int, syscall.Errno)
}

func newOutbox(slots int, is6 bool) *outbox {
	o := &outbox{vec: newVector(slots, 1, true), is6: is6, mem: make([]byte, arenaSize)}
	o.send = o.vec.send
	o.write = o.writeAll
	o.retry = func(fd uintptr) {
		_, _ = unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLOUT}}, int(patience/time.Millisecond))
		o.writeAll(fd)
	}
	return o
}

// fits is false when the batch must be sent before another n octets.
func (o *outbox) fits(n int) bool { return o.n < len(o.vec.msgs) && o.used+n <= len(o.mem) }

func (o *outbox) add(to netip.AddrPort, scope uint32, via path, b []byte) {
	i := o.n
	part := o.mem[o.used : o.used+copy(o.mem[o.used:], b)]
	o.vec.setBuffer(i, 0, part)
	o.vec.setDest(i, o.is6, to, scope)
	o.vec.setPath(i, to.Addr().Is4(), via)
	o.used += len(b)
	o.n++
}

// writeAll sends what is left of the batch. sendmmsg stops at a datagram that
// the kernel refuses, and says why when it is the first: that one is skipped,
// the others are innocent.
func (o *outbox) writeAll(fd uintptr) {
	o.full = false
	for o.next < o.n {
		n, errno := o.send(fd, o.next, o.n)
		switch errno {
		case 0:
			for i := o.next; i < o.next+n; i++ {
				o.bytes += o.vec.length(i)
			}
			o.next += n
			o.sent += n
		case unix.EINTR:
		case unix.EAGAIN:
			o.full = true
			return
		default:
			o.last, o.bad = errno, o.vec.names[o.next].Scope_id
			o.next++
		}
	}
}

func (o *outbox) reset() {
	o.used, o.n, o.next, o.sent, o.bytes = 0, 0, 0, 0, 0
	o.full, o.last, o.bad = false, 0, 0
}
