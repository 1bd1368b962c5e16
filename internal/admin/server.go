package admin

import (
	"context"
	"crypto/tls"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// Server answers over HTTP. Make one with New, start it with Serve, end it with
// Close.
type Server struct {
	cfg     Config
	logins  logins
	begun   time.Time
	traffic traffic
	http    http.Server
	routes  []route
	ready   atomic.Bool
	traces  atomic.Int32 // that go on

	quit    context.Context // ends traces
	stop    context.CancelFunc
	entry   sync.Mutex     // nobody begins to serve after quit
	serving sync.WaitGroup // Serve, and each request
}

// Bounds on what others can make the server hold. A connection too many waits
// until another ends.
const (
	maxConnections = 64
	maxHeader      = 32 << 10
	maxBody        = 1 << 20
	headerTimeout  = 10 * time.Second
	idleTimeout    = 2 * time.Minute
	writeTimeout   = 30 * time.Second
	closeTimeout   = time.Second
)

// New returns a Server that knows its way around cfg.
func New(cfg Config) *Server {
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	s := &Server{cfg: cfg, begun: time.Now()}
	s.quit, s.stop = context.WithCancel(context.Background())
	s.routes = s.allRoutes()
	s.http = http.Server{
		Handler:           s.handler(),
		ReadHeaderTimeout: headerTimeout,
		ReadTimeout:       writeTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeader,
		ErrorLog:          slog.NewLogLogger(cfg.Log.Handler(), slog.LevelDebug),
	}
	return s
}

// Handler is what Serve serves.
func (s *Server) Handler() http.Handler { return s.http.Handler }

// Ready says that all is open that the program was to serve.
func (s *Server) Ready() { s.ready.Store(true) }

// Serve answers on l until Close, and returns nil then.
func (s *Server) Serve(l net.Listener) error {
	if !s.enter() {
		return nil
	}
	defer s.serving.Done()
	l = &bounded{Listener: l, free: make(chan struct{}, maxConnections), quit: s.quit.Done()}
	if s.cfg.TLS != nil {
		l = tls.NewListener(l, s.cfg.TLS)
	}
	err := s.http.Serve(l)
	if s.quit.Err() != nil {
		return nil
	}
	return err
}

// enter says that something begins which Close has to wait for; false: too late.
func (s *Server) enter() bool {
	s.entry.Lock()
	defer s.entry.Unlock()
	if s.quit.Err() != nil {
		return false
	}
	s.serving.Add(1)
	return true
}

// Close ends traces and connections, and waits until nothing is going on. Who has
// asked already is answered.
func (s *Server) Close() {
	s.ready.Store(false)
	s.entry.Lock()
	s.stop()
	s.entry.Unlock()
	answered, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	_ = s.http.Shutdown(answered) // what takes longer is cut off
	s.http.Close()
	s.serving.Wait()
}

// bounded accepts as many connections as fit.
type bounded struct {
	net.Listener
	free chan struct{}
	quit <-chan struct{}
}

// Accept implements net.Listener.
func (b *bounded) Accept() (net.Conn, error) {
	select {
	case b.free <- struct{}{}:
	case <-b.quit:
		return nil, net.ErrClosed
	}
	c, err := b.Listener.Accept()
	if err != nil {
		<-b.free
		return nil, err
	}
	return &boundedConn{Conn: c, leave: sync.OnceFunc(func() { <-b.free })}, nil
}

type boundedConn struct {
	net.Conn
	leave func()
}

// Close implements net.Conn.
func (c *boundedConn) Close() error {
	defer c.leave()
	return c.Conn.Close()
}
