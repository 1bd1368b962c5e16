package broker

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"

	"snbroker/internal/mqtt"
	"snbroker/internal/store"
)

// Publishers and subscribers that keep their own side of each exchange, while
// power fails again and again: what was acknowledged arrives, QoS 2 once, and in
// order.
func TestPowerCuts(t *testing.T) {
	seeds := 40
	if text := os.Getenv("SNBROKER_SEEDS"); text != "" {
		seeds, _ = strconv.Atoi(text)
	}
	for seed := range uint64(seeds) {
		if *seedFlag != 0 && seed != *seedFlag {
			continue
		}
		steps := 400
		if seed%20 == 3 {
			steps = 4000 // the log is compacted many times
		}
		h := newCuts(t, seed)
		h.run(steps)
	}
}

type cuts struct {
	t    *testing.T
	seed uint64
	r    *rand.Rand
	d    *disk
	from []*sender
	to   []*taker
	qos  []mqtt.QoS     // of each message
	kept map[string]int // the last retained message of each topic
}

// sender is a client that publishes, and sends again what nobody acknowledged.
type sender struct {
	*peer
	id    string
	lost  int // identifiers used
	under []*sending
	safe  []int // acknowledged messages
}

type sending struct {
	number   int
	packetID uint16
	qos      mqtt.QoS
	released bool
	retain   bool
	until    store.LSN // when the answer to the last packet comes
}

// taker is a subscriber with a session that lasts.
type taker struct {
	*peer
	id       string
	have     map[uint16]bool // QoS 2 identifiers between PUBLISH and PUBREL
	seen     map[int]int
	order    []int
	received []rec
}

// rec is a PUBREC whose PUBREL is on its way.
type rec struct {
	packetID uint16
	until    store.LSN
}

func newCuts(t *testing.T, seed uint64) *cuts {
	h := &cuts{t: t, seed: seed, r: rand.New(rand.NewPCG(seed, 11)), d: newDisk(t), kept: make(map[string]int)}
	for i := range 2 {
		h.from = append(h.from, &sender{id: fmt.Sprintf("p%d", i)})
		h.to = append(h.to, &taker{id: fmt.Sprintf("s%d", i), have: make(map[uint16]bool), seen: make(map[int]int)})
	}
	for _, s := range h.to {
		s.peer = h.attach(s.id)
		s.subscribe("t/#", SubscribeOptions{QoS: 2})
		s.subscribe("t", SubscribeOptions{QoS: 2})
	}
	h.d.settle()
	return h
}

func (h *cuts) run(steps int) {
	for range steps {
		p, s := h.from[h.r.IntN(len(h.from))], h.to[h.r.IntN(len(h.to))]
		switch n := h.r.IntN(100); {
		case n < 30:
			h.publish(p)
		case n < 50:
			h.hear(p)
		case n < 75:
			h.take(s, 1+h.r.IntN(5))
		case n < 85:
			h.hearReleases(s)
		case n < 90:
			if s.peer != nil {
				s.close(true)
				s.peer, s.received = nil, nil
			} else {
				s.peer = h.attach(s.id)
			}
		case n < 95:
			h.d.settle()
		default:
			h.cut()
		}
	}
	h.end()
}

func (h *cuts) cut() {
	if h.r.IntN(2) == 0 {
		h.d.fs = h.d.fs.CrashRandomly(h.r)
	} else {
		h.d.fs = h.d.fs.Crash()
	}
	h.d.log.Close()
	h.d.start()
	h.d.Release()
	for _, p := range h.from {
		p.peer = nil
	}
	for _, s := range h.to {
		s.peer, s.received = nil, nil
	}
}

// attach connects a client. Nothing follows CONNACK before that has left.
func (h *cuts) attach(id string) *peer {
	p := connect(h.t, h.d.Broker, ConnectOptions{ClientID: id, Expiry: Never})
	h.d.settle()
	return p
}

func (h *cuts) turn(do func(*Turn)) store.LSN {
	var t Turn
	do(&t)
	h.d.End(&t)
	return t.Until()
}

// alive connects p, which then sends again what is not acknowledged.
func (h *cuts) alive(p *sender) {
	if p.peer != nil {
		return
	}
	p.peer = h.attach(p.id)
	for _, m := range p.under {
		h.send(p, m)
	}
}

func (h *cuts) send(p *sender, m *sending) {
	m.until = h.turn(func(t *Turn) {
		if m.released {
			p.PubRel(m.packetID)
			p.Sync(t)
			return
		}
		r := p.Publish(&Publication{Topic: "t/" + p.id, Payload: fmt.Append(nil, m.number), QoS: m.qos, Retain: m.retain, PacketID: m.packetID}, t)
		if r.IsError() {
			h.fail("PUBLISH was refused: %v", r)
		}
	})
}

func (h *cuts) publish(p *sender) {
	h.alive(p)
	if len(p.under) >= 6 {
		return
	}
	p.lost++
	m := &sending{number: len(h.qos), packetID: packetID(uint32(p.lost)), qos: mqtt.QoS(1 + h.r.IntN(2))}
	h.qos = append(h.qos, m.qos)
	if m.retain = m.qos == mqtt.QoS2 && h.r.IntN(2) == 0; m.retain {
		h.kept["t/"+p.id] = m.number
	}
	p.under = append(p.under, m)
	h.send(p, m)
}

// hear takes the acknowledgements that have left the broker.
func (h *cuts) hear(p *sender) {
	h.alive(p)
	left := p.under[:0]
	for _, m := range p.under {
		if !h.d.Durable(m.until) {
			left = append(left, m)
			continue
		}
		if !m.released {
			p.safe = append(p.safe, m.number)
		}
		if m.qos == mqtt.QoS2 && !m.released {
			m.released = true
			h.send(p, m)
			left = append(left, m)
		}
	}
	p.under = left
}

func (h *cuts) take(s *taker, n int) {
	if s.peer == nil {
		return
	}
	for _, d := range s.pull(n) {
		switch {
		case d.Release:
			delete(s.have, d.PacketID)
			s.PubComp(d.PacketID)
		case d.QoS == mqtt.QoS1:
			s.note(h, d.Message)
			s.PubAck(d.PacketID)
		default:
			if !s.have[d.PacketID] {
				s.have[d.PacketID] = true
				s.note(h, d.Message)
			}
			s.PubRec(d.PacketID, false)
			s.received = append(s.received, rec{d.PacketID, h.turn(func(t *Turn) { s.Sync(t) })})
		}
	}
}

func (s *taker) note(h *cuts, m *Message) {
	n, err := strconv.Atoi(string(m.Payload))
	if err != nil {
		h.fail("%s received %q", s.id, m.Payload)
	}
	if s.seen[n]++; s.seen[n] == 1 {
		s.order = append(s.order, n)
	}
}

// hearReleases takes the PUBRELs that have left the broker.
func (h *cuts) hearReleases(s *taker) {
	if s.peer == nil {
		return
	}
	left := s.received[:0]
	for _, r := range s.received {
		if h.d.Durable(r.until) {
			delete(s.have, r.packetID)
			s.PubComp(r.packetID)
		} else {
			left = append(left, r)
		}
	}
	s.received = left
}

// end lets everything come to rest, and judges.
func (h *cuts) end() {
	sent := make(map[int]string)
	for range 40 {
		for _, p := range h.from {
			h.hear(p)
		}
		h.d.settle()
		for _, s := range h.to {
			if s.peer == nil {
				s.peer = h.attach(s.id)
			}
			h.take(s, 50)
			h.hearReleases(s)
		}
	}
	for _, p := range h.from {
		if len(p.under) > 0 {
			h.fail("%s still waits for %d answers", p.id, len(p.under))
		}
		for _, n := range p.safe {
			sent[n] = p.id
			for _, s := range h.to {
				if s.seen[n] == 0 {
					h.fail("%s did not receive %d of %s, which was acknowledged", s.id, n, p.id)
				}
			}
		}
	}
	late := connect(h.t, h.d.Broker, ConnectOptions{ClientID: "late"})
	late.subscribe("t/#", SubscribeOptions{QoS: 2})
	found := make(map[string]int)
	for _, d := range late.pull(10) {
		n, _ := strconv.Atoi(string(d.Message.Payload))
		found[d.Message.Topic] = n
	}
	if !maps.Equal(found, h.kept) {
		h.fail("retained are %v, want %v", found, h.kept)
	}
	for _, s := range h.to {
		last := make(map[string]int)
		for _, n := range s.order {
			if from := sent[n]; s.seen[n] > 1 && h.qos[n] == mqtt.QoS2 {
				h.fail("%s received %d at QoS 2 %d times", s.id, n, s.seen[n])
			} else if n < last[from] {
				h.fail("%s received %d of %s after %d", s.id, n, from, last[from])
			} else {
				last[from] = n
			}
		}
	}
}

func (h *cuts) fail(format string, args ...any) {
	h.t.Helper()
	h.t.Fatalf("seed %d: %s", h.seed, fmt.Sprintf(format, args...))
}
