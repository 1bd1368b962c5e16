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
	secret  *secret         // nil: the device does not keep it
	ctx     context.Context // ends with Close
	cancel  context.CancelFunc
	wake    chan struct{} // a token: something waits to be sent

	// Of lines.mu.
	at      ID // the UDP line
	packets *packets

	mu      sync.Mutex
	conn    *dtls.Conn // nil: there is none yet
	waiting [][]byte   // for it
	gone    bool       // forgotten, until something is to be sent
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
		case s.ctx.Err() == nil && !s.forgotten():
			s.lines.failed(err)
		}
		s.rest()
	}
}

// rest is a pause, or what a device without power has until it sends.
func (s *session) rest() {
	if s.forgotten() {
		select {
		case <-s.wake:
		case <-s.ctx.Done():
		}
		s.mu.Lock()
		s.gone = false
		s.mu.Unlock()
		return
	}
	pause := time.NewTimer(again)
	defer pause.Stop()
	select {
	case <-pause.C:
	case <-s.ctx.Done():
	}
}

func (s *session) forgotten() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.gone
}

// forget ends the session so that the gateway is not told.
func (s *session) forget() {
	s.mu.Lock()
	s.conn, s.waiting, s.gone = nil, nil, true
	select {
	case <-s.wake:
	default:
	}
	s.mu.Unlock()
	s.lines.mu.Lock()
	p := s.packets
	s.lines.mu.Unlock()
	p.Close() // which ends the read, or the handshake
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
	if s.secret.resumed() {
		s.lines.resumed.Add(1)
	}
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
		select {
		case s.wake <- struct{}{}:
		default:
		}
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
