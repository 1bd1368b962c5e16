package client

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"snbroker/mqttsn"
)

// lossy is a network between one device and a gateway that echoes what is
// published to "up" on "down". It loses, repeats and overtakes, from a seed.
type lossy struct {
	t      *testing.T
	rng    *rand.Rand
	now    time.Time
	flight []flying
	c      *Client
	gw     echoGateway

	got       map[string]int // messages of "down"
	published map[Token]string
	taken     map[string]bool // messages of "up" that were acknowledged
	down      bool
}

type flying struct {
	at       time.Time
	toDevice bool
	b        []byte
}

func (n *lossy) post(toDevice bool, b []byte) {
	if n.rng.IntN(5) == 0 {
		return
	}
	// Less than T_retry, and the same for both copies: a PUBLISH that comes
	// after its own PUBREL is a new message to QoS 2, of whatever protocol.
	delay := time.Duration(n.rng.IntN(1000)) * time.Millisecond
	for range 1 + n.rng.IntN(10)/9 { // every tenth twice
		n.flight = append(n.flight, flying{n.now.Add(delay), toDevice, slices.Clone(b)})
	}
}

func (n *lossy) Send(b []byte) { n.post(false, b) }

func (n *lossy) Handle(e Event) {
	switch e := e.(type) {
	case *Message:
		n.got[string(e.Payload)]++
	case *Published:
		if e.ReturnCode != mqttsn.ReturnAccepted || e.Uncertain {
			n.t.Errorf("%+v", e)
		}
		n.taken[n.published[e.Token]] = true
	case *Disconnected:
		n.down = true
	}
}

// step carries the next thing out, a datagram or a deadline.
func (n *lossy) step() bool {
	first := -1
	for i, f := range n.flight {
		if first < 0 || f.at.Before(n.flight[first].at) {
			first = i
		}
	}
	deadline := n.c.Next()
	if gw := n.gw.deadline; !gw.IsZero() && (deadline.IsZero() || gw.Before(deadline)) {
		deadline = gw
	}
	if first >= 0 && (deadline.IsZero() || n.flight[first].at.Before(deadline)) {
		f := n.flight[first]
		n.flight = slices.Delete(n.flight, first, first+1)
		n.now = f.at
		if f.toDevice {
			n.c.Receive(n.now, f.b)
		} else {
			n.gw.receive(n, f.b)
		}
	} else {
		if deadline.IsZero() {
			return false
		}
		n.now = deadline
		n.c.Advance(n.now)
		n.gw.advance(n)
	}
	if n.down {
		n.down = false
		if err := n.c.Connect(n.now); err != nil {
			n.t.Fatal(err)
		}
	}
	return true
}

// echoGateway takes QoS 2 exactly once and gives it back, one at a time,
// repeated every three seconds for as long as it takes.
type echoGateway struct {
	ids      map[mqttsn.MsgID]bool // of QoS 2, between PUBLISH and PUBREL
	got      map[string]int
	queue    []string
	msgID    mqttsn.MsgID
	released bool
	deadline time.Time
}

func (g *echoGateway) reply(n *lossy, m mqttsn.Message) {
	b, err := m.AppendBinary(nil)
	if err != nil {
		n.t.Fatal(err)
	}
	n.post(true, b)
}

func (g *echoGateway) receive(n *lossy, b []byte) {
	m, err := new(mqttsn.Decoder).Decode(b)
	if err != nil {
		n.t.Fatal(err)
	}
	switch m := m.(type) {
	case *mqttsn.Connect:
		g.reply(n, &mqttsn.ConnAck{})
	case *mqttsn.Register:
		g.reply(n, &mqttsn.RegAck{TopicID: 1, MsgID: m.MsgID})
	case *mqttsn.Subscribe:
		g.reply(n, &mqttsn.SubAck{QoS: m.QoS, TopicID: 2, MsgID: m.MsgID})
	case *mqttsn.PingReq:
		g.reply(n, &mqttsn.PingResp{})
	case *mqttsn.Publish:
		if m.QoS == mqttsn.QoS1 {
			g.got[string(m.Data)]++
			g.reply(n, &mqttsn.PubAck{TopicID: m.TopicID, MsgID: m.MsgID})
			return
		}
		if !g.ids[m.MsgID] {
			g.ids[m.MsgID] = true
			g.got[string(m.Data)]++
			g.queue = append(g.queue, string(m.Data))
			if len(g.queue) == 1 {
				g.next(n)
			}
		}
		g.reply(n, &mqttsn.PubRec{MsgID: m.MsgID})
	case *mqttsn.PubRel:
		delete(g.ids, m.MsgID)
		g.reply(n, &mqttsn.PubComp{MsgID: m.MsgID})
	case *mqttsn.PubRec:
		if m.MsgID == g.msgID && len(g.queue) > 0 {
			g.released = true
			g.send(n, true)
		}
	case *mqttsn.PubComp:
		if m.MsgID == g.msgID && g.released {
			g.released = false
			g.queue = g.queue[1:]
			g.deadline = time.Time{}
			if len(g.queue) > 0 {
				g.next(n)
			}
		}
	}
}

func (g *echoGateway) next(n *lossy) {
	g.msgID++
	g.released = false
	g.send(n, false)
}

func (g *echoGateway) send(n *lossy, again bool) {
	g.deadline = n.now.Add(3 * time.Second)
	if g.released {
		g.reply(n, &mqttsn.PubRel{MsgID: g.msgID})
		return
	}
	g.reply(n, &mqttsn.Publish{
		Dup: again, QoS: mqttsn.QoS2, TopicID: 2, MsgID: g.msgID, Data: []byte(g.queue[0]),
	})
}

func (g *echoGateway) advance(n *lossy) {
	if !g.deadline.IsZero() && !n.now.Before(g.deadline) {
		g.send(n, true)
	}
}

// Whatever the network does: QoS 1 arrives, QoS 2 once, in both directions.
func TestLossyNetwork(t *testing.T) {
	for seed := range uint64(200) {
		if !t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) { overLossyNetwork(t, seed) }) {
			return
		}
	}
}

func overLossyNetwork(t *testing.T, seed uint64) {
	const messages = 40
	n := &lossy{
		t: t, rng: rand.New(rand.NewPCG(seed, 1)), now: time.Unix(1000, 0),
		got: map[string]int{}, published: map[Token]string{}, taken: map[string]bool{},
		gw: echoGateway{ids: map[mqttsn.MsgID]bool{}, got: map[string]int{}},
	}
	n.c = New(Config{ClientID: "c1", QueueSize: messages + 1, TRetry: 3 * time.Second, NRetry: 1}, n)
	if err := n.c.Connect(n.now); err != nil {
		t.Fatal(err)
	}
	if _, err := n.c.Subscribe(n.now, Named("down"), qos2); err != nil {
		t.Fatal(err)
	}
	for i := range messages {
		payload := fmt.Sprint("m", i)
		token, err := n.c.Publish(n.now, Named("up"), []byte(payload), qos1+mqttsn.QoS(i%2), false)
		if err != nil {
			t.Fatal(err)
		}
		n.published[token] = payload
	}
	for range 100000 {
		if !n.step() {
			break
		}
	}
	if n.c.Queued() > 0 || n.c.State() != StateActive {
		t.Fatalf("%v with %d requests left", n.c.State(), n.c.Queued())
	}
	for i := range messages {
		payload, up, down := fmt.Sprint("m", i), n.gw.got[fmt.Sprint("m", i)], n.got[fmt.Sprint("m", i)]
		switch {
		case !n.taken[payload]:
			t.Errorf("%s: not acknowledged", payload)
		case i%2 == 0 && up == 0:
			t.Errorf("%s: QoS 1 lost", payload)
		case i%2 == 1 && (up != 1 || down != 1):
			t.Errorf("%s: QoS 2 arrived %d times, came back %d times", payload, up, down)
		}
	}
}
