package listener

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"testing"
	"time"

	"snbroker/broker"
	"snbroker/internal/mqtt"
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
	if err != nil {
		t.Fatal(err)
	}
	cfg := DefaultConfig()
	cfg.Anonymous = true
	cfg.Log = slog.New(slog.DiscardHandler)
	if change != nil {
		change(&cfg)
	}
	l := New(cfg, b, nl)
	served := make(chan error)
	go func() { served <- l.Serve() }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		l.Close(ctx)
		if err := <-served; err != nil {
			t.Error(err)
		}
		if n := l.Stats().Connections; n != 0 {
			t.Errorf("%d connections after Close", n)
		}
		if len(l.hosts.by) != 0 && l.cfg.ConnectionRate == 0 {
			t.Errorf("%d addresses are still counted", len(l.hosts.by))
		}
	})
	return l
}

// talker is a client over any net.Conn.
type talker struct {
	t testing.TB
	net.Conn
	version mqtt.Version
}

func talk(t testing.TB, nc net.Conn, err error) *talker {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { nc.Close() })
	nc.SetDeadline(time.Now().Add(20 * time.Second))
	return &talker{t, nc, mqtt.V311}
}

func dialPlain(t testing.TB, l *Listener) *talker {
	t.Helper()
	nc, err := net.Dial("tcp", l.Addr().String())
	return talk(t, nc, err)
}

type encoder interface {
	AppendTo([]byte, mqtt.Version) ([]byte, error)
}

func encoded(t testing.TB, v mqtt.Version, packets ...encoder) (b []byte) {
	t.Helper()
	for _, p := range packets {
		var err error
		if b, err = p.AppendTo(b, v); err != nil {
			t.Fatal(err)
		}
	}
	return b
}

func (k *talker) say(packets ...encoder) {
	k.t.Helper()
	if _, err := k.Write(encoded(k.t, k.version, packets...)); err != nil {
		k.t.Fatal(err)
	}
}

// hear waits for exactly these packets.
func (k *talker) hear(packets ...encoder) {
	k.t.Helper()
	want := encoded(k.t, k.version, packets...)
	got := make([]byte, len(want))
	if n, err := io.ReadFull(k, got); err != nil || string(got) != string(want) {
		k.t.Fatalf("heard % x, %v; want % x", got[:n], err, want)
	}
}

// connect connects with 3.1.1, which answers with four octets.
func (k *talker) connect(id string) *talker {
	k.t.Helper()
	k.say(&mqtt.Connect{Version: k.version, CleanStart: true, ClientID: []byte(id)})
	k.hear(&mqtt.Connack{})
	return k
}

func (k *talker) ping() {
	k.t.Helper()
	k.say(&mqtt.Pingreq{})
	k.hear(&mqtt.Pingresp{})
}

func (k *talker) subscribe(filter string, qos mqtt.QoS) {
	k.t.Helper()
	k.say(&mqtt.Subscribe{PacketID: 1, Filters: []mqtt.Filter{{TopicFilter: []byte(filter), QoS: qos}}})
	k.hear(&mqtt.Suback{PacketID: 1, ReasonCodes: []mqtt.ReasonCode{mqtt.ReasonCode(qos)}})
}

// refused waits for the end of the connection, without an octet before it.
func (k *talker) refused() {
	k.t.Helper()
	b := make([]byte, 64)
	n, err := k.Read(b)
	var late net.Error
	if n > 0 || err == nil || errors.As(err, &late) && late.Timeout() {
		k.t.Fatalf("heard % x, %v; want the end", b[:n], err)
	}
}

func message(topic, payload string) *mqtt.Publish {
	return &mqtt.Publish{Topic: []byte(topic), Payload: []byte(payload)}
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

// eventually waits for what another goroutine is about to do.
func eventually(t testing.TB, what string, done func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !done(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("not in time: ", what)
		}
	}
}

// exchange checks that packets pass in both directions, however the client's
// octets are cut into writes.
func exchange(t *testing.T, dial func() *talker) {
	for _, cut := range []int{1, 2, 3, 5, 63, 64, 65, 100, 1 << 20} {
		k := dial().connect("exchange")
		k.subscribe("x/#", mqtt.QoS0)
		var out []byte
		var back []encoder
		for _, size := range []int{0, 10, 55, 56, 57, 58, 59, 60, 61, 300} {
			m := message("x/y", string(make([]byte, size)))
			out = append(out, encoded(t, k.version, m, &mqtt.Pingreq{})...)
			back = append(back, m)
		}
		heard := make(chan struct{})
		go func() {
			defer close(heard)
			total := len(encoded(t, k.version, back...)) + 2*len(back)
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
	k := dial().connect("exchange")
	k.subscribe("x", mqtt.QoS0)
	big := message("x", string(make([]byte, 700<<10)))
	go func() { _, _ = k.Write(encoded(t, k.version, big)) }()
	k.hear(big)
}

// staysWhileItPings checks keep-alive over layers: a deadline that passes while
// the client speaks changes nothing, and silence ends it.
func staysWhileItPings(t *testing.T, k *talker) {
	k.say(&mqtt.Connect{Version: k.version, CleanStart: true, KeepAlive: 1, ClientID: []byte("pings")})
	k.hear(&mqtt.Connack{})
	every := time.NewTicker(400 * time.Millisecond)
	defer every.Stop()
	for range 6 { // the first deadline is after 1.5 s
		<-every.C
		k.ping()
	}
	last := time.Now()
	k.refused()
	if silent := time.Since(last); silent < 1400*time.Millisecond {
		t.Errorf("disconnected after %v", silent)
	}
}
