package listener

import (
	"io"
	"net"
	"net/netip"
	"slices"
	"syscall"
)

// fromProxy tells whether a peer is one that must send a PROXY header.
func (l *Listener) fromProxy(peer net.Addr) bool {
	if len(l.cfg.ProxyFrom) == 0 {
		return false
	}
	ip := ipOf(peer)
	return slices.ContainsFunc(l.cfg.ProxyFrom, func(p netip.Prefix) bool { return p.Contains(ip) })
}

// readProxy takes the PROXY header off a connection, and not an octet of what
// follows, so that the socket stays what the client speaks through.
func readProxy(r io.Reader) (netip.AddrPort, error) {
	b := make([]byte, 12, 16+maxProxyLine)
	if _, err := io.ReadFull(r, b); err != nil {
		return netip.AddrPort{}, err
	}
	if string(b[:len(proxyV1)]) == proxyV1 {
		return readProxyLine(r, b)
	}
	if string(b) != proxySignature {
		return netip.AddrPort{}, errProxyHeader
	}
	b = b[:16]
	if _, err := io.ReadFull(r, b[12:]); err != nil {
		return netip.AddrPort{}, err
	}
	n, err := proxyBodyLength(b)
	if err != nil {
		return netip.AddrPort{}, err
	}
	b = slices.Grow(b, n)[:16+n]
	if _, err := io.ReadFull(r, b[16:]); err != nil {
		return netip.AddrPort{}, err
	}
	return parseProxy(b)
}

// readProxyLine reads the rest of a line that b begins: two octets at a time,
// unless the second may be beyond its end.
func readProxyLine(r io.Reader, b []byte) (netip.AddrPort, error) {
	for b[len(b)-1] != '\n' {
		n := 2
		if b[len(b)-1] == '\r' {
			n = 1
		}
		if len(b)+n > maxProxyLine {
			return netip.AddrPort{}, proxyError("a line of more than %d octets", maxProxyLine)
		}
		b = b[:len(b)+n]
		if _, err := io.ReadFull(r, b[len(b)-n:]); err != nil {
			return netip.AddrPort{}, err
		}
	}
	return parseProxyLine(string(b))
}

// proxied is a client's connection by way of a proxy.
type proxied struct {
	net.Conn
	client net.Addr
}

func (p *proxied) RemoteAddr() net.Addr { return p.client }

// SyscallConn implements syscall.Conn: nothing but the address differs.
func (p *proxied) SyscallConn() (syscall.RawConn, error) {
	if c, ok := p.Conn.(syscall.Conn); ok {
		return c.SyscallConn()
	}
	return nil, net.ErrClosed
}
