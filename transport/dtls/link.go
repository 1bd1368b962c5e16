package dtls

import (
	"container/list"
	"net/netip"
	"sync"

	"github.com/pion/dtls/v3"

	"snbroker/transport"
	"snbroker/transport/udp"
)

// Link is DTLS sessions over one other link.
type Link struct {
	under   transport.Link
	at      netip.AddrPort // of under, if it is a UDP socket
	cfg     Config
	log     pionLog
	suites  []dtls.CipherSuiteID
	tickets *tickets
	server  server
	inbox   inbox
	work    work

	counters transport.Counters
	counts   counters
	full     struct{ sessions, handshakes, rate seldom } // log lines

	mu          sync.Mutex
	closed      bool
	serving     bool
	byCID       map[cid]*session
	settled     map[transport.Addr]*session // finished handshakes, by address
	arriving    map[transport.Addr]arrivals
	handshaking int
	networks    map[transport.Addr]int // handshakes of each
	unproved    *list.List             // of *session, oldest first: handshakes without a cookie
	proved      *list.List             // the same with it
	order       order                  // of finished ones
	rates       *rates
	doubts      *doubts

	done     chan struct{} // closed by Close
	sessions sync.WaitGroup

	pending []outgoing // the sender's
}

var _ transport.Link = (*Link)(nil)

// Listen opens a UDP socket and returns a Link over it.
func Listen(cfg Config) (*Link, error) {
	if _, err := cfg.withDefaults(); err != nil {
		return nil, err
	}
	u, err := udp.Listen(udp.Config{Address: cfg.Address, ReceiveBuffer: cfg.ReceiveBuffer, SendBuffer: cfg.SendBuffer})
	if err != nil {
		return nil, err
	}
	l, err := New(u, cfg)
	if err != nil {
		u.Close()
		return nil, err
	}
	l.at = u.LocalAddr()
	return l, nil
}

// New returns a Link over another, which is closed with it.
func New(under transport.Link, cfg Config) (*Link, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	l := &Link{
		under:    under,
		cfg:      cfg,
		log:      pionLog{cfg.Log},
		suites:   cfg.suites(),
		tickets:  newTickets(cfg.MaxSessions, cfg.IdleTimeout),
		byCID:    make(map[cid]*session),
		settled:  make(map[transport.Addr]*session),
		arriving: make(map[transport.Addr]arrivals),
		networks: make(map[transport.Addr]int),
		unproved: list.New(),
		proved:   list.New(),
		rates:    newRates(cfg.HandshakeRate),
		doubts:   newDoubts(),
		done:     make(chan struct{}),
	}
	l.server.link = l
	l.inbox.init()
	l.work.init()
	return l, nil
}

// LocalAddr is the address that the socket is bound to; zero without one.
func (l *Link) LocalAddr() netip.AddrPort { return l.at }

// Name is "dtls ADDRESS".
func (l *Link) Name() string {
	if l.at.IsValid() {
		return "dtls " + l.at.String()
	}
	return "dtls over " + l.under.Name()
}

// MTU is the largest plaintext in octets.
func (l *Link) MTU() int { return l.cfg.MTU }

// Stats counts plaintext datagrams, and what the socket below dropped.
func (l *Link) Stats() transport.Stats {
	s, u := l.counters.Snapshot(), l.under.Stats()
	s.SendErrors += u.SendErrors
	s.SendDrops += u.SendDrops
	s.ReceiveErrors += u.ReceiveErrors
	s.Oversized += u.Oversized
	s.KernelDrops += u.KernelDrops
	return s
}

// Identity is what Identify said of a peer, or its Proof; nil for one that is not
// there.
func (l *Link) Identity(peer transport.Addr) any {
	l.mu.Lock()
	defer l.mu.Unlock()
	if s := l.find(peer); s != nil {
		return s.identity
	}
	return nil
}

// Whereabouts is a peer's present address below DTLS; zero for one that is not
// there.
func (l *Link) Whereabouts(peer transport.Addr) transport.Addr {
	l.mu.Lock()
	defer l.mu.Unlock()
	if s := l.find(peer); s != nil {
		return s.at.addr
	}
	return transport.Addr{}
}

// Sweep ends the sessions whose identity is not welcome any more, and tells how
// many that were.
func (l *Link) Sweep(welcome func(identity any) bool) (ended int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, s := range l.order {
		if !welcome(s.identity) {
			s.finish()
			ended++
		}
	}
	return ended
}

// find returns the established session that a peer's address names.
func (l *Link) find(peer transport.Addr) *session {
	if len(peer.Node) != cidLength || peer.IP.IsValid() {
		return nil
	}
	s := l.byCID[cid([]byte(peer.Node))]
	if s == nil || s.state != established {
		return nil
	}
	return s
}

// Close ends all sessions with a close_notify, and then Serve. It does not wait.
func (l *Link) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil
	}
	l.closed = true
	close(l.done)
	if !l.serving {
		return l.under.Close() // there are no sessions
	}
	return nil
}
