package conformance

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"testing"
	"testing/synctest"

	"snbroker/broker"
	"snbroker/internal/listener"
	"snbroker/internal/mqtt"
	"snbroker/internal/mqtt/mqtttest"
)

// settings are what a story may change.
type settings struct {
	listener.Config
	broker.Limits
	authorizer broker.Authorizer
	t          *testing.T
}

// overTCP tells a story to a server with a socket.
func overTCP(tell func(w *world), changes ...func(*settings)) story {
	return func(t *testing.T, v mqtt.Version) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		must(t, err)
		w := serve(t, v, l, changes)
		w.open = func() (net.Conn, error) { return net.Dial("tcp", l.Addr().String()) }
		tell(w)
	}
}

// inBubble tells a story in virtual time, over pipes instead of sockets. There
// it is certain when nothing more will come.
func inBubble(tell func(w *world), changes ...func(*settings)) story {
	return func(t *testing.T, v mqtt.Version) {
		synctest.Test(t, func(t *testing.T) {
			l := mqtttest.NewPipes()
			w := serve(t, v, l, changes)
			w.open, w.bubble = l.Dial, true
			tell(w)
		})
	}
}

// both tells several stories for one statement.
func both(stories ...story) story {
	return func(t *testing.T, v mqtt.Version) {
		for _, s := range stories {
			s(t, v)
		}
	}
}

// world is a server and the version that its clients speak.
type world struct {
	t        *testing.T
	v        mqtt.Version
	broker   *broker.Broker
	listener *listener.Listener
	open     func() (net.Conn, error)
	bubble   bool
}

func serve(t *testing.T, v mqtt.Version, l net.Listener, changes []func(*settings)) *world {
	s := settings{Config: listener.DefaultConfig(), Limits: broker.DefaultLimits(), t: t}
	s.Anonymous = true
	s.Log = slog.New(slog.DiscardHandler)
	for _, change := range changes {
		change(&s)
	}
	b := broker.New(s.Limits)
	if s.authorizer != nil {
		b.Authorize(s.authorizer)
	}
	w := &world{t: t, v: v, broker: b, listener: listener.New(s.Config, b, l)}
	served := make(chan error, 1)
	go func() { served <- w.listener.Serve() }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), mqtttest.Patience)
		defer cancel()
		w.listener.Close(ctx)
		b.Close()
		if err := <-served; err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
	return w
}

// settle waits for the server to have no more than n connections, and to have
// dealt with the end of the others.
func (w *world) settle(n int) {
	w.t.Helper()
	if w.bubble {
		synctest.Wait()
	}
	mqtttest.Until(w.t, fmt.Sprintf("no more than %d connections", n), func() bool { return w.listener.Stats().Connections <= n })
}

// only5 is a reason in MQTT 5, and before it success: nothing else can be said.
func (w *world) only5(r mqtt.ReasonCode) mqtt.ReasonCode {
	if w.v == mqtt.V5 {
		return r
	}
	return mqtt.ReasonSuccess
}
