package listener

import (
	"context"
	"log/slog"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"snbroker/broker"
	"snbroker/internal/mqtt"
	"snbroker/internal/mqtt/mqtttest"
)

// Words that the stories have from mqtttest.
var (
	must    = mqtttest.Must
	until   = mqtttest.Until
	filter  = mqtttest.Filter
	pub     = mqtttest.Pub
	kept    = mqtttest.Kept
	again   = mqtttest.Again
	lasting = mqtttest.Lasting
)

var versions = []mqtt.Version{mqtt.V31, mqtt.V311, mqtt.V5}

// world is a listener with a broker behind it.
type world struct {
	t      testing.TB
	broker *broker.Broker
	*Listener
	open   func() (net.Conn, error)
	served chan error
}

// settings are what a test may change.
type settings struct {
	Config
	broker.Limits
}

// overTCP starts a listener on a real socket.
func overTCP(t testing.TB, change func(*settings)) *world {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	w := begin(t, l, change)
	w.open = func() (net.Conn, error) { return net.Dial("tcp", l.Addr().String()) }
	return w
}

// overPipes starts a listener on pipes: no socket below, every write is as it
// is made, and it works in a bubble of virtual time.
func overPipes(t testing.TB, change func(*settings)) *world {
	t.Helper()
	l := mqtttest.NewPipes()
	w := begin(t, l, change)
	w.open = l.Dial
	return w
}

// onBoth runs a story over sockets and over pipes.
func onBoth(t *testing.T, change func(*settings), story func(t *testing.T, w *world)) {
	t.Run("tcp", func(t *testing.T) { story(t, overTCP(t, change)) })
	t.Run("pipe", func(t *testing.T) { story(t, overPipes(t, change)) })
}

// inBubble runs a story over pipes in virtual time.
func inBubble(t *testing.T, change func(*settings), story func(t *testing.T, w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { story(t, overPipes(t, change)) })
}

// begin makes the broker that the listener serves.
func begin(t testing.TB, nl net.Listener, change func(*settings)) *world {
	s := settings{anybody(), broker.DefaultLimits()}
	if change != nil {
		change(&s)
	}
	b := broker.New(s.Limits)
	t.Cleanup(b.Close)
	return serve(t, b, nl, s.Config)
}

// anybody is let in, and nothing is logged.
func anybody() Config {
	cfg := DefaultConfig()
	cfg.Anonymous = true
	cfg.Log = slog.New(slog.DiscardHandler)
	return cfg
}

// serve starts a listener that ends with the test.
func serve(t testing.TB, b *broker.Broker, nl net.Listener, cfg Config) *world {
	w := &world{t: t, broker: b, Listener: New(cfg, b, nl), served: make(chan error, 1)}
	go func() { w.served <- w.Serve() }()
	t.Cleanup(w.shut)
	return w
}

// dial opens a connection and says nothing.
func (w *world) dial(v mqtt.Version) *mqtttest.Peer {
	w.t.Helper()
	nc, err := w.open()
	must(w.t, err)
	return mqtttest.NewPeer(w.t, nc, v)
}

// connect begins a new session, unless an option says otherwise, and is let in.
func (w *world) connect(v mqtt.Version, id string, options ...mqtttest.Option) *mqtttest.Peer {
	w.t.Helper()
	return w.dial(v).Connect(id, options...)
}

// shut closes the listener, which must end Serve and every connection, and
// forget their addresses.
func (w *world) shut() {
	w.t.Helper()
	w.shutWithin(mqtttest.Patience)
	if n := w.Stats().Connections; n != 0 {
		w.t.Errorf("%d connections are left", n)
	}
	if n := len(w.hosts.by); n != 0 && w.cfg.ConnectionRate == 0 {
		w.t.Errorf("%d addresses are still counted", n)
	}
}

// shutWithin closes the listener and waits for no client longer than d. Closing
// twice is nothing.
func (w *world) shutWithin(d time.Duration) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), d)
	defer cancel()
	w.Close(ctx)
	if w.served == nil {
		return
	}
	if err := <-w.served; err != nil {
		w.t.Errorf("Serve: %v", err)
	}
	w.served = nil
}
