package memnet

import (
	"context"
	"net"

	"snbroker/transport"
)

// Conn is a client's end of a network. All of its methods may be called from
// several goroutines.
type Conn struct{ end *end }

// Conn opens a client's end at addr (see ParseAddr). It panics if the address
// is in use.
func (n *Network) Conn(addr string) *Conn { return &Conn{n.open(addr)} }

// Addr is the client's own address.
func (c *Conn) Addr() transport.Addr { return c.end.addr }

// Send sends a copy of b. It fails with net.ErrClosed after Close.
func (c *Conn) Send(to transport.Addr, b []byte) error {
	select {
	case <-c.end.done:
		return net.ErrClosed
	default:
	}
	c.end.net.send(c.end.addr, to, append(make([]byte, 0, len(b)), b...))
	return nil
}

// Recv waits for the next datagram; its octets are the caller's. It fails with
// the context's error, or net.ErrClosed after Close.
func (c *Conn) Recv(ctx context.Context) (from transport.Addr, b []byte, err error) {
	var p [1]packet
	for {
		select {
		case <-c.end.done:
			return from, nil, net.ErrClosed
		case <-ctx.Done():
			return from, nil, ctx.Err()
		case <-c.end.wake:
		}
		// Several may have been woken for one datagram.
		if c.end.pop(p[:]) == 1 {
			return p[0].from, p[0].data, nil
		}
	}
}

// Close makes Recv return.
func (c *Conn) Close() error {
	c.end.net.remove(c.end)
	return nil
}
