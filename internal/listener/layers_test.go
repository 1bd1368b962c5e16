package listener

import (
	"io"
	"net"
	"testing"
	"time"

	"snbroker/broker"
	"snbroker/internal/mqtt"
	"snbroker/internal/mqtt/mqtttest"
)

// What the tests of TLS, WebSocket and PROXY share.

// layered serves a listener with changed settings.
func layered(t testing.TB, change func(*Config)) *Listener {
	t.Helper()
	return layeredOn(t, broker.New(broker.DefaultLimits()), change)
}

func layeredOn(t testing.TB, b *broker.Broker, change func(*Config)) *Listener {
	t.Helper()
	nl, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	cfg := anybody()
	if change != nil {
		change(&cfg)
	}
	return serve(t, b, nl, cfg).Listener
}

// talk is a peer over any net.Conn, to whom reason strings count. What a test
// reads and writes without it has a deadline, too.
func talk(t testing.TB, nc net.Conn, err error) *mqtttest.Peer {
	t.Helper()
	must(t, err)
	nc.SetDeadline(time.Now().Add(mqtttest.Patience))
	p := mqtttest.NewPeer(t, nc, mqtt.V311)
	p.Exact = true
	return p
}

func dialPlain(t testing.TB, l *Listener) *mqtttest.Peer {
	t.Helper()
	nc, err := net.Dial("tcp", l.Addr().String())
	return talk(t, nc, err)
}

// sole is the listener's side of the only client.
func sole(t testing.TB, l *Listener) *conn {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.conns) != 1 {
		t.Fatalf("%d clients", len(l.conns))
	}
	for c := range l.conns {
		return c
	}
	return nil
}

// dialLayers opens a connection to a world in a bubble, and says nothing.
func (w *world) dialLayers() *mqtttest.Peer {
	w.t.Helper()
	nc, err := w.open()
	return talk(w.t, nc, err)
}

// exchange checks that packets pass in both directions, however the client's
// octets are cut into writes.
func exchange(t *testing.T, dial func() *mqtttest.Peer) {
	for _, cut := range []int{1, 2, 3, 5, 63, 64, 65, 100, 1 << 20} {
		k := dial().Connect("exchange")
		k.Subscribe(filter("x/#", mqtt.QoS0))
		var out []byte
		var back []mqtt.Packet
		for _, size := range []int{0, 10, 55, 56, 57, 58, 59, 60, 61, 300} {
			m := pub("x/y", string(make([]byte, size)), 0, 0)
			out = append(out, mqtttest.Encode(t, k.Version, m, &mqtt.Pingreq{})...)
			back = append(back, m)
		}
		heard := make(chan struct{})
		go func() {
			defer close(heard)
			total := len(mqtttest.Encode(t, k.Version, back...)) + 2*len(back)
			if _, err := io.ReadFull(k, make([]byte, total)); err != nil {
				t.Errorf("cut %d: %v", cut, err)
			}
		}()
		for b := out; len(b) > 0; b = b[min(cut, len(b)):] {
			if _, err := k.Write(b[:min(cut, len(b))]); err != nil {
				t.Fatal(err)
			}
		}
		<-heard
		k.Close()
	}
	// Far more than any buffer holds, at once.
	k := dial().Connect("exchange")
	k.Subscribe(filter("x", mqtt.QoS0))
	big := pub("x", string(make([]byte, 700<<10)), 0, 0)
	go func() { _, _ = k.Write(mqtttest.Encode(t, k.Version, big)) }()
	k.Expect(big)
}

// staysWhileItPings checks keep-alive over layers, in a bubble: a deadline that
// passes while the client speaks changes nothing, and silence ends it.
func staysWhileItPings(t *testing.T, k *mqtttest.Peer) {
	k.Say(&mqtt.Connect{Version: k.Version, CleanStart: true, KeepAlive: 1, ClientID: []byte("pings")})
	k.Expect(&mqtt.Connack{})
	for range 6 { // the first deadline is after 1.5 s
		time.Sleep(400 * time.Millisecond)
		k.Silence()
	}
	last := time.Now()
	k.Closed()
	if silent := time.Since(last); silent != 1500*time.Millisecond {
		t.Errorf("disconnected after %v, want 1.5 s", silent)
	}
}
