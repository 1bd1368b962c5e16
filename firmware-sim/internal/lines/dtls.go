package lines

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/pion/dtls/v3"

	"snbroker/firmware-sim/internal/secure"
)

// secureLines are sessions of DTLS, each on a UDP line of its own. A session costs
// goroutines, one here and some of pion's, and some 55 KB.
//
// The gateway gives each session a Connection ID, by which it knows the session
// again at another address: so Move gives it another UDP line, and that is all.
type secureLines struct {
	gateway     string
	host        string
	credentials *secure.Credentials
	receiver    Receiver
	ctx         context.Context // ends with Shut
	cancel      context.CancelFunc
	shaking     chan struct{} // holds one for each handshake that is under way
	ended       sync.WaitGroup
	sent        atomic.Uint64
	received    atomic.Uint64
	dropped     atomic.Uint64
	refused     atomic.Uint64
	handshakes  atomic.Uint64 // finished
	resumed     atomic.Uint64 // of these

	sending sync.Mutex
	under   Lines // its owner has sending; nil after Shut
	last    Stats // of under, at Shut

	mu       sync.Mutex
	sessions []*session      // by line; nil: closed
	at       map[ID]*session // by UDP line
	failures uint64          // handshakes
	err      error           // the latest one's
}

// secureMTU is the longest datagram within DTLS, in octets.
const secureMTU = 2048

// maxHandshakes bounds those that are under way: well below a quarter of what a
// gateway takes, which is what it lets one network have.
const maxHandshakes = 64

func openSecure(gateway string, c *secure.Credentials, r Receiver) (Lines, error) {
	address := strings.TrimPrefix(gateway, "dtls://")
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("%w: want dtls://host:port, such as dtls://127.0.0.1:8883", err)
	}
	if c == nil {
		c, _ = new(secure.Flags).Load() // without files, nothing can fail
	}
	l := &secureLines{gateway: gateway, host: host, credentials: c, receiver: r,
		shaking: make(chan struct{}, maxHandshakes), at: make(map[ID]*session)}
	if l.under, err = openUDP(address, l); err != nil {
		return nil, fmt.Errorf("%w: start the gateway, or name another with -gateway", err)
	}
	l.ctx, l.cancel = context.WithCancel(context.Background())
	return l, nil
}

// Received takes what came to UDP lines to their sessions.
func (l *secureLines) Received(batch []Datagram) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, d := range batch {
		// Nobody is at an address that was moved away from.
		if s := l.at[d.Line]; s != nil && !s.packets.put(d.Data) {
			l.dropped.Add(1)
		}
	}
}

// Open begins a handshake, and does not wait for it: what is sent meanwhile waits.
func (l *secureLines) Open(name Namer) (ID, error) {
	o, err := l.credentials.Options(l.host, name)
	if err != nil {
		return 0, &TargetError{l.gateway, err}
	}
	at, err := l.openUnder()
	if err != nil {
		return 0, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	s := &session{lines: l, line: ID(len(l.sessions)), at: at, options: o, wake: make(chan struct{}, 1)}
	if l.credentials.Resume {
		s.secret = new(secret)
		s.options = append(o, dtls.WithSessionStore(s.secret))
	}
	s.packets = newPackets(s.write)
	s.ctx, s.cancel = context.WithCancel(l.ctx)
	l.sessions = append(l.sessions, s)
	l.at[at] = s
	l.ended.Go(s.live)
	return s.line, nil
}

func (l *secureLines) openUnder() (ID, error) {
	l.sending.Lock()
	defer l.sending.Unlock()
	return l.under.Open(nil)
}

// Move gives a session another UDP line. One that still shakes hands stays. One
// without a Connection ID is lost to the gateway, and resumed.
func (l *secureLines) Move(id ID) bool {
	s := l.session(id)
	if s == nil || !s.established() {
		return s != nil
	}
	to, err := l.openUnder()
	if err != nil {
		return false
	}
	l.mu.Lock()
	from := s.at
	s.at = to
	delete(l.at, from)
	l.at[to] = s
	l.mu.Unlock()
	l.closeUnder(from)
	if l.credentials.Resume {
		s.forget()
	}
	return true
}

// Forget implements Forgetful.
func (l *secureLines) Forget(id ID) {
	if s := l.session(id); s != nil {
		s.forget()
	}
}

func (l *secureLines) closeUnder(id ID) {
	l.sending.Lock()
	defer l.sending.Unlock()
	if l.under != nil {
		l.under.Close(id)
	}
}

// Close ends a session, which tells the gateway.
func (l *secureLines) Close(id ID) {
	if s := l.session(id); s != nil {
		s.cancel()
		l.mu.Lock()
		l.sessions[id] = nil
		l.mu.Unlock()
	}
}

// gone takes a session's UDP line back.
func (l *secureLines) gone(s *session) {
	l.mu.Lock()
	delete(l.at, s.at)
	at := s.at
	l.mu.Unlock()
	l.closeUnder(at)
}

func (l *secureLines) session(id ID) *session {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.sessions[id]
}

func (l *secureLines) Send(id ID, b []byte) {
	if s := l.session(id); s != nil {
		s.send(b)
	}
}

func (l *secureLines) Flush() {}

// write sends what pion made of it.
func (l *secureLines) write(s *session, b []byte) {
	l.mu.Lock()
	at := s.at
	l.mu.Unlock()
	l.sending.Lock()
	defer l.sending.Unlock()
	if l.under != nil {
		l.under.Send(at, b)
		l.under.Flush()
	}
}

// Limits are the gateway's, as it is usually set.
func (l *secureLines) Limits() Limits { return Limits{MTU: secureMTU, Forwarder: true} }

// failed notes a handshake that came to nothing.
func (l *secureLines) failed(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.failures++
	l.err = err
}

// Err is the first handshakes', as long as none has succeeded.
func (l *secureLines) Err() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.handshakes.Load() > 0 || l.err == nil {
		return nil
	}
	if errors.Is(l.err, context.DeadlineExceeded) {
		return &TargetError{l.gateway, fmt.Errorf("no DTLS handshake within %v: does a gateway with DTLS listen there? A wrong key looks like that, too", secure.HandshakeTime)}
	}
	return &TargetError{l.gateway, fmt.Errorf("no DTLS handshake: %w", l.err)}
}

func (l *secureLines) Stats() Stats {
	l.sending.Lock()
	s := l.last
	if l.under != nil {
		s = l.under.Stats()
	}
	l.sending.Unlock()
	s.Sent, s.Received = l.sent.Load(), l.received.Load()
	s.Dropped += l.dropped.Load()
	s.Refused += l.refused.Load()
	s.Handshakes, s.Resumed = l.handshakes.Load(), l.resumed.Load()
	l.mu.Lock()
	defer l.mu.Unlock()
	s.HandshakesFailed = l.failures
	return s
}

func (l *secureLines) Shut() {
	l.cancel()
	l.ended.Wait()
	l.sending.Lock()
	under := l.under
	l.last, l.under = under.Stats(), nil
	l.sending.Unlock()
	under.Shut() // whose reader may be in Received
}
