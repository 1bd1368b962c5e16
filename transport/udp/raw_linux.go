package udp

import (
	"encoding/binary"
	"net/netip"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// All of the package's unsafe code is in this file: the memory that recvmmsg
// and sendmmsg read and write.

// vector is the argument of recvmmsg or sendmmsg, allocated once. The kernel
// follows the pointers in it; the Go heap does not move, and the slices keep
// everything alive.
type vector struct {
	msgs  []unix.Mmsghdr
	iovs  []unix.Iovec // parts of them for each message
	names []unix.RawSockaddrInet6
	ctrls []control
	parts int
	ctrl  int // octets of control that the kernel may fill, 0 for none
}

// control has room for one IP_PKTINFO and one IPV6_PKTINFO, and is aligned as
// a cmsghdr must be.
type control [10]uint64

const controlSize = int(unsafe.Sizeof(control{}))

func newVector(slots, parts int, withControl bool) *vector {
	v := &vector{
		msgs:  make([]unix.Mmsghdr, slots),
		iovs:  make([]unix.Iovec, slots*parts),
		names: make([]unix.RawSockaddrInet6, slots),
		ctrls: make([]control, slots),
		parts: parts,
	}
	if withControl {
		v.ctrl = controlSize
	}
	for i := range v.msgs {
		h := &v.msgs[i].Hdr
		h.Iov = &v.iovs[i*parts]
		h.SetIovlen(parts)
		h.Name = (*byte)(unsafe.Pointer(&v.names[i]))
		v.reset(i)
	}
	return v
}

// reset undoes what a receive wrote into the header of slot i.
func (v *vector) reset(i int) {
	h := &v.msgs[i].Hdr
	h.Namelen = unix.SizeofSockaddrInet6
	h.Flags = 0
	h.Control = nil
	if v.ctrl > 0 {
		h.Control = (*byte)(unsafe.Pointer(&v.ctrls[i]))
	}
	h.SetControllen(v.ctrl)
}

// setBuffer makes b the given part of slot i. An empty b is allowed: base then
// only has to be something.
func (v *vector) setBuffer(i, part int, b []byte) {
	iov := &v.iovs[i*v.parts+part]
	iov.Base = unsafe.SliceData(b)
	iov.SetLen(len(b))
}

// receive fills the slots from the first on and returns how many it filled.
func (v *vector) receive(fd uintptr) (int, syscall.Errno) {
	n, _, errno := unix.Syscall6(unix.SYS_RECVMMSG, fd, uintptr(unsafe.Pointer(&v.msgs[0])), uintptr(len(v.msgs)), unix.MSG_DONTWAIT, 0, 0)
	if errno != 0 {
		return 0, errno
	}
	return int(n), 0
}

// send sends the slots from (inclusive) to to (exclusive) and returns how many
// the kernel took. It fails only when it took none.
func (v *vector) send(fd uintptr, from, to int) (int, syscall.Errno) {
	n, _, errno := unix.Syscall6(unix.SYS_SENDMMSG, fd, uintptr(unsafe.Pointer(&v.msgs[from])), uintptr(to-from), unix.MSG_DONTWAIT, 0, 0)
	if errno != 0 {
		return 0, errno
	}
	return int(n), 0
}

func (v *vector) length(i int) int     { return int(v.msgs[i].Len) }
func (v *vector) truncated(i int) bool { return v.msgs[i].Hdr.Flags&unix.MSG_TRUNC != 0 }

// source returns who sent slot i: unmapped, and with the scope id of a
// link-local peer apart.
func (v *vector) source(i int) (addr netip.AddrPort, scope uint32) {
	sa := &v.names[i]
	switch {
	case sa.Family == unix.AF_INET && v.msgs[i].Hdr.Namelen >= unix.SizeofSockaddrInet4:
		sa4 := (*unix.RawSockaddrInet4)(unsafe.Pointer(sa))
		return netip.AddrPortFrom(netip.AddrFrom4(sa4.Addr), hostOrder(&sa4.Port)), 0
	case sa.Family == unix.AF_INET6 && v.msgs[i].Hdr.Namelen >= unix.SizeofSockaddrInet6:
		return netip.AddrPortFrom(netip.AddrFrom16(sa.Addr).Unmap(), hostOrder(&sa.Port)), sa.Scope_id
	}
	return netip.AddrPort{}, 0
}

// setDest addresses slot i. On an IPv6 socket an IPv4 address is sent mapped.
func (v *vector) setDest(i int, is6 bool, to netip.AddrPort, scope uint32) {
	h := &v.msgs[i].Hdr
	if is6 {
		v.names[i] = unix.RawSockaddrInet6{Family: unix.AF_INET6, Addr: to.Addr().As16(), Scope_id: scope}
		setNetOrder(&v.names[i].Port, to.Port())
		h.Namelen = unix.SizeofSockaddrInet6
		return
	}
	sa4 := (*unix.RawSockaddrInet4)(unsafe.Pointer(&v.names[i]))
	*sa4 = unix.RawSockaddrInet4{Family: unix.AF_INET, Addr: to.Addr().As4()}
	setNetOrder(&sa4.Port, to.Port())
	h.Namelen = unix.SizeofSockaddrInet4
}

// pathOf returns the own address that slot i came to and the interface it came
// by. The address is the one to answer from; it is invalid if there is none,
// as for a multicast group over IPv6.
func (v *vector) pathOf(i int) path {
	var p path
	b := unsafe.Slice((*byte)(unsafe.Pointer(&v.ctrls[i])), controlSize)
	b = b[:min(int(v.msgs[i].Hdr.Controllen), controlSize)]
	for len(b) >= unix.SizeofCmsghdr {
		c := (*unix.Cmsghdr)(unsafe.Pointer(unsafe.SliceData(b)))
		size := int(c.Len)
		if size < unix.CmsgLen(0) || size > len(b) {
			break
		}
		data := b[unix.CmsgLen(0):size]
		switch {
		case c.Level == unix.IPPROTO_IP && c.Type == unix.IP_PKTINFO && len(data) >= unix.SizeofInet4Pktinfo:
			// Spec_dst and not Addr: the latter may be a broadcast or group.
			info := (*unix.Inet4Pktinfo)(unsafe.Pointer(unsafe.SliceData(data)))
			p = path{addr: netip.AddrFrom4(info.Spec_dst), ifindex: uint32(info.Ifindex)}
			if p.addr.IsUnspecified() {
				p.addr = netip.Addr{}
			}
			return p
		case c.Level == unix.IPPROTO_IPV6 && c.Type == unix.IPV6_PKTINFO && len(data) >= unix.SizeofInet6Pktinfo:
			info := (*unix.Inet6Pktinfo)(unsafe.Pointer(unsafe.SliceData(data)))
			p.ifindex = info.Ifindex
			// A mapped address is that of IPv4; its IP_PKTINFO comes too.
			if a := netip.AddrFrom16(info.Addr); !a.Is4In6() && !a.IsMulticast() {
				p.addr = a
			}
		}
		b = b[min(unix.CmsgSpace(len(data)), len(b)):]
	}
	return p
}

// setPath makes slot i leave from p's address, by p's interface, each if given.
// toIs4 is the destination's family: an IPv6 socket that sends to a mapped
// address takes IPv4's option.
func (v *vector) setPath(i int, toIs4 bool, p path) {
	h := &v.msgs[i].Hdr
	if p == (path{}) {
		h.Control = nil
		h.SetControllen(0)
		return
	}
	c := (*unix.Cmsghdr)(unsafe.Pointer(&v.ctrls[i]))
	data := unsafe.Add(unsafe.Pointer(c), unix.CmsgLen(0))
	h.Control = (*byte)(unsafe.Pointer(c))
	if toIs4 {
		info := unix.Inet4Pktinfo{Ifindex: int32(p.ifindex)}
		if p.addr.Is4() {
			info.Spec_dst = p.addr.As4()
		}
		c.Level, c.Type = unix.IPPROTO_IP, unix.IP_PKTINFO
		c.SetLen(unix.CmsgLen(unix.SizeofInet4Pktinfo))
		*(*unix.Inet4Pktinfo)(data) = info
		h.SetControllen(unix.CmsgSpace(unix.SizeofInet4Pktinfo))
		return
	}
	info := unix.Inet6Pktinfo{Ifindex: p.ifindex}
	if p.addr.Is6() {
		info.Addr = p.addr.As16()
	}
	c.Level, c.Type = unix.IPPROTO_IPV6, unix.IPV6_PKTINFO
	c.SetLen(unix.CmsgLen(unix.SizeofInet6Pktinfo))
	*(*unix.Inet6Pktinfo)(data) = info
	h.SetControllen(unix.CmsgSpace(unix.SizeofInet6Pktinfo))
}

// Ports are in network order in memory, whatever the machine's order is.
func hostOrder(p *uint16) uint16 { return binary.BigEndian.Uint16((*[2]byte)(unsafe.Pointer(p))[:]) }
func setNetOrder(p *uint16, v uint16) {
	binary.BigEndian.PutUint16((*[2]byte)(unsafe.Pointer(p))[:], v)
}

// socketDrops asks the kernel how many datagrams it has dropped on fd: the
// counter that SO_RXQ_OVFL would attach to every datagram, without the cost per
// datagram and also when nothing arrives any more. Needs Linux 4.12.
func socketDrops(fd uintptr) (uint32, bool) {
	var info [16]uint32
	size := uint32(unsafe.Sizeof(info))
	_, _, errno := unix.Syscall6(unix.SYS_GETSOCKOPT, fd, unix.SOL_SOCKET, unix.SO_MEMINFO,
		uintptr(unsafe.Pointer(&info)), uintptr(unsafe.Pointer(&size)), 0)
	const drops = 8 // SK_MEMINFO_DROPS
	return info[drops], errno == 0 && size >= (drops+1)*4
}
