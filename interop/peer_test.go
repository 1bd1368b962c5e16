package interop

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"
)

// flavour is a way in: somebody's client with a version of the protocol, over
// TCP or WebSocket.
type flavour struct {
	driver  string
	version int
	scheme  string
}

var versions = map[int]string{3: "3.1", 4: "3.1.1", 5: "5"}

func (f flavour) String() string { return f.driver + "-" + versions[f.version] + "-" + f.scheme }

var flavours = []flavour{
	{"python", 3, "tcp"}, {"python", 4, "tcp"}, {"python", 5, "tcp"},
	{"node", 3, "tcp"}, {"node", 4, "tcp"}, {"node", 5, "tcp"}, {"node", 4, "ws"}, {"node", 5, "ws"},
	{"paho3", 3, "tcp"}, {"paho3", 4, "tcp"}, {"paho3", 4, "ws"},
	{"paho5", 5, "tcp"}, {"paho5", 5, "ws"},
}

// of5 is the ones with MQTT 5.
func of5() (some []flavour) {
	for _, f := range flavours {
		if f.version == 5 {
			some = append(some, f)
		}
	}
	return some
}

// peer is a client in a driver.
type peer struct {
	t      *testing.T
	driver *driver
	flavour
	name   string
	was    answer // to CONNECT
	events chan event
	gone   bool
}

var named atomic.Int64

// newID makes a ClientID that is short enough for MQTT 3.1.
func newID() string { return fmt.Sprintf("id%d", named.Add(1)) }

func timeout() <-chan time.Time { return time.After(patience) }

// connect connects a client. The zero connecting is a clean session with a name
// of its own.
func (f flavour) connect(t *testing.T, c connecting) *peer {
	t.Helper()
	if c.ClientID == "" {
		c.ClientID, c.Clean = newID(), true
	}
	return f.connectTo(t, shared(t, f.driver), c)
}

func (f flavour) connectTo(t *testing.T, d *driver, c connecting) *peer {
	t.Helper()
	c.Version, c.URL = f.version, "tcp://"+server(t).tcp
	if f.scheme == "ws" {
		c.URL = "ws://" + server(t).ws + "/mqtt"
	}
	if c.KeepAlive == 0 {
		c.KeepAlive = 60
	}
	p := &peer{t: t, driver: d, flavour: f, name: newID(), events: make(chan event, 10000)}
	d.mu.Lock()
	d.peers[p.name] = p
	d.mu.Unlock()
	var err error
	if p.was, err = p.ask(request{Do: "connect", connecting: c}); err != nil || p.was.Code != 0 {
		t.Fatalf("%v: connect: code %d, %v", f, p.was.Code, err)
	}
	t.Cleanup(func() {
		if !p.gone {
			p.disconnect()
		}
	})
	return p
}

func (p *peer) ask(r request) (answer, error) {
	r.Client = p.name
	return p.driver.ask(r)
}

// must asks for what cannot fail, and returns the reason code.
func (p *peer) must(r request) int {
	p.t.Helper()
	a, err := p.ask(r)
	if err != nil {
		p.t.Errorf("%v: %s: %v", p.flavour, r.Do, err)
	}
	return a.Code
}

func (p *peer) disconnect() {
	p.t.Helper()
	p.gone = true
	p.must(request{Do: "disconnect"})
}

// drop ends the connection without a DISCONNECT.
func (p *peer) drop() {
	p.t.Helper()
	p.gone = true
	p.must(request{Do: "drop"})
}

func (p *peer) subscribe(filter string, qos byte) {
	p.t.Helper()
	p.subscribeWith(subscription{Filter: filter, QoS: qos})
}

func (p *peer) subscribeWith(s subscription) {
	p.t.Helper()
	if code := p.must(request{Do: "subscribe", subscription: s}); code != int(s.QoS) {
		p.t.Errorf("%v: subscribing to %s: code %#x", p.flavour, s.Filter, code)
	}
}

func (p *peer) unsubscribe(filter string) int {
	p.t.Helper()
	return p.must(request{Do: "unsubscribe", subscription: subscription{Filter: filter}})
}

func (p *peer) publish(topic, payload string, qos byte) {
	p.t.Helper()
	p.send(message{Topic: topic, Payload: []byte(payload), QoS: qos})
}

func (p *peer) retain(topic, payload string, qos byte) {
	p.t.Helper()
	p.send(message{Topic: topic, Payload: []byte(payload), QoS: qos, Retain: true})
}

func (p *peer) send(m message) int {
	p.t.Helper()
	return p.must(request{Do: "publish", Message: &m})
}

// next is the next event.
func (p *peer) next(what string) event {
	p.t.Helper()
	select {
	case e := <-p.events:
		return e
	case <-p.driver.ended:
		p.t.Fatalf("%s ended:\n%s", p.driver.name, &p.driver.stderr)
	case <-timeout():
		p.t.Fatalf("%v: no %s", p.flavour, what)
	}
	return event{}
}

func (p *peer) receive() message {
	p.t.Helper()
	e := p.next("message")
	if e.Message == nil {
		p.t.Fatalf("%v: the connection ended, code %#x", p.flavour, *e.Closed)
	}
	return *e.Message
}

// expect takes the next message and checks all of it.
func (p *peer) expect(want message) {
	p.t.Helper()
	if got := p.receive(); !want.is(got) {
		p.t.Errorf("%v: got %v\nwant %v", p.flavour, got, want)
	}
}

func (p *peer) hears(topic, payload string, qos byte) {
	p.t.Helper()
	p.expect(message{Topic: topic, Payload: []byte(payload), QoS: qos})
}

func (p *peer) hearsRetained(topic, payload string, qos byte) {
	p.t.Helper()
	p.expect(message{Topic: topic, Payload: []byte(payload), QoS: qos, Retain: true})
}

// ends waits for the end of the connection and returns its code.
func (p *peer) ends() int {
	p.t.Helper()
	p.gone = true
	e := p.next("end of the connection")
	if e.Closed == nil {
		p.t.Fatalf("%v: got %v instead of the end", p.flavour, e.Message)
	}
	return *e.Closed
}
