package listener

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/gorilla/websocket"
)

// web turns HTTP requests into WebSockets. Connections come from the Listener,
// after TLS if there is any, so that all limits hold here too.
type web struct {
	listener *Listener
	rules    *rules
	server   http.Server
	upgrader websocket.Upgrader
	arrived  chan *bottom
	begin    sync.Once
	quit     chan struct{} // others are in its place
}

// subprotocols are MQTT's names, the second that of 3.1.
var subprotocols = []string{"mqtt", "mqttv3.1"}

const (
	maxRequestHeader = 4 << 10 // and as much again, which net/http adds
	wsReadBuffer     = 256     // for frame headers; payloads go past it
	wsWriteBuffer    = 4 << 10
)

// wsWriteBuffers are those of all WebSockets: one is taken for a frame.
var wsWriteBuffers sync.Pool

func newWeb(l *Listener, r *rules) *web {
	w := &web{listener: l, rules: r, arrived: make(chan *bottom), quit: make(chan struct{})}
	w.server = http.Server{
		Handler:           w,
		ReadHeaderTimeout: r.ConnectTimeout,
		ReadTimeout:       r.ConnectTimeout,
		WriteTimeout:      r.ConnectTimeout,
		MaxHeaderBytes:    maxRequestHeader,
		ErrorLog:          slog.NewLogLogger(l.log.Handler(), slog.LevelDebug),
		ConnContext:       func(ctx context.Context, nc net.Conn) context.Context { return context.WithValue(ctx, bottomKey{}, nc) },
		ConnState:         w.connState,
	}
	w.server.SetKeepAlivesEnabled(false) // one request a connection
	w.upgrader = websocket.Upgrader{
		ReadBufferSize:   wsReadBuffer,
		WriteBufferSize:  wsWriteBuffer,
		WriteBufferPool:  &wsWriteBuffers,
		HandshakeTimeout: r.ConnectTimeout,
		Subprotocols:     subprotocols,
		CheckOrigin:      w.originAllowed,
	}
	return w
}

type bottomKey struct{}

// start serves until the Listener is closed, or others are in its place.
func (w *web) start() {
	w.begin.Do(func() {
		w.listener.done.Go(func() { _ = w.server.Serve((*webListener)(w)) })
	})
}

// take hands a connection to the HTTP server.
func (w *web) take(a *arrival, nc net.Conn) {
	select {
	case w.arrived <- &bottom{Conn: nc, arrival: a}:
	case <-w.quit:
		w.listener.drop(a) // the rules have changed in between: it comes again
	case <-w.listener.quit:
		w.listener.drop(a)
	}
}

// webListener is what the HTTP server accepts from.
type webListener web

func (w *webListener) Accept() (net.Conn, error) {
	select {
	case b := <-w.arrived:
		return b, nil
	case <-w.quit:
		return nil, net.ErrClosed
	case <-w.listener.quit:
		return nil, net.ErrClosed
	}
}

func (w *webListener) Close() error   { return nil }
func (w *webListener) Addr() net.Addr { return w.listener.Addr() }

// connState learns which connections end as they came, and which become
// WebSockets.
func (w *web) connState(nc net.Conn, s http.ConnState) {
	b := nc.(*bottom)
	switch s {
	case http.StateHijacked:
		b.arrival.hijacked = true
	case http.StateClosed:
		w.listener.drop(b.arrival)
	}
}

// ServeHTTP implements http.Handler.
func (w *web) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	b := r.Context().Value(bottomKey{}).(*bottom)
	if r.URL.Path != w.rules.Path {
		http.NotFound(rw, r)
		return
	}
	if websocket.IsWebSocketUpgrade(r) && !slices.ContainsFunc(websocket.Subprotocols(r), func(s string) bool { return slices.Contains(subprotocols, s) }) {
		http.Error(rw, "the WebSocket subprotocol mqtt is missing", http.StatusBadRequest) // [MQTT-6.0.0-3]
		return
	}
	ws, err := w.upgrader.Upgrade(rw, r, nil)
	if err != nil {
		w.listener.log.Debug("no WebSocket", "listener", w.listener.Addr(), "peer", b.RemoteAddr(), "error", err)
		if b.arrival.hijacked {
			w.listener.drop(b.arrival)
		}
		return
	}
	a := b.arrival
	b.arrival = nil
	w.listener.admit(a, newWSConn(ws, b, w.rules.MaxPacket))
}

// originAllowed is about web pages, which a browser lets connect to anywhere:
// those of this host may, and those that are listed.
func (w *web) originAllowed(r *http.Request) bool {
	origin := r.Header.Get("Origin")
	if origin == "" {
		return true // no browser
	}
	if u, err := url.Parse(origin); err == nil && u.Host != "" && strings.EqualFold(hostname(u.Host), hostname(r.Host)) {
		return true
	}
	for _, o := range w.rules.AllowedOrigins {
		if o == "*" || strings.EqualFold(o, origin) {
			return true
		}
	}
	w.listener.log.Info("WebSocket refused: allowed_origins does not have its page's origin", "listener", w.listener.Addr(), "peer", r.RemoteAddr, "origin", origin)
	return false
}

// hostname is a host without its port: a broker beside a web server has
// another one.
func hostname(host string) string { return (&url.URL{Host: host}).Hostname() }
