package listener

import "net"

// A large payload is not copied into a sender's buffer: it is written from
// where it is, shared by all who get the message, between what is encoded before
// and after it.

// worthSharing is the payload from which that is cheaper than a copy.
const worthSharing = 4 << 10

// part is a payload that belongs at an offset of the buffer.
type part struct {
	at      int
	payload []byte
}

// insert has payload follow what the buffer has so far.
func (s *sender) insert(payload []byte) {
	s.parts = append(s.parts, part{len(s.buf), payload})
}

// assemble lays out buffer and payloads in the order in which they are written,
// as s.rest.
func (s *sender) assemble() {
	s.rest = s.vector[:0]
	done := 0
	for i, p := range s.parts {
		if p.at > done {
			s.rest = append(s.rest, s.buf[done:p.at])
			done = p.at
		}
		s.rest = append(s.rest, p.payload)
		s.parts[i] = part{}
	}
	if len(s.buf) > done {
		s.rest = append(s.rest, s.buf[done:])
	}
	s.vector, s.parts = s.rest, s.parts[:0]
}

// written takes n octets off the front of the rest.
func (s *sender) written(n int) {
	for n > 0 && n >= len(s.rest[0]) {
		n -= len(s.rest[0])
		s.rest[0] = nil
		s.rest = s.rest[1:]
	}
	if n > 0 {
		s.rest[0] = s.rest[0][n:]
	}
}

// writeTo writes all of the rest, waiting for the client.
func (s *sender) writeTo(nc net.Conn) (int, error) {
	if len(s.rest) == 1 {
		n, err := nc.Write(s.rest[0])
		s.written(n)
		return n, err
	}
	n, err := s.rest.WriteTo(nc) // writev, where the connection can
	return int(n), err
}
