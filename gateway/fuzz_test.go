package gateway

import (
	"encoding/hex"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"snbroker/broker"
	"snbroker/internal/mqtt"
	"snbroker/mqttsn"
	"snbroker/transport"
)

// A fuzzed story is a sequence of pieces: an octet that says what happens and
// to whom, one that says how many octets follow, and these.
//
//	bits 0-2  the peer: 0 ... 4 have addresses, 5 ... 7 are nodes behind peer 0
//	bits 3-4  how long nothing happens before
//	bits 5-7  what the octets are; see happens
type piece struct {
	what byte
	data []byte
}

const (
	aDatagram    = iota // to be received
	twoDatagrams        // the same one twice in a batch
	aPublication        // of a regular client, on the topic that the octets are
	aTakeover           // by a regular client, of the ClientID that the octets are
	aMessage            // one of everyMessage, by the first octet; the rest is a ClientID
)

var pauses = [4]time.Duration{0, time.Second, 11 * time.Second, 100 * time.Second}

func pieces(b []byte) (all []piece) {
	for len(b) >= 2 && len(all) < 64 {
		n := min(int(b[1]), len(b)-2)
		all = append(all, piece{b[0], b[2 : 2+n]})
		b = b[2+n:]
	}
	return all
}

func (p piece) append(b []byte) []byte {
	return append(append(b, p.what, byte(len(p.data))), p.data...)
}

// Whatever devices send and whenever: nothing breaks, and no session is left
// that nobody looks at any more.
func FuzzReceive(f *testing.F) {
	for _, b := range vectors(f) {
		one := piece{aDatagram << 5, b}.append(nil)
		f.Add(one)
		for kind := range byte(4) { // to a device in each state
			f.Add(append(inState(kind), one...))
		}
	}
	for i, m := range everyMessage() {
		for kind := range byte(4) {
			story := append(inState(kind), piece{aDatagram << 5, encode(m)}.append(nil)...)
			story = append(story, piece{aMessage<<5 | 3<<3 | 1, []byte{byte(i), 'c', '1'}}.append(nil)...)
			f.Add(story)
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		limits := broker.DefaultLimits()
		limits.MaxSubscriptions, limits.MaxQueued, limits.MaxReceived = 8, 64, 4
		g, br, in, out := alone(t, 600, limits, LinkOptions{Anonymous: true, QoSMinusOne: true})
		defer br.Close() // or its timer would hold on to it
		g.cfg.MaxTopics, g.cfg.MaxDevices, g.cfg.MaxWakeMessages = 6, 5, 40
		switch len(b) % 3 { // the same story where more is asked of devices
		case 1:
			g.cfg.MaxAmplification = 3
		case 2:
			in.link.options.Anonymous, in.link.options.PlainAuth = false, true
			g.cfg.Authenticate = func(r AuthRequest, answer func(AuthAnswer)) {
				a := AuthAnswer{Code: mqttsn.ReturnCode(len(r.Password) % 2), Identity: r.Username}
				if len(r.Password)%4 == 0 {
					a.Expires = time.Now().Add(time.Minute)
				}
				answer(a)
			}
		}
		for _, p := range pieces(b) {
			happens(g, br, in, p)
			check(t, g, out)
			if t.Failed() {
				t.Fatalf("after %08b %x", p.what, p.data)
			}
		}
		// In the end, of silence, nobody is left.
		g.cfg.MaxIdle = time.Hour
		for range 20 {
			pass(g, 24*time.Hour)
		}
		check(t, g, out)
		if n := len(g.byPeer) + len(g.byID) + len(g.timers); n != 0 {
			t.Fatalf("%d entries are left of devices that are silent for days", n)
		}
	})
}

// inState brings the device c1 at peer 0 into a state.
func inState(kind byte) (b []byte) {
	send := func(m mqttsn.Message) { b = piece{aDatagram << 5, encode(m)}.append(b) }
	send(&mqttsn.Connect{ProtocolID: 1, Will: kind == 0, Duration: 60, ClientID: []byte("c1")})
	if kind == 0 {
		return b // connecting
	}
	send(&mqttsn.Subscribe{QoS: mqttsn.QoS2, MsgID: 1, TopicName: []byte("t/+")})
	if kind >= 2 {
		send(&mqttsn.Disconnect{Duration: 60})
	}
	b = piece{aPublication<<5 | byte(kind), []byte("t/x")}.append(b)
	if kind == 3 {
		send(&mqttsn.PingReq{ClientID: []byte("c1")})
	}
	return b
}

// vectors are the octets of the codec's test data.
func vectors(f *testing.F) (all [][]byte) {
	f.Helper()
	files, err := filepath.Glob("../mqttsn/testdata/*.txt")
	if err != nil || len(files) == 0 {
		f.Fatal("no vectors: ", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		for row := range strings.Lines(string(text)) {
			columns := strings.Split(row, "|")
			if row[0] == '#' || len(columns) < 3 {
				continue
			}
			// Those that repeat an octet are too long for a piece.
			if b, err := hex.DecodeString(strings.Join(strings.Fields(columns[1]), "")); err == nil && len(b) <= 255 {
				all = append(all, b)
			}
		}
	}
	return all
}

// regular is a client of the broker that has nothing to do with the gateway.
type regular struct{}

func (regular) Ready()                 {}
func (regular) Closed(mqtt.ReasonCode) {}

func happens(g *Gateway, br *broker.Broker, in receiver, p piece) {
	if d := pauses[p.what>>3&3]; d > 0 {
		pass(g, d)
	}
	who := p.what & 7
	data := p.data
	switch p.what >> 5 {
	case aPublication:
		topic := "t/x"
		if mqtt.ValidTopicName(data) {
			topic = string(data)
		}
		var turn broker.Turn
		br.Publish(&broker.Publication{Topic: topic, Payload: data, QoS: mqtt.QoS(who % 3), Retain: who&4 != 0}, &turn)
		br.End(&turn)
		pass(g, 0)
		return
	case aTakeover:
		var turn broker.Turn
		c, _, err := br.Connect(broker.ConnectOptions{ClientID: "c" + string(data), CleanStart: who&1 != 0}, regular{}, &turn)
		if err == nil && who&2 != 0 {
			c.Close(true, &turn)
		}
		br.End(&turn)
		if who&4 != 0 {
			pass(g, 0) // else the news meets the next datagram
		}
		return
	case aMessage:
		if len(data) == 0 {
			return
		}
		all := everyMessage()
		m := all[int(data[0])%len(all)]
		switch m := m.(type) {
		case *mqttsn.Connect:
			m.ClientID = append([]byte("c"), data[1:]...)
			m.Will, m.CleanSession = data[0]&0x80 != 0, data[0]&0x40 != 0
		case *mqttsn.PingReq:
			m.ClientID = append([]byte("c"), data[1:]...)
		case *mqttsn.Disconnect:
			m.Duration = uint16(data[0] & 0x40)
		}
		data = encode(m)
	}
	from := int(who)
	if who > 4 {
		from = 0
		wrapped, _ := mqttsn.AppendEncapsulation(nil, 0, []byte{who})
		data = append(wrapped, data...)
	}
	data = slices.Clone(data)
	batch := []transport.Datagram{{From: address(from), Data: data}}
	if p.what>>5 == twoDatagrams {
		batch = append(batch, batch[0])
	}
	in.Receive(nil, batch)
	for i := range data {
		data[i] = 0xAA // the link reads its next datagram into it
	}
	for len(g.ready) > 0 || g.inbox.waiting() {
		pass(g, 0) // the pump's part
	}
}

// pass lets time pass, and the pump take its turns.
func pass(g *Gateway, d time.Duration) {
	g.epoch = g.epoch.Add(-d)
	for {
		g.beginTurn()
		g.advance()
		g.endTurn()
		if len(g.ready) == 0 && !g.inbox.waiting() {
			return
		}
	}
}

// check looks for what must not be.
func check(t *testing.T, g *Gateway, out *noted) {
	var dec mqttsn.Decoder
	for _, b := range out.sent {
		if len(b) > out.mtu {
			t.Errorf("sent %d octets", len(b))
		}
		if e, err := mqttsn.DecodeEncapsulated(b); err == nil {
			b = e.Message
		}
		if _, err := dec.Decode(b); err != nil {
			t.Errorf("sent %x: %v", b, err)
		}
	}
	out.sent = nil

	there := make(map[*session]bool)
	for p, s := range g.byPeer {
		there[s] = true
		if s.peer != p || g.byPeer[s.peer] != s {
			t.Errorf("%v leads to %q, who is at %v", p, s.id, s.peer)
		}
		if s.state != Connecting && g.byID[s.id] != s {
			t.Errorf("%q is %v at %v, and not found by its ClientID", s.id, s.state, p)
		}
	}
	for id, s := range g.byID {
		there[s] = true
		if s.id != id || s.bound() && g.byPeer[s.peer] != s {
			t.Errorf("the ClientID %q leads to %q at %v", id, s.id, s.peer)
		}
		if s.state == Connecting {
			t.Errorf("%q is connecting and found by its ClientID", id)
		}
	}
	var count [numStates]int
	unused := make(map[*exchange]bool)
	for _, x := range g.spare {
		if unused[x] || *x != (exchange{}) {
			t.Errorf("an unused exchange is used")
		}
		unused[x] = true
	}
	for s := range there {
		count[s.state]++
		checkSession(t, g, s)
		if s.out != nil && (s.out.s != s || unused[s.out]) {
			t.Errorf("%q has an exchange that is not its own", s.id)
		}
	}
	if len(there) > g.cfg.MaxDevices {
		t.Errorf("%d devices", len(there))
	}
	sum := 0
	for state, n := range g.stats.states {
		sum += n
		if s := State(state); s != Disconnected && s != Lost && n != count[s] {
			t.Errorf("%d are %v, counted as %d", count[s], s, n)
		}
	}
	if sum != 0 || g.stats.EncodeErrors != 0 {
		t.Errorf("the states sum up to %d; %d messages could not be encoded", sum, g.stats.EncodeErrors)
	}
	for i, s := range g.timers {
		if int(s.slot) != i || !there[s] || i > 0 && g.timers[(i-1)/2].scheduled > s.scheduled {
			t.Errorf("slot %d holds %q, whose slot is %d", i, s.id, s.slot)
		}
	}
}

func checkSession(t *testing.T, g *Gateway, s *session) {
	next := s.next()
	switch {
	case next == never:
		t.Errorf("%q is %v and has no deadline", s.id, s.state)
	case s.slot == unscheduled || int(s.slot) >= len(g.timers) || g.timers[s.slot] != s:
		t.Errorf("%q has no slot", s.id)
	case s.scheduled > max(next, g.now+1): // one deadline is handled at a time
		t.Errorf("%q is looked at %v too late", s.id, time.Duration(s.scheduled-next))
	}
	switch s.state {
	case Connecting:
		if s.dialog == nil || s.conn != nil || s.out != nil || !s.bound() {
			t.Errorf("%q is connecting: %+v", s.id, s)
		}
		return
	case Awake:
		if s.out == nil && s.dialog == nil || !s.bound() {
			t.Errorf("%q is awake and nothing ends it", s.id)
		}
	case Active, Asleep:
	default:
		t.Errorf("%q is %v and still there", s.id, s.state)
		return
	}
	if s.memory.topics.Len() > g.cfg.MaxTopics || s.memory.topics.Aliases() > g.cfg.MaxTopics+1 {
		t.Errorf("%q has %d and %d topics", s.id, s.memory.topics.Len(), s.memory.topics.Aliases())
	}
	if !g.inbox.waiting() && !s.conn.Attached() {
		t.Errorf("%q has lost its session", s.id)
	}
	if s.sends() && s.out == nil && !s.listed && len(s.conn.Pull(make([]broker.Delivery, 0, 1))) > 0 {
		t.Errorf("%q is %v, and a message waits", s.id, s.state)
	}
}
