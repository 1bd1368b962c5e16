package client

import "net"

// packetConn is a PacketConn that knows one peer only.
type packetConn struct {
	net.PacketConn
	peer net.Addr
}

func (p *packetConn) Read(b []byte) (int, error) {
	for {
		n, from, err := p.ReadFrom(b)
		if err != nil || from.String() == p.peer.String() {
			return n, err
		}
	}
}

func (p *packetConn) Write(b []byte) (int, error) { return p.WriteTo(b, p.peer) }
func (p *packetConn) RemoteAddr() net.Addr        { return p.peer }
