// Package conformance holds tests only: what the MQTT standards demand of a
// server, statement by statement, asked of a broker and its listener from the
// outside. docs/mqtt-conformance.md says which test proves which statement.
package conformance

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"log/slog"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"snbroker/broker"
	"snbroker/internal/listener"
	"snbroker/internal/mqtt"
	"snbroker/internal/mqtt/mqtttest"
)

// proof is a statement and the story that proves it.
type proof struct {
	statement string
	story     story
}

// suite is what one test proves, of one version.
type suite struct {
	version mqtt.Version
	proofs  []proof
}

// suites holds every suite by the name of its test; the document is checked
// against it.
var suites = map[string]suite{
	"TestEncoding311":    {mqtt.V311, encoding311},
	"TestEncoding5":      {mqtt.V5, encoding5},
	"TestConnect311":     {mqtt.V311, connect311},
	"TestConnect5":       {mqtt.V5, connect5},
	"TestWill311":        {mqtt.V311, will311},
	"TestWill5":          {mqtt.V5, will5},
	"TestSession311":     {mqtt.V311, session311},
	"TestSession5":       {mqtt.V5, session5},
	"TestPublish311":     {mqtt.V311, publish311},
	"TestPublish5":       {mqtt.V5, publish5},
	"TestRetain311":      {mqtt.V311, retain311},
	"TestRetain5":        {mqtt.V5, retain5},
	"TestSubscribe311":   {mqtt.V311, subscribe311},
	"TestSubscribe5":     {mqtt.V5, subscribe5},
	"TestTopics311":      {mqtt.V311, topics311},
	"TestTopics5":        {mqtt.V5, topics5},
	"TestFlow5":          {mqtt.V5, flow5},
	"TestDisconnect5":    {mqtt.V5, disconnect5},
	"TestProperties5":    {mqtt.V5, properties5},
	"TestAliases5":       {mqtt.V5, aliases5},
	"TestShared5":        {mqtt.V5, shared5},
	"TestAuthentication": {mqtt.V5, authentication5},
}

func TestEncoding311(t *testing.T)    { prove(t) }
func TestEncoding5(t *testing.T)      { prove(t) }
func TestConnect311(t *testing.T)     { prove(t) }
func TestConnect5(t *testing.T)       { prove(t) }
func TestWill311(t *testing.T)        { prove(t) }
func TestWill5(t *testing.T)          { prove(t) }
func TestSession311(t *testing.T)     { prove(t) }
func TestSession5(t *testing.T)       { prove(t) }
func TestPublish311(t *testing.T)     { prove(t) }
func TestPublish5(t *testing.T)       { prove(t) }
func TestRetain311(t *testing.T)      { prove(t) }
func TestRetain5(t *testing.T)        { prove(t) }
func TestSubscribe311(t *testing.T)   { prove(t) }
func TestSubscribe5(t *testing.T)     { prove(t) }
func TestTopics311(t *testing.T)      { prove(t) }
func TestTopics5(t *testing.T)        { prove(t) }
func TestFlow5(t *testing.T)          { prove(t) }
func TestDisconnect5(t *testing.T)    { prove(t) }
func TestProperties5(t *testing.T)    { prove(t) }
func TestAliases5(t *testing.T)       { prove(t) }
func TestShared5(t *testing.T)        { prove(t) }
func TestAuthentication(t *testing.T) { prove(t) }

// prove tells each story of the test's suite, under the statement's number.
func prove(t *testing.T) {
	s := suites[t.Name()]
	for _, p := range s.proofs {
		t.Run(p.statement, func(t *testing.T) { p.story(t, s.version) })
	}
}

type story func(t *testing.T, v mqtt.Version)

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
			l := &pipes{coming: make(chan net.Conn), closed: make(chan struct{})}
			w := serve(t, v, l, changes)
			w.open, w.bubble = l.dial, true
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
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		w.listener.Close(ctx)
		b.Close()
		if err := <-served; err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
	return w
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

func (l *pipes) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

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

// patience is for what must come; it only ends tests that have failed.
const patience = 20 * time.Second

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// settle waits for the server to have no more than n connections, and to have
// dealt with the end of the others.
func (w *world) settle(n int) {
	w.t.Helper()
	if w.bubble {
		synctest.Wait()
	}
	for end := time.Now().Add(patience); w.listener.Stats().Connections > n; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			w.t.Fatalf("%d connections, want %d", w.listener.Stats().Connections, n)
		}
	}
}

// client is the other end of a connection.
type client struct {
	exact bool // reason strings count
	*world
	conn net.Conn
	in   []byte
	dec  mqtt.Decoder
	ack  mqtt.Connack // of connect
}

// dial opens a connection and says nothing.
func (w *world) dial() *client {
	w.t.Helper()
	nc, err := w.open()
	must(w.t, err)
	w.t.Cleanup(func() { nc.Close() })
	return &client{world: w, conn: nc, dec: mqtt.Decoder{Version: w.v, From: mqtt.FromServer}}
}

type option func(*mqtt.Connect)

// connect begins a new session, unless an option says otherwise, and is let in.
func (w *world) connect(id string, options ...option) *client {
	w.t.Helper()
	c := w.dial()
	c.say(c.hello(id, options...))
	c.welcome()
	return c
}

func (c *client) hello(id string, options ...option) *mqtt.Connect {
	p := &mqtt.Connect{Version: c.v, CleanStart: true, ClientID: []byte(id)}
	for _, change := range options {
		change(p)
	}
	return p
}

func (c *client) welcome() {
	c.t.Helper()
	ack, ok := c.next().(*mqtt.Connack)
	if !ok || ack.ReasonCode != mqtt.ReasonSuccess {
		c.t.Fatalf("CONNECT was answered by %+v", ack)
	}
	c.ack = *ack
	c.ack.Properties.AssignedClientID = bytes.Clone(ack.Properties.AssignedClientID)
	c.ack.Properties.AuthMethod = bytes.Clone(ack.Properties.AuthMethod)
}

// lasting gives a session that outlives its connection, and goes on with an
// earlier one.
func lasting(p *mqtt.Connect) {
	p.CleanStart = false
	p.Properties.SessionExpiry, p.Properties.HasSessionExpiry = 3600, true
}

// anew is lasting, from the beginning. Before MQTT 5 a session that begins
// clean does not last, so there the client must not have had one.
func anew(p *mqtt.Connect) {
	lasting(p)
	p.CleanStart = p.Version == mqtt.V5
}

// send writes octets. A server that has closed is not an error: what it said
// before is still to be read.
func (c *client) send(b []byte) {
	c.t.Helper()
	c.conn.SetWriteDeadline(time.Now().Add(patience))
	if _, err := c.conn.Write(b); errors.Is(err, os.ErrDeadlineExceeded) {
		c.t.Fatal("the server does not read")
	}
}

// hex sends octets as unhex reads them.
func (c *client) hex(s string) {
	c.t.Helper()
	c.send(unhex(c.t, s))
}

// say sends packets in one write.
func (c *client) say(packets ...mqtt.Packet) {
	c.t.Helper()
	var b []byte
	for _, p := range packets {
		var err error
		b, err = p.AppendTo(b, c.v)
		must(c.t, err)
	}
	c.send(b)
}

// frame returns the next packet's octets; nil at the connection's end.
func (c *client) frame() []byte {
	c.t.Helper()
	c.conn.SetReadDeadline(time.Now().Add(patience))
	for {
		n, err := mqtt.PeekFrame(c.in, mqtt.MaxRemainingLength)
		must(c.t, err)
		if n > 0 && len(c.in) >= n {
			out := c.in[:n:n]
			c.in = c.in[n:]
			return out
		}
		more := make([]byte, 16<<10)
		got, err := c.conn.Read(more)
		c.in = append(c.in, more[:got]...)
		switch {
		case got > 0:
		case errors.Is(err, os.ErrDeadlineExceeded):
			c.t.Fatalf("nothing came; %x is there", c.in)
		case err != nil:
			if len(c.in) > 0 {
				c.t.Fatalf("the connection ended within a packet: %x", c.in)
			}
			return nil
		}
	}
}

// next returns the next packet; nil at the connection's end.
func (c *client) next() mqtt.Packet {
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

// message returns the next packet, which must be a PUBLISH, to be kept.
func (c *client) message() *mqtt.Publish {
	c.t.Helper()
	p, ok := c.next().(*mqtt.Publish)
	if !ok {
		c.t.Fatalf("heard %+v, want a PUBLISH", p)
	}
	out := *p
	out.Topic, out.Payload = bytes.Clone(p.Topic), bytes.Clone(p.Payload)
	out.Properties.SubscriptionIDs = append([]uint32(nil), p.Properties.SubscriptionIDs...)
	out.Properties.Forward = bytes.Clone(p.Properties.Forward)
	return &out
}

// expect wants these packets next, to the octet.
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

// expectHex wants these octets next.
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

// closed wants the connection's end, and nothing before it.
func (c *client) closed() {
	c.t.Helper()
	if got := c.frame(); got != nil {
		c.t.Fatalf("heard %s, want the connection's end", mqtt.Describe(got, c.v))
	}
}

// ended wants the connection's end for a reason, which only MQTT 5 tells.
func (c *client) ended(why mqtt.ReasonCode) {
	c.t.Helper()
	if c.v == mqtt.V5 {
		c.expect(&mqtt.Disconnect{ReasonCode: why})
	}
	c.closed()
}

// silence wants nothing to be on its way. What was ready before the first
// PINGRESP was written is there before the second.
func (c *client) silence() {
	c.t.Helper()
	for range 2 {
		c.say(&mqtt.Pingreq{})
		c.expect(&mqtt.Pingresp{})
	}
}

// leave ends the connection as a client should, drop as one should not. Both
// return when the server has done what follows.
func (c *client) leave() {
	c.t.Helper()
	n := c.listener.Stats().Connections
	c.say(&mqtt.Disconnect{})
	c.closed()
	c.settle(n - 1)
}

func (c *client) drop() {
	c.t.Helper()
	n := c.listener.Stats().Connections
	c.conn.Close()
	c.settle(n - 1)
}

func filter(topic string, qos mqtt.QoS) mqtt.Filter {
	return mqtt.Filter{TopicFilter: []byte(topic), QoS: qos}
}

// subscribe subscribes and is granted what it asks for.
func (c *client) subscribe(filters ...mqtt.Filter) {
	c.t.Helper()
	ack := &mqtt.Suback{PacketID: 500}
	for _, f := range filters {
		ack.ReasonCodes = append(ack.ReasonCodes, mqtt.ReasonCode(f.QoS))
	}
	c.say(&mqtt.Subscribe{PacketID: 500, Filters: filters})
	c.expect(ack)
}

// identified subscribes with an identifier.
func (c *client) identified(id uint32, f mqtt.Filter) {
	c.t.Helper()
	c.say(&mqtt.Subscribe{PacketID: 502, Filters: []mqtt.Filter{f}, Properties: mqtt.SubscribeProperties{SubscriptionID: id}})
	c.expect(&mqtt.Suback{PacketID: 502, ReasonCodes: []mqtt.ReasonCode{mqtt.ReasonCode(f.QoS)}})
}

func (c *client) unsubscribe(filter string) {
	c.t.Helper()
	c.say(&mqtt.Unsubscribe{PacketID: 501, Filters: [][]byte{[]byte(filter)}})
	c.expect(&mqtt.Unsuback{PacketID: 501, ReasonCodes: []mqtt.ReasonCode{mqtt.ReasonSuccess}})
}

func pub(topic, payload string, qos mqtt.QoS, id uint16) *mqtt.Publish {
	return &mqtt.Publish{Topic: []byte(topic), Payload: []byte(payload), QoS: qos, PacketID: id}
}

// kept is pub with RETAIN.
func kept(topic, payload string, qos mqtt.QoS, id uint16) *mqtt.Publish {
	p := pub(topic, payload, qos, id)
	p.Retain = true
	return p
}

// again is pub with DUP.
func again(topic, payload string, qos mqtt.QoS, id uint16) *mqtt.Publish {
	p := pub(topic, payload, qos, id)
	p.Dup = true
	return p
}

// publish publishes, to the end of what its QoS demands; the message is then
// where it belongs.
func (c *client) publish(p *mqtt.Publish) {
	c.t.Helper()
	c.say(p)
	switch p.QoS {
	case mqtt.QoS0:
		c.silence()
	case mqtt.QoS1:
		if ack, ok := c.next().(*mqtt.Puback); !ok || ack.PacketID != p.PacketID || ack.ReasonCode.IsError() {
			c.t.Fatalf("PUBLISH was answered by %+v", ack)
		}
	case mqtt.QoS2:
		if ack, ok := c.next().(*mqtt.Pubrec); !ok || ack.PacketID != p.PacketID || ack.ReasonCode.IsError() {
			c.t.Fatalf("PUBLISH was answered by %+v", ack)
		}
		c.say(&mqtt.Pubrel{PacketID: p.PacketID})
		c.expect(&mqtt.Pubcomp{PacketID: p.PacketID})
	}
}

// only5 is a reason in MQTT 5, and before it success: nothing else can be said.
func (w *world) only5(r mqtt.ReasonCode) mqtt.ReasonCode {
	if w.v == mqtt.V5 {
		return r
	}
	return mqtt.ReasonSuccess
}

// unhex reads octets: hex digits, text between single quotes, and brackets
// around what the octet in place of the first one counts.
func unhex(t testing.TB, s string) []byte {
	t.Helper()
	var b []byte
	var counts []int
	for len(s) > 0 {
		switch {
		case s[0] == ' ':
			s = s[1:]
		case s[0] == '\'':
			text, rest, ok := strings.Cut(s[1:], "'")
			if !ok {
				t.Fatalf("no end of the text %q", s)
			}
			b, s = append(b, text...), rest
		case s[0] == '[':
			counts = append(counts, len(b))
			b, s = append(b, 0), s[1:]
		case s[0] == ']':
			at := counts[len(counts)-1]
			counts = counts[:len(counts)-1]
			n := len(b) - at - 1
			if n > 127 {
				t.Fatal("more than an octet can count")
			}
			b[at], s = byte(n), s[1:]
		default:
			octet, err := hex.DecodeString(s[:2])
			must(t, err)
			b, s = append(b, octet...), s[2:]
		}
	}
	return b
}
