package serial

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"snbroker/broker"
	"snbroker/gateway"
	"snbroker/mqttsn"
	"snbroker/mqttsn/client"
	"snbroker/transport"
	"snbroker/transport/serial/framing"
	"snbroker/transport/transporttest"
	"snbroker/transport/udp"
)

// world is the gateway and the broker, and whatever links a test gives them.
type world struct{ *gateway.Gateway }

func newWorld(t testing.TB) *world {
	t.Helper()
	b := broker.New(broker.DefaultLimits())
	cfg := gateway.DefaultConfig()
	cfg.Log = quietly
	w := &world{gateway.New(cfg, gateway.NewEmbedded(b))}
	w.Start()
	t.Cleanup(func() {
		w.Close()
		b.Close()
	})
	return w
}

// serve gives the gateway a link until the test ends.
func (w *world) serve(t testing.TB, l transport.Link) {
	t.Helper()
	w.serveWith(t, l, gateway.LinkOptions{Anonymous: true, QoSMinusOne: true})
}

func (w *world) serveWith(t testing.TB, l transport.Link, o gateway.LinkOptions) {
	t.Helper()
	var served sync.WaitGroup
	served.Go(func() {
		if err := w.Serve(l, o); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(func() {
		l.Close()
		served.Wait()
	})
}

func withTimeout(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// connected is a device that has connected over a line.
func connected(t testing.TB, cfg Config, node string, c client.Config) *client.Conn {
	t.Helper()
	nc, err := Dial(withTimeout(t), cfg, []byte(node))
	if err != nil {
		t.Fatal(err)
	}
	c.CleanSession, c.KeepAlive = true, time.Minute
	conn, err := client.NewConn(withTimeout(t), nc, c)
	if err != nil {
		t.Fatalf("%v (%v)", err, nc.Err())
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		conn.Close(ctx)
	})
	return conn
}

// elsewhere is a device on another link.
func (w *world) elsewhere(t testing.TB) *client.Conn {
	t.Helper()
	l, err := udp.Listen(udp.Config{Address: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	w.serve(t, l)
	conn, err := client.Dial(withTimeout(t), "udp", l.LocalAddr().String(), client.Config{ClientID: "elsewhere", CleanSession: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(withTimeout(t)) })
	return conn
}

// own is the n-th device's address or node id.
func own(framing string, n int) string {
	switch framing {
	case "xbee", "radiohead":
		return addresses[framing](n)
	case "loralink":
		return string([]byte{byte(n + 1)})
	case "aquila":
		return string([]byte{byte(n), 0})
	case "slip-ip":
		return string([]byte{192, 168, 190, byte(n + 2)})
	}
	return ""
}

// A device on each framing connects, subscribes, sleeps, wakes, and gets what
// came meanwhile; over terminals that socat joins.
func TestSleepOnEveryFraming(t *testing.T) {
	for _, name := range framing.Names() {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			line := transporttest.NewSocat(t)
			w.serve(t, opened(t, onDevice(name, line.Gateway)))
			got := make(chan string, 10)
			d := connected(t, onDevice(name, line.Device), own(name, 3), client.Config{ClientID: "sleeper"})
			ctx := withTimeout(t)
			if _, err := d.Subscribe(ctx, client.Named("to/it"), mqttsn.QoS1, func(m *client.Message) { got <- string(m.Payload) }); err != nil {
				t.Fatal(err)
			}
			if err := d.Sleep(ctx, time.Minute); err != nil {
				t.Fatal(err)
			}
			p := w.elsewhere(t)
			for i := range 3 {
				if err := p.Publish(ctx, client.Named("to/it"), fmt.Appendf(nil, "%d\xc0\xdb\x7e\x7d\x10\x00", i), mqttsn.QoS1, false); err != nil {
					t.Fatal(err)
				}
			}
			if len(got) > 0 {
				t.Error("it was woken")
			}
			if err := d.Wake(ctx); err != nil {
				t.Fatal(err)
			}
			for i := range 3 {
				if s := <-got; s[0] != byte('0'+i) {
					t.Errorf("message %d is %q", i, s)
				}
			}
		})
	}
}

// An adapter that is unplugged and comes back finds the sessions as they were.
func TestUnplugAndReplug(t *testing.T) {
	w := newWorld(t)
	line := transporttest.NewSocat(t)
	l := opened(t, onDevice("hdlc", line.Gateway))
	w.serve(t, l)
	var nc *Conn
	ask := func(m mqttsn.Message) mqttsn.Message {
		t.Helper()
		b, err := m.AppendBinary(nil)
		if err != nil {
			t.Fatal(err)
		}
		in := make([]byte, 100)
		for range 50 { // as a device asks again, should the line not be there yet
			if _, err := nc.Write(b); err != nil {
				t.Fatal(err)
			}
			nc.SetReadDeadline(time.Now().Add(200 * time.Millisecond))
			if n, err := nc.Read(in); err == nil {
				answer, err := new(mqttsn.Decoder).Decode(in[:n])
				if err != nil {
					t.Fatal(err)
				}
				return answer
			}
		}
		t.Fatalf("no answer to %v", m.Type())
		return nil
	}
	for round := range 4 {
		var err error
		if nc, err = Dial(withTimeout(t), onDevice("hdlc", line.Device), nil); err != nil {
			t.Fatal(err)
		}
		if round == 0 {
			if a, ok := ask(&mqttsn.Connect{CleanSession: true, ProtocolID: mqttsn.ProtocolID, Duration: 60, ClientID: []byte("d")}).(*mqttsn.ConnAck); !ok || a.ReturnCode != mqttsn.ReturnAccepted {
				t.Fatalf("got %v", a)
			}
		}
		// No CONNECT after that: the gateway would answer a stranger with DISCONNECT.
		r := ask(&mqttsn.Register{MsgID: mqttsn.MsgID(round + 1), TopicName: []byte("a/b")})
		if a, ok := r.(*mqttsn.RegAck); !ok || a.ReturnCode != mqttsn.ReturnAccepted {
			t.Fatalf("round %d: got %v", round, r.Type())
		}
		line.Unplug()
		nc.Close()
		line.Plug()
	}
	if n := l.LineStats().Reopened; n < 3 {
		t.Errorf("opened again %d times", n)
	}
}

// Thirty-two nodes on one line, each with an address of its own, or a node id
// behind a forwarder, each sending to the next.
func TestManyNodesOnOneLine(t *testing.T) {
	for _, name := range []string{"hdlc", "radiohead", "xbee"} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			far, path := pty(t)
			w.serve(t, opened(t, onDevice(name, path)))
			b := newBus(t, far, name)
			const nodes, messages = 32, 5
			ctx := withTimeout(t)
			var devices [nodes]*client.Conn
			got := make([]chan string, nodes)
			for n := range nodes {
				address := own(name, n)
				if name == "hdlc" {
					address = string([]byte{0xA0, byte(n)})
				}
				cfg := onDevice(name, "bus")
				cfg.OpenPort = func(context.Context) (Port, error) { return b.tap(), nil }
				devices[n] = connected(t, cfg, address, client.Config{ClientID: fmt.Sprint("node-", n)})
				got[n] = make(chan string, 2*messages)
				if _, err := devices[n].Subscribe(ctx, client.Named(fmt.Sprint("to/", n)), mqttsn.QoS1, func(m *client.Message) {
					got[n] <- string(m.Payload)
				}); err != nil {
					t.Fatal(err)
				}
			}
			var all sync.WaitGroup
			for n, d := range devices {
				all.Go(func() {
					for i := range messages {
						if err := d.Publish(ctx, client.Named(fmt.Sprint("to/", (n+1)%nodes)), fmt.Append(nil, n, i), mqttsn.QoS1, false); err != nil {
							t.Error(err)
							return
						}
					}
					for i := range messages {
						if s, want := <-got[n], fmt.Sprint((n+nodes-1)%nodes, i); s != want {
							t.Errorf("node %d got %q, want %q", n, s, want)
						}
					}
				})
			}
			all.Wait()
		})
	}
}
