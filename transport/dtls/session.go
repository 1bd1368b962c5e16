package dtls

import (
	"container/list"
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/dtls/v3"

	"snbroker/transport"
)

// session is a DTLS session, from its ClientHello on.
type session struct {
	link  *Link
	hello hello
	pipe  pipe

	// Guarded by link.mu.
	state   state
	id      cid            // once it is proved
	peer    transport.Addr // id, as what the link's users see
	usesCID bool           // id is in the peer's records
	at      endpoint       // where the peer is
	plain   int            // octets taken that were not encrypted
	place   *list.Element  // in link.unproved or link.proved
	known   int64          // of heard, by link.order
	slot    int            // in link.order

	// The handshake's, and constant once it is finished.
	conn     *dtls.Conn
	who      string // names the proof
	identity any

	heard  atomic.Int64 // when the last genuine datagram came, in Unix nanoseconds
	cookie atomic.Bool  // the peer has returned it

	finished atomic.Bool // the handshake is, or has failed

	sending sync.Mutex
	out     [][]byte // to be encrypted
	queued  bool     // in link.work, or with a writer
	ending  bool     // close_notify comes after out
}

// state is how far a session has come.
type state uint8

const (
	unproved    state = iota // a ClientHello came, maybe forged
	proved                   // the peer has returned the cookie
	established              // the handshake is finished
	over
)

func newSession(l *Link, h hello, from endpoint) *session {
	s := &session{link: l, hello: h, at: from}
	s.pipe.session = s
	s.pipe.filled.L = &s.pipe.mu
	return s
}

// meet is the session's goroutine until the handshake is over.
func (s *session) meet() {
	l := s.link
	conn, err := l.server.conn(s)
	if err != nil {
		l.cfg.Log.Error("dtls: no handshake is possible with these settings", "listener", l.Name(), "error", err)
		s.pipe.Close()
		l.gone(s)
		return
	}
	s.conn = conn
	if !s.handshake() {
		s.end()
		return
	}
	l.sessions.Go(s.stay) // with a new stack: a handshake's is twice what the rest needs
}

// stay is the session's goroutine from then on.
func (s *session) stay() {
	defer s.end()
	s.receive()
}

func (s *session) end() {
	s.conn.Close() // and the pipe with it, after the close_notify
	s.link.gone(s)
}

// handshake reports whether the peer may stay.
func (s *session) handshake() bool {
	l := s.link
	ctx, cancel := context.WithTimeout(context.Background(), l.cfg.HandshakeTimeout)
	defer cancel()
	err := s.conn.HandshakeContext(ctx)
	s.finished.Store(true)
	s.pipe.hold(false)
	if err != nil {
		s.failed(ctx, err)
		return false
	}
	state, ok := s.conn.ConnectionState()
	if !ok {
		return false
	}
	proof, err := proofOf(&state)
	if err == nil {
		s.identity = proof
		s.who = proof.name()
		if l.cfg.Identify != nil {
			s.identity, err = l.cfg.Identify(proof)
		}
	}
	if err != nil {
		l.counts.unknown.Add(1)
		l.cfg.Log.Info("DTLS session refused", "listener", l.Name(), "peer", s.conn.RemoteAddr(), "error", err)
		return false
	}
	if s.hello.session != "" && s.hello.session == string(state.SessionID) {
		l.counts.resumed.Add(1)
	}
	l.counts.handshakes.Add(1)
	return l.settle(s)
}

func (s *session) failed(ctx context.Context, err error) {
	l := s.link
	switch {
	case errors.Is(err, net.ErrClosed): // the link ended it
		return
	case ctx.Err() != nil:
		l.counts.timedOut.Add(1)
		err = errors.New("connect_timeout passed; a wrong key looks like that, too")
	default:
		l.counts.failed.Add(1)
	}
	if s.cookie.Load() { // else whoever writes an address on a datagram writes the log
		l.cfg.Log.Info("DTLS handshake failed", "listener", l.Name(), "peer", s.conn.RemoteAddr(), "error", err)
	}
}

// receive hands on what the peer sends, until the session's end.
func (s *session) receive() {
	l := s.link
	present := net.Addr(s.at) // which changes below alone
	buf := make([]byte, l.cfg.MTU)
	for {
		n, err := s.conn.Read(buf)
		if errors.Is(err, io.EOF) {
			return
		}
		s.heard.Store(time.Now().UnixNano())
		s.pipe.arrived()
		if now := s.conn.RemoteAddr(); now != present {
			present = now
			l.moved(s, now.(endpoint))
		}
		if err != nil {
			// Longer than buf, or something that pion could read nothing from,
			// and goes on after.
			l.counters.Oversized.Add(1)
			continue
		}
		data := append(make([]byte, 0, n), buf[:n]...)
		if !l.inbox.put(transport.Datagram{From: s.peer, Data: data}) {
			return
		}
	}
}

// wrote sees what pion sends. With a ServerHello it says that the cookie came back,
// and which Connection ID the peer will use. With a ChangeCipherSpec in front it
// finishes the handshake; the device may speak from then on, but until pion has
// noted that, it keeps one message of the device's and drops others. So they wait.
func (s *session) wrote(b []byte) {
	if b[0] == recordChangeCipherSpec && !s.finished.Load() {
		s.pipe.hold(true)
	}
	if !s.cookie.Load() && len(b) > recordHeader && b[0] == recordHandshake && b[recordHeader] == typeServerHello {
		s.cookie.Store(true)
		s.link.proven(s, serverHelloCID(b))
	}
}
