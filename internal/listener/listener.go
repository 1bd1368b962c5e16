package listener

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"snbroker/broker"
	"snbroker/internal/mqtt"
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
	// SessionExpiry bounds how long sessions outlive their connections, and
	// is what a client before MQTT 5 without clean session gets.
	SessionExpiry time.Duration
	Log           *slog.Logger // nil: slog.Default()
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
		TopicAliasMaximum: 16,
		SessionExpiry:     broker.Never,
	}
}

// Listener serves the clients of one net.Listener.
type Listener struct {
	cfg    Config
	broker *broker.Broker
	net    net.Listener
	stats  counters

	quit chan struct{} // closed by Close

	mu     sync.Mutex
	conns  map[*conn]struct{}
	closed bool
	done   sync.WaitGroup
}

// Stats counts what a listener saw.
type Stats struct {
	Connections   int    // now
	Accepted      uint64 // ever
	Refused       uint64 // over MaxConnections
	BytesIn       uint64
	BytesOut      uint64
	ProtocolError uint64
}

type counters struct {
	accepted, refused, bytesIn, bytesOut, protocolError atomic.Uint64
}

// New returns a Listener for l. Serve starts it.
func New(cfg Config, b *broker.Broker, l net.Listener) *Listener {
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	return &Listener{cfg: cfg, broker: b, net: l, quit: make(chan struct{}), conns: make(map[*conn]struct{})}
}

// Addr returns where the listener listens.
func (l *Listener) Addr() net.Addr { return l.net.Addr() }

// Stats returns the present counts.
func (l *Listener) Stats() Stats {
	l.mu.Lock()
	n := len(l.conns)
	l.mu.Unlock()
	return Stats{
		Connections:   n,
		Accepted:      l.stats.accepted.Load(),
		Refused:       l.stats.refused.Load(),
		BytesIn:       l.stats.bytesIn.Load(),
		BytesOut:      l.stats.bytesOut.Load(),
		ProtocolError: l.stats.protocolError.Load(),
	}
}

// Serve accepts clients until Close. It returns nil after Close.
func (l *Listener) Serve() error {
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
				l.cfg.Log.Warn("accept failed, trying again", "listener", l.Addr(), "error", err, "in", pause)
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
	if len(l.conns) >= l.cfg.MaxConnections {
		if l.stats.refused.Add(1)%1000 == 1 {
			l.cfg.Log.Warn("connection refused: max_connections is reached", "listener", l.Addr(), "limit", l.cfg.MaxConnections)
		}
		return false
	}
	l.stats.accepted.Add(1)
	c := newConn(l, nc)
	l.conns[c] = struct{}{}
	l.done.Add(1)
	go c.serve()
	return true
}

func (l *Listener) forget(c *conn) {
	l.mu.Lock()
	delete(l.conns, c)
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
		for _, c := range conns {
			c.net.Close()
		}
		<-ended
	}
}
