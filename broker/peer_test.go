package broker

import (
	"flag"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"snbroker/internal/mqtt"
)

// seedFlag replays what a failure printed: go test -run Name -seed N.
var seedFlag = flag.Uint64("seed", 0, "run only the history that grows from this seed")

// peer is a client that notes what it hears and pulls when it is told to.
type peer struct {
	*Conn
	t       *testing.T
	present bool

	mu     sync.Mutex
	ready  int
	closed []mqtt.ReasonCode
}

func (p *peer) Ready() {
	p.mu.Lock()
	p.ready++
	p.mu.Unlock()
}

func (p *peer) Closed(why mqtt.ReasonCode) {
	p.mu.Lock()
	p.closed = append(p.closed, why)
	p.mu.Unlock()
}

// heardReady returns how often Ready came since the last call.
func (p *peer) heardReady() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := p.ready
	p.ready = 0
	return n
}

func (p *peer) heardClosed() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return fmt.Sprint(p.closed)
}

// attach connects a client and pulls once, as every connection does.
func attach(t *testing.T, b *Broker, o ConnectOptions) *peer {
	t.Helper()
	p := connect(t, b, o)
	if got := p.pull(1); len(got) > 0 {
		t.Fatalf("%s: got %v; use connect for a session that has something waiting", o.ClientID, got)
	}
	return p
}

// connect connects a client and leaves what waits for it.
func connect(t *testing.T, b *Broker, o ConnectOptions) *peer {
	t.Helper()
	p := &peer{t: t}
	var turn Turn
	c, present, err := b.Connect(o, p, &turn)
	if err != nil {
		t.Fatalf("%s: %v", o.ClientID, err)
	}
	p.Conn, p.present = c, present
	b.End(&turn)
	return p
}

func (p *peer) subscribe(filter string, o SubscribeOptions) {
	p.t.Helper()
	if r := p.Subscribe(filter, o); r != mqtt.ReasonCode(o.QoS) {
		p.t.Fatalf("SUBSCRIBE %s: %v", filter, r)
	}
}

func (p *peer) publish(pub Publication) mqtt.ReasonCode {
	var turn Turn
	r := p.Publish(&pub, &turn)
	p.broker.End(&turn)
	return r
}

func (p *peer) close(lost bool) {
	var turn Turn
	p.Close(lost, &turn)
	p.broker.End(&turn)
}

// publish is a message that belongs to no connection.
func publish(b *Broker, pub Publication) mqtt.ReasonCode {
	var turn Turn
	r := b.Publish(&pub, &turn)
	b.End(&turn)
	return r
}

// pull takes at most n deliveries.
func (p *peer) pull(n int) []Delivery {
	var turn Turn
	got := p.Pull(make([]Delivery, 0, n), &turn)
	p.broker.End(&turn)
	return got
}

// hears pulls until nothing more comes and checks what came. Nothing is
// acknowledged.
func (p *peer) hears(want ...string) {
	p.t.Helper()
	var got []string
	for {
		batch := p.pull(3) // an odd capacity, so that Pull's edges are met
		for i := range batch {
			got = append(got, describe(&batch[i]))
		}
		if len(batch) < 3 {
			break
		}
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		p.t.Fatalf("%s heard\n  %s\nwant\n  %s", p.Session().ID(), strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

// describe is a delivery in a line: topic=payload q1 #7 dup retain ids[1 2].
func describe(d *Delivery) string {
	if d.Release {
		return fmt.Sprintf("release #%d", d.PacketID)
	}
	line := fmt.Sprintf("%s=%s q%d", d.Message.Topic, d.Message.Payload, d.QoS)
	if d.PacketID != 0 {
		line += fmt.Sprintf(" #%d", d.PacketID)
	}
	if d.Dup {
		line += " dup"
	}
	if d.Retain {
		line += " retain"
	}
	if d.SubscriptionIDs != nil {
		line += fmt.Sprintf(" ids%v", *d.SubscriptionIDs)
	}
	return line
}

func wantStats(t *testing.T, b *Broker, want Stats) {
	t.Helper()
	got := b.Stats()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("stats are\n  %+v\nwant\n  %+v", got, want)
	}
}

func dropped(b *Broker, why DropReason) uint64 { return b.Stats().Dropped[why] }

func text(topic, payload string, qos mqtt.QoS) Publication {
	return Publication{Topic: topic, Payload: []byte(payload), QoS: qos}
}

func kept(topic, payload string, qos mqtt.QoS) Publication {
	return Publication{Topic: topic, Payload: []byte(payload), QoS: qos, Retain: true}
}

const day = 24 * time.Hour
