package listener

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"io"
	"log/slog"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"snbroker/broker"
	"snbroker/internal/mqtt"
	"snbroker/internal/mqtt/mqtttest"
)

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
	l := &pipes{coming: make(chan net.Conn), closed: make(chan struct{})}
	w := serve(t, l, change)
	w.open = l.dial
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

// shut closes the listener, which must end Serve and every connection.
func (w *world) shut() {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
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

// pipes is a net.Listener of net.Pipe.
type pipes struct {
	coming chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func (l *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-l.coming:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}
func (l *pipes) Close() error   { l.once.Do(func() { close(l.closed) }); return nil }
func (l *pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipe", Net: "pipe"} }
func (l *pipes) dial() (net.Conn, error) {
	ours, theirs := net.Pipe()
	select {
	case l.coming <- theirs:
		return ours, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

// patience is for what must come: it only ends tests that have failed.
const patience = 20 * time.Second

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// until waits for what the listener does on its own.
func until(t testing.TB, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !is(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not in time: %s", what)
		}
	}
}

// client is the other end of a connection.
type client struct {
	exact bool // reason strings count
	t     testing.TB
	net.Conn
	v   mqtt.Version
	in  []byte
	ack mqtt.Connack // of connect
	dec mqtt.Decoder
}

// dial opens a connection and sends nothing.
func (w *world) dial(v mqtt.Version) *client {
	w.t.Helper()
	nc, err := w.open()
	must(w.t, err)
	c := &client{t: w.t, Conn: nc, v: v, dec: mqtt.Decoder{Version: v, From: mqtt.FromServer}}
	w.t.Cleanup(func() { nc.Close() })
	return c
}

// connect opens a session with a clean start, unless change says otherwise,
// and is let in.
func (w *world) connect(v mqtt.Version, id string, change func(*mqtt.Connect)) *client {
	w.t.Helper()
	c := w.dial(v)
	p := &mqtt.Connect{Version: v, CleanStart: true, ClientID: []byte(id)}
	if change != nil {
		change(p)
	}
	c.send(p)
	ack, ok := c.hear().(*mqtt.Connack)
	if !ok || ack.ReasonCode != mqtt.ReasonSuccess {
		w.t.Fatalf("%s was answered by %+v", id, ack)
	}
	c.ack = *ack
	c.ack.Properties.AssignedClientID = bytes.Clone(ack.Properties.AssignedClientID)
	return c
}

// resume has a session outlive its connection.
func resume(p *mqtt.Connect) {
	p.CleanStart = false
	p.Properties.SessionExpiry, p.Properties.HasSessionExpiry = 3600, true
}

func (c *client) sendRaw(b []byte) {
	c.t.Helper()
	c.SetWriteDeadline(time.Now().Add(patience))
	if _, err := c.Write(b); errors.Is(err, os.ErrDeadlineExceeded) {
		c.t.Fatal("the listener does not read") // other errors: it has closed
	}
}

func (c *client) sendHex(s string) {
	c.t.Helper()
	c.sendRaw(unhex(c.t, s))
}

// send sends packets in one write.
func (c *client) send(packets ...mqtt.Packet) {
	c.t.Helper()
	var b []byte
	for _, p := range packets {
		var err error
		b, err = p.AppendTo(b, c.v)
		must(c.t, err)
	}
	c.sendRaw(b)
}

// frame returns the next packet's octets; nil if the connection was closed.
func (c *client) frame() []byte {
	c.t.Helper()
	c.SetReadDeadline(time.Now().Add(patience))
	for {
		n, err := mqtt.PeekFrame(c.in, mqtt.MaxRemainingLength)
		must(c.t, err)
		if n > 0 && len(c.in) >= n {
			out := c.in[:n:n]
			c.in = c.in[n:]
			return out
		}
		more := make([]byte, 64<<10)
		got, err := c.Read(more)
		c.in = append(c.in, more[:got]...)
		if errors.Is(err, os.ErrDeadlineExceeded) {
			c.t.Fatalf("nothing came; %x is there", c.in)
		}
		if err != nil {
			if len(c.in) > 0 {
				continue
			}
			return nil
		}
	}
}

// hear returns the next packet; nil if the connection was closed.
func (c *client) hear() mqtt.Packet {
	c.t.Helper()
	b := c.frame()
	if b == nil {
		return nil
	}
	p, err := c.dec.Decode(b)
	if err != nil {
		c.t.Fatalf("heard %x: %v", b, err)
	}
	return p
}

// expect checks that the next packets are these, to the octet.
func (c *client) expect(want ...mqtt.Packet) {
	c.t.Helper()
	for _, p := range want {
		b, err := p.AppendTo(nil, c.v)
		must(c.t, err)
		if got := c.seen(); !bytes.Equal(got, b) {
			c.t.Fatalf("heard %s\nwant  %s", mqtt.Describe(got, c.v), mqtt.Describe(b, c.v))
		}
	}
}

// seen returns the next packet, without its reason string unless the client is
// exact.
func (c *client) seen() []byte {
	c.t.Helper()
	frame := c.frame()
	if c.exact || frame == nil {
		return frame
	}
	return mqtttest.Bare(frame, max(c.v, mqtt.V311))
}

func (c *client) expectHex(s string) {
	c.t.Helper()
	want := unhex(c.t, s)
	for len(want) > 0 {
		got := c.seen()
		if len(got) == 0 || !bytes.HasPrefix(want, got) {
			c.t.Fatalf("heard %x (%s)\nwant  %x", got, mqtt.Describe(got, c.v), want)
		}
		want = want[len(got):]
	}
}

func (c *client) expectClosed() {
	c.t.Helper()
	if got := c.frame(); got != nil {
		c.t.Fatalf("heard %s, want the end of the connection", mqtt.Describe(got, c.v))
	}
}

// expectNothing checks that nothing is on its way: what had to come would come
// before the answer to a PINGREQ.
func (c *client) expectNothing() {
	c.t.Helper()
	c.send(&mqtt.Pingreq{})
	c.expect(&mqtt.Pingresp{})
}

// subscribe subscribes and is granted it.
func (c *client) subscribe(filters ...mqtt.Filter) {
	c.t.Helper()
	s := &mqtt.Subscribe{PacketID: 9999, Filters: filters}
	ack := &mqtt.Suback{PacketID: 9999}
	for _, f := range filters {
		ack.ReasonCodes = append(ack.ReasonCodes, mqtt.ReasonCode(f.QoS))
	}
	c.send(s)
	c.expect(ack)
}

func filter(topic string, qos mqtt.QoS) mqtt.Filter {
	return mqtt.Filter{TopicFilter: []byte(topic), QoS: qos}
}

func pub(topic, payload string, qos mqtt.QoS, id uint16) *mqtt.Publish {
	return &mqtt.Publish{Topic: []byte(topic), Payload: []byte(payload), QoS: qos, PacketID: id}
}

// publish publishes and waits until the broker has it: QoS 2 to the end.
func (c *client) publish(p *mqtt.Publish) {
	c.t.Helper()
	c.send(p)
	switch p.QoS {
	case mqtt.QoS0:
		c.expectNothing()
	case mqtt.QoS1:
		if ack, ok := c.hear().(*mqtt.Puback); !ok || ack.PacketID != p.PacketID || ack.ReasonCode.IsError() {
			c.t.Fatalf("PUBLISH was answered by %+v", ack)
		}
	case mqtt.QoS2:
		if ack, ok := c.hear().(*mqtt.Pubrec); !ok || ack.PacketID != p.PacketID || ack.ReasonCode.IsError() {
			c.t.Fatalf("PUBLISH was answered by %+v", ack)
		}
		c.send(&mqtt.Pubrel{PacketID: p.PacketID})
		c.expect(&mqtt.Pubcomp{PacketID: p.PacketID})
	}
}

// unhex reads octets as the tables write them: hex digits, text between single
// quotes, and brackets around what the octet in their place counts.
func unhex(t testing.TB, s string) []byte {
	t.Helper()
	var b []byte
	var open []int
	for i, part := range strings.Split(s, "'") {
		if i%2 == 1 {
			b = append(b, part...)
			continue
		}
		for _, word := range strings.Fields(strings.NewReplacer("[", " [ ", "]", " ] ").Replace(part)) {
			switch word {
			case "[":
				open = append(open, len(b))
				b = append(b, 0)
			case "]":
				at := open[len(open)-1]
				open = open[:len(open)-1]
				b[at] = byte(len(b) - at - 1)
			default:
				x, err := hex.DecodeString(word)
				must(t, err)
				b = append(b, x...)
			}
		}
	}
	return b
}

var versions = []mqtt.Version{mqtt.V31, mqtt.V311, mqtt.V5}

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

// connGoroutines returns the goroutines of connections that do not end by
// themselves in a moment.
func connGoroutines() (left []string) {
	for wait := time.Millisecond; wait < 4*time.Second; wait *= 2 {
		left = left[:0]
		for _, g := range inOurCode() {
			if strings.Contains(g, "listener.(*conn)") {
				left = append(left, g)
			}
		}
		if len(left) == 0 {
			break
		}
		time.Sleep(wait)
	}
	return left
}
