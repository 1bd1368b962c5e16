//go:build !linux

package lines

import (
	"errors"
	"net"
	"net/netip"
	"sync"
)

// open makes lines of a socket and a goroutine each, which is in order for few of
// them. Forwarders take many devices on one.
func open(gateway netip.AddrPort, r Receiver) (Lines, error) {
	return &sockets{perLine: perLine{to: gateway}, receiver: r}, nil
}

type sockets struct {
	perLine
	receiver Receiver
	readers  sync.WaitGroup
	conns    []*net.UDPConn
}

func (s *sockets) Open(Namer) (ID, error) {
	conn, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(s.to))
	if err != nil {
		return 0, err
	}
	id := ID(len(s.conns))
	s.conns = append(s.conns, conn)
	s.readers.Add(1)
	go s.serve(id, conn)
	return id, nil
}

// serve is the goroutine that reads one socket, until it is closed.
func (s *sockets) serve(id ID, conn *net.UDPConn) {
	defer s.readers.Done()
	buf := make([]byte, 1<<16)
	var batch [1]Datagram
	for {
		n, err := conn.Read(buf)
		if err != nil {
			if errors.Is(err, net.ErrClosed) {
				return
			}
			s.refused.Add(1)
			continue
		}
		s.received.Add(1)
		batch[0] = Datagram{id, buf[:n]}
		s.receiver.Received(batch[:])
	}
}

func (s *sockets) Close(id ID) { s.conns[id].Close() }

func (s *sockets) Send(id ID, b []byte) {
	if _, err := s.conns[id].Write(b); err != nil {
		s.refused.Add(1)
		return
	}
	s.sent++
}

func (s *sockets) Shut() {
	for id := range s.conns {
		s.Close(ID(id))
	}
	s.readers.Wait()
}
