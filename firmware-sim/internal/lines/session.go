package lines

import (
	"context"
	"sync"
	"time"

	"github.com/pion/dtls/v3"

	"snbroker/firmware-sim/internal/secure"
)

// session is one device's with DTLS. It makes itself anew when the gateway ends it.
type session struct {
	lines   *secureLines
	line    ID
	options []dtls.ClientOption
	ctx     context.Context // ends with Close
	cancel  context.CancelFunc

	// Of lines.mu.
	at      ID // the UDP line
	packets *packets

	mu      sync.Mutex
	conn    *dtls.Conn // nil: there is none yet
	waiting [][]byte   // for it
}

// again is the pause before another handshake.
const again = time.Second

// live is the session's goroutine, until Close.
func (s *session) live() {
	defer s.lines.gone(s)
	for s.ctx.Err() == nil {
		conn, err := s.shake()
		switch {
		case err == nil:
			s.read(conn)
		case s.ctx.Err() == nil:
			s.lines.failed(err)
		}
		pause := time.NewTimer(again)
		select {
		case <-pause.C:
		case <-s.ctx.Done():
			pause.Stop()
		}
	}
}

// shake waits for its turn, and shakes hands with the gateway.
func (s *session) shake() (*dtls.Conn, error) {
	select {
	case s.lines.shaking <- struct{}{}:
		defer func() { <-s.lines.shaking }()
	case <-s.ctx.Done():
		return nil, s.ctx.Err()
	}
	fresh := newPackets(s.write)
	s.lines.mu.Lock()
	s.packets = fresh
	s.lines.mu.Unlock()
	conn, err := dtls.ClientWithOptions(fresh, gatewayAddr{}, s.options...)
	if err != nil {
		return nil, err
	}
	limited, cancel := context.WithTimeout(s.ctx, secure.HandshakeTime)
	defer cancel()
	if err := conn.HandshakeContext(limited); err != nil {
		conn.Close()
		if limited.Err() != nil {
			err = limited.Err()
		}
		return nil, err
	}
	s.lines.handshakes.Add(1)
	return conn, nil
}

// read sends what has waited, and reads until the session has ended.
func (s *session) read(conn *dtls.Conn) {
	stop := context.AfterFunc(s.ctx, func() { conn.Close() })
	defer stop()
	s.mu.Lock()
	s.conn = conn
	for _, b := range s.waiting {
		s.encrypt(b)
	}
	s.waiting = nil
	s.mu.Unlock()
	buf := make([]byte, secureMTU)
	for {
		n, err := conn.Read(buf)
		if err != nil {
			break
		}
		s.lines.received.Add(1)
		s.lines.receiver.Received([]Datagram{{s.line, buf[:n]}})
	}
	s.mu.Lock()
	s.conn = nil
	s.mu.Unlock()
	conn.Close()
}

func (s *session) established() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.conn != nil
}

// send encrypts a datagram, or keeps it until there is a session.
func (s *session) send(b []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.conn != nil:
		s.encrypt(b)
	case len(s.waiting) < maxWaiting:
		s.waiting = append(s.waiting, append([]byte(nil), b...))
	default:
		s.lines.dropped.Add(1)
	}
}

// encrypt needs mu.
func (s *session) encrypt(b []byte) {
	if _, err := s.conn.Write(b); err != nil {
		s.lines.refused.Add(1)
		return
	}
	s.lines.sent.Add(1)
}

// write is called by pion, with octets that are encrypted.
func (s *session) write(b []byte) { s.lines.write(s, b) }
