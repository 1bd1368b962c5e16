package listener

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"snbroker/broker"
	"snbroker/internal/auth"
	"snbroker/internal/mqtt"
	"snbroker/internal/tap"
)

// Config holds the rules of one listener. DefaultConfig fills it in.
type Config struct {
	// Anonymous lets clients in that have proved no identity.
	Anonymous bool
	// MaxConnections bounds the connections; more are closed at once.
	MaxConnections int
	// ConnectTimeout is how long a client may take to its CONNECT.
	ConnectTimeout time.Duration
	// WriteTimeout is how long a client may leave what it was sent unread
	// before it is disconnected.
	WriteTimeout time.Duration
	// MaxKeepAlive bounds the keep-alive of clients, also of those that ask
	// for none; 0: no bound. MQTT 5 clients are told, others are not.
	MaxKeepAlive time.Duration
	// MaxPacket is the largest packet taken in, in octets; a larger one ends
	// the connection.
	MaxPacket int
	// MaxConnectPacket is the same for the first packet.
	MaxConnectPacket int
	// ReceiveMaximum is how many QoS 1 and 2 publishes an MQTT 5 client may
	// have unacknowledged.
	ReceiveMaximum uint16
	// TopicAliasMaximum is how many topic aliases an MQTT 5 client may use.
	TopicAliasMaximum uint16
	// MaxFilters is how many topic filters a SUBSCRIBE or UNSUBSCRIBE may
	// have, MaxProperties how many octets of properties to pass on a PUBLISH
	// or will; a client that sends more is disconnected.
	MaxFilters    int
	MaxProperties int
	// MaxMessageRate is how many messages a client may publish in a second, on
	// average; one that sends more is read from more slowly. 0: no bound.
	MaxMessageRate int
	// MaxMessageRatePerAddress is the same for all clients of an address, of
	// IPv6 its /64 network, together; 0: no bound.
	MaxMessageRatePerAddress int
	// ServerReference, if not "", is another server that clients are sent to:
	// nobody is let in here (MQTT 5 §4.11).
	ServerReference string
	// SessionExpiry bounds how long sessions outlive their connections, and
	// is what a client before MQTT 5 without clean session gets.
	SessionExpiry time.Duration
	// Versions are the protocol versions that clients may speak.
	Versions Versions
	// MountPoint is put before the topics of the listener's clients, who do
	// not see it and nothing beside it: "" or what ends in "/".
	MountPoint string

	// TLS, if not nil, is what clients are met with.
	TLS *TLS
	// WebSocket has clients come by HTTP, at Path. Web pages may connect if
	// they are of the same host or AllowedOrigins has theirs; "*" is any.
	WebSocket      bool
	Path           string
	AllowedOrigins []string

	// ProxyFrom are the addresses of proxies. From them a PROXY protocol
	// header must come first, and from others it may not.
	ProxyFrom []netip.Prefix
	// MaxConnectionsPerAddress bounds the connections of a client's address,
	// of IPv6 its /64 network; 0: no bound.
	MaxConnectionsPerAddress int
	// ConnectionRate bounds the new ones in a second; 0: no bound.
	ConnectionRate int

	// Auth says who clients are; nil: all are anonymous.
	Auth *auth.Auth

	Log *slog.Logger // nil: slog.Default()
	Tap *tap.Tap     // shows packets to who watches; nil: to nobody
}

// DefaultConfig returns the recommended settings.
func DefaultConfig() Config {
	return Config{
		MaxConnections:    100_000,
		ConnectTimeout:    10 * time.Second,
		WriteTimeout:      30 * time.Second,
		MaxPacket:         1 << 20,
		MaxConnectPacket:  64 << 10,
		ReceiveMaximum:    100,
		MaxFilters:        1_000,
		MaxProperties:     64 << 10,
		TopicAliasMaximum: 16,
		SessionExpiry:     broker.Never,
		Versions:          AllVersions,
		Path:              "/mqtt",
	}
}

// Listener serves the clients of one net.Listener.
type Listener struct {
	log    *slog.Logger
	broker *broker.Broker
	net    net.Listener
	stats  counters

	quit chan struct{} // closed by Close

	mu       sync.Mutex
	cfg      *rules // for who comes now
	conns    map[*conn]struct{}
	arrivals map[*arrival]struct{} // not clients yet
	hosts    hosts
	closed   bool
	done     sync.WaitGroup // conns, arrivals and the web
}

// Stats counts what a listener saw.
type Stats struct {
	Connections     int    // now
	Accepted        uint64 // ever
	Refused         uint64 // over MaxConnections
	RefusedAddress  uint64 // over MaxConnectionsPerAddress
	RefusedRate     uint64 // over ConnectionRate
	BadProxyHeader  uint64
	HandshakeFailed uint64 // of TLS
	PacketsIn       uint64
	PacketsOut      uint64
	BytesIn         uint64
	BytesOut        uint64
	ProtocolError   uint64
}

type counters struct {
	accepted, refused, refusedAddress, refusedRate, badProxyHeader, handshakeFailed, packetsIn, packetsOut, bytesIn, bytesOut, protocolError atomic.Uint64
}

// New returns a Listener for l. Serve starts it.
func New(cfg Config, b *broker.Broker, l net.Listener) *Listener {
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	out := &Listener{log: cfg.Log, broker: b, net: l, quit: make(chan struct{}), conns: make(map[*conn]struct{}),
		arrivals: make(map[*arrival]struct{}), hosts: hosts{by: make(map[netip.Addr]*host)}}
	out.adopt(cfg)
	return out
}

// Addr returns where the listener listens.
func (l *Listener) Addr() net.Addr { return l.net.Addr() }

// Stats returns the present counts.
func (l *Listener) Stats() Stats {
	l.mu.Lock()
	n := len(l.conns) + len(l.arrivals)
	l.mu.Unlock()
	return Stats{
		Connections:     n,
		Accepted:        l.stats.accepted.Load(),
		Refused:         l.stats.refused.Load(),
		RefusedAddress:  l.stats.refusedAddress.Load(),
		RefusedRate:     l.stats.refusedRate.Load(),
		BadProxyHeader:  l.stats.badProxyHeader.Load(),
		HandshakeFailed: l.stats.handshakeFailed.Load(),
		PacketsIn:       l.stats.packetsIn.Load(),
		PacketsOut:      l.stats.packetsOut.Load(),
		BytesIn:         l.stats.bytesIn.Load(),
		BytesOut:        l.stats.bytesOut.Load(),
		ProtocolError:   l.stats.protocolError.Load(),
	}
}

// Serve accepts clients until Close. It returns nil after Close.
func (l *Listener) Serve() error {
	l.startWeb()
	pause := 5 * time.Millisecond
	for {
		nc, err := l.net.Accept()
		if err != nil {
			if l.isClosed() {
				return nil
			}
			if errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE) || errors.Is(err, syscall.ENOBUFS) ||
				errors.Is(err, syscall.ENOMEM) || errors.Is(err, syscall.ECONNABORTED) {
				// It passes, when others leave.
				l.log.Warn("accept failed, trying again", "listener", l.Addr(), "error", err, "in", pause)
				select {
				case <-l.quit:
					return nil
				case <-time.After(pause):
				}
				pause = min(2*pause, time.Second)
				continue
			}
			return err
		}
		pause = 5 * time.Millisecond
		if !l.start(nc) {
			nc.Close()
		}
	}
}

func (l *Listener) start(nc net.Conn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return false
	}
	if len(l.conns)+len(l.arrivals) >= l.cfg.MaxConnections {
		if l.stats.refused.Add(1)%1000 == 1 {
			l.log.Warn("connection refused: max_connections is reached", "listener", l.Addr(), "limit", l.cfg.MaxConnections)
		}
		return false
	}
	now := time.Now()
	fromProxy := l.fromProxy(nc.RemoteAddr())
	var one *host
	if !fromProxy {
		var refusal string
		if one, refusal = l.hosts.enter(nc.RemoteAddr(), now); refusal != "" {
			l.refused(nc.RemoteAddr(), refusal)
			return false
		}
	}
	l.stats.accepted.Add(1)
	l.done.Add(1)
	if fromProxy || l.cfg.TLS != nil || l.cfg.web != nil {
		a := &arrival{listener: l, cfg: l.cfg, net: nc, since: now, host: one}
		l.arrivals[a] = struct{}{}
		go a.prepare(fromProxy)
		return true
	}
	c := newConn(l, l.cfg, nc)
	c.heard, c.host = now, one
	l.conns[c] = struct{}{}
	go c.serve()
	return true
}

// startWeb starts the HTTP server, if there is one.
func (l *Listener) startWeb() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.cfg.web != nil && !l.closed {
		l.cfg.web.start()
	}
}

func (l *Listener) forget(c *conn) {
	l.mu.Lock()
	delete(l.conns, c)
	l.hosts.leave(c.host, time.Now())
	l.mu.Unlock()
	l.done.Done()
}

func (l *Listener) isClosed() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.closed
}

// Close stops accepting, tells the clients that the server goes down, and
// waits for their connections to end, at most until ctx is done.
func (l *Listener) Close(ctx context.Context) {
	l.mu.Lock()
	if !l.closed {
		l.closed = true
		close(l.quit)
	}
	conns := make([]*conn, 0, len(l.conns))
	for c := range l.conns {
		conns = append(conns, c)
	}
	for a := range l.arrivals {
		a.net.Close() // nobody there to be told
	}
	l.mu.Unlock()
	l.net.Close()
	for _, c := range conns {
		c.Closed(mqtt.ReasonServerShuttingDown)
	}
	ended := make(chan struct{})
	go func() {
		l.done.Wait()
		close(ended)
	}()
	select {
	case <-ended:
	case <-ctx.Done():
		var closing sync.WaitGroup
		for _, c := range conns {
			closing.Go(func() { c.net.Close() }) // some say farewell, and wait for it
		}
		closing.Wait()
		<-ended
	}
}
