package listener

import (
	"context"
	"io"
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
	w := serve(t, l, change)
	w.open = func() (net.Conn, error) { return net.Dial("tcp", l.Addr().String()) }
	return w
}

// overPipes starts a listener on pipes: no socket below, every write is as it
// is made, and it works in a bubble of virtual time.
func overPipes(t testing.TB, change func(*settings)) *world {
	t.Helper()
	l := mqtttest.NewPipes()
	w := serve(t, l, change)
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

func serve(t testing.TB, l net.Listener, change func(*settings)) *world {
	s := settings{DefaultConfig(), broker.DefaultLimits()}
	s.Anonymous = true
	s.Log = slog.New(slog.NewTextHandler(io.Discard, nil))
	if change != nil {
		change(&s)
	}
	b := broker.New(s.Limits)
	w := &world{t: t, broker: b, Listener: New(s.Config, b, l), served: make(chan error, 1)}
	go func() { w.served <- w.Serve() }()
	t.Cleanup(func() {
		w.shut()
		b.Close()
	})
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

// shut closes the listener, which must end Serve and every connection.
func (w *world) shut() {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), mqtttest.Patience)
	defer cancel()
	w.Close(ctx)
	if w.served == nil {
		return
	}
	if err := <-w.served; err != nil {
		w.t.Errorf("Serve: %v", err)
	}
	w.served = nil
	if n := w.Stats().Connections; n != 0 {
		w.t.Errorf("%d connections are left", n)
	}
}

// shutWithin closes the listener with little time for its clients.
func (w *world) shutWithin(t testing.TB, d time.Duration) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), d)
	defer cancel()
	w.Close(ctx)
	if err := <-w.served; err != nil {
		t.Errorf("Serve: %v", err)
	}
	w.served = nil
}
