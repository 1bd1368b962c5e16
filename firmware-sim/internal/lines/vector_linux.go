package lines

import (
	"encoding/binary"
	"net/netip"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// vector is the memory that recvmmsg and sendmmsg work on; the kernel follows
// the pointers in it. All of the package's unsafe code is in this file.
type vector struct {
	msgs    []header
	iovs    []unix.Iovec
	control []control
	bufs    [][]byte
	name    unix.RawSockaddrInet4 // where to
}

type header struct {
	hdr unix.Msghdr
	len uint32
}

// control has room for one IP_PKTINFO, aligned as a cmsghdr must be.
type control [4]uint64

const slotSize = 2048 // octets; what devices are sent is shorter

// newVector is for sending to an address, or for receiving if that is nil.
func newVector(n int, to *netip.AddrPort) *vector {
	v := &vector{msgs: make([]header, n), iovs: make([]unix.Iovec, n), control: make([]control, n), bufs: make([][]byte, n)}
	if to != nil {
		v.name = unix.RawSockaddrInet4{Family: unix.AF_INET, Addr: to.Addr().As4()}
		binary.BigEndian.PutUint16((*[2]byte)(unsafe.Pointer(&v.name.Port))[:], to.Port())
	}
	all := make([]byte, n*slotSize)
	for i := range v.msgs {
		v.bufs[i] = all[i*slotSize : (i+1)*slotSize : (i+1)*slotSize]
		h := &v.msgs[i].hdr
		h.Iov = &v.iovs[i]
		h.SetIovlen(1)
		if to != nil {
			h.Name = (*byte)(unsafe.Pointer(&v.name))
			h.Namelen = unix.SizeofSockaddrInet4
		}
		v.iovs[i].Base = &v.bufs[i][0]
	}
	v.reset(n)
	return v
}

// reset makes the first n slots ready to receive.
func (v *vector) reset(n int) {
	for i := range n {
		h := &v.msgs[i].hdr
		v.iovs[i].SetLen(slotSize)
		h.Control = (*byte)(unsafe.Pointer(&v.control[i]))
		h.SetControllen(int(unsafe.Sizeof(control{})))
	}
}

// set copies a datagram into slot i. One that is longer than the slot gets a
// buffer of its own.
func (v *vector) set(i int, b []byte) {
	if len(b) > len(v.bufs[i]) {
		v.bufs[i] = make([]byte, len(b))
		v.iovs[i].Base = &v.bufs[i][0]
	}
	v.iovs[i].SetLen(copy(v.bufs[i], b))
}

// setSource makes slot i leave from an address of this machine.
func (v *vector) setSource(i int, from [4]byte) {
	c := (*unix.Cmsghdr)(unsafe.Pointer(&v.control[i]))
	c.Level, c.Type = unix.IPPROTO_IP, unix.IP_PKTINFO
	c.SetLen(unix.CmsgLen(unix.SizeofInet4Pktinfo))
	*(*unix.Inet4Pktinfo)(unsafe.Add(unsafe.Pointer(c), unix.CmsgLen(0))) = unix.Inet4Pktinfo{Spec_dst: from}
	v.msgs[i].hdr.SetControllen(unix.CmsgSpace(unix.SizeofInet4Pktinfo))
}

// destination is the address that slot i came to.
func (v *vector) destination(i int) (to [4]byte, ok bool) {
	c := (*unix.Cmsghdr)(unsafe.Pointer(&v.control[i]))
	if int(v.msgs[i].hdr.Controllen) < unix.CmsgLen(unix.SizeofInet4Pktinfo) || c.Level != unix.IPPROTO_IP || c.Type != unix.IP_PKTINFO {
		return to, false
	}
	return (*unix.Inet4Pktinfo)(unsafe.Add(unsafe.Pointer(c), unix.CmsgLen(0))).Addr, true
}

func (v *vector) data(i int) []byte { return v.bufs[i][:v.msgs[i].len] }

// receive waits for a datagram, and takes what has come with it.
func (v *vector) receive(fd int) (int, unix.Errno) {
	n, _, errno := unix.Syscall6(unix.SYS_RECVMMSG, uintptr(fd), uintptr(unsafe.Pointer(&v.msgs[0])), uintptr(len(v.msgs)), unix.MSG_WAITFORONE, 0, 0)
	if errno != 0 {
		return 0, errno
	}
	return int(n), 0
}

func (v *vector) send(fd, from, to int) (int, unix.Errno) {
	n, _, errno := unix.Syscall6(unix.SYS_SENDMMSG, uintptr(fd), uintptr(unsafe.Pointer(&v.msgs[from])), uintptr(to-from), unix.MSG_DONTWAIT, 0, 0)
	if errno != 0 {
		return 0, errno
	}
	return int(n), 0
}

// drops asks how many datagrams the kernel dropped for want of room.
func drops(fd int) uint32 {
	var info [16]uint32
	size := uint32(unsafe.Sizeof(info))
	const memDrops = 8 // SK_MEMINFO_DROPS
	unix.Syscall6(unix.SYS_GETSOCKOPT, uintptr(fd), unix.SOL_SOCKET, unix.SO_MEMINFO,
		uintptr(unsafe.Pointer(&info)), uintptr(unsafe.Pointer(&size)), 0)
	return info[memDrops]
}

// epollSet is one that the runtime's poller watches.
func epollSet(name string) (*os.File, error) {
	set, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("epoll_create1", err)
	}
	if err := unix.SetNonblock(set, true); err != nil {
		unix.Close(set)
		return nil, os.NewSyscallError("fcntl", err)
	}
	return os.NewFile(uintptr(set), name), nil
}

// watch adds a socket to a set, under a number.
func watch(set *os.File, fd int, number int32) error {
	raw, err := set.SyscallConn()
	if err != nil {
		return err
	}
	var failed error
	err = raw.Control(func(s uintptr) {
		failed = unix.EpollCtl(int(s), unix.EPOLL_CTL_ADD, fd, &unix.EpollEvent{Events: unix.EPOLLIN, Fd: number})
	})
	if err != nil {
		return err
	}
	return os.NewSyscallError("epoll_ctl", failed)
}
