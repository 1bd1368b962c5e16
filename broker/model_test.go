package broker

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"snbroker/internal/mqtt"
)

// Random histories of a few clients on a few topics: whatever the broker
// answers or delivers must be what the reference says, step by step.
func TestHistories(t *testing.T) {
	histories := uint64(4000)
	if testing.Short() {
		histories = 400
	}
	first := uint64(1)
	if *seedFlag != 0 {
		first, histories = *seedFlag, 1
	}
	for seed := first; seed < first+histories; seed++ {
		h := newHistory(seed)
		for h.err == nil && h.steps < 150 {
			h.step()
		}
		if h.err == nil {
			h.settle()
		}
		if h.err != nil {
			from := max(0, len(h.log)-40)
			t.Fatalf("%v\nThe end of the history:\n  %s\nRun it again with -run TestHistories -seed %d", h.err, strings.Join(h.log[from:], "\n  "), seed)
		}
	}
}

var (
	historyIDs     = []string{"ann", "bob", "cat", "dan"}
	historyTopics  = []string{"a", "a/b", "a/c", "b", "$s/a"}
	historyFilters = []string{"a", "a/b", "#", "a/#", "a/+", "+", "+/b", "b", "$s/#"}
)

type history struct {
	r     *rand.Rand
	b     *Broker
	ref   *reference
	log   []string
	steps int
	err   error

	peers  map[string]*peer // by client, the newest connection
	old    []*peer          // connections that were taken over
	conns  int
	serial int
}

func newHistory(seed uint64) *history {
	r := rand.New(rand.NewPCG(seed, 6))
	l := DefaultLimits()
	l.MaxInflight = 1 + r.IntN(6)
	l.MaxReceived = 3
	l.MaxSubscriptions = 5
	l.QueueQoS0Offline = r.IntN(2) == 0
	if r.IntN(2) == 0 {
		l.MaxQueued = 1 + r.IntN(6)
	}
	if r.IntN(4) == 0 {
		l.MaxQueuedBytes = 5 + r.IntN(30)
	}
	if r.IntN(4) == 0 {
		l.MaxSessions = 3
	}
	if r.IntN(4) == 0 {
		l.MaxRetained = 2
	}
	l.QueuePolicy = QueuePolicy(r.IntN(2))
	return &history{r: r, b: New(l), ref: newReference(l, newLedger()), peers: make(map[string]*peer)}
}

func (h *history) note(format string, args ...any) {
	h.log = append(h.log, fmt.Sprintf(format, args...))
}

// same notes a difference between the broker's answer and the reference's.
func (h *history) same(got, want any) {
	if g, w := fmt.Sprint(got), fmt.Sprint(want); g != w && h.err == nil {
		h.err = fmt.Errorf("step %d, %s: the broker says\n  %s\nthe reference says\n  %s", h.steps, h.log[len(h.log)-1], g, w)
	}
}

func pick[T any](r *rand.Rand, from []T) T { return from[r.IntN(len(from))] }

func (h *history) options(id string) ConnectOptions {
	o := ConnectOptions{ClientID: id, CleanStart: h.r.IntN(4) == 0, ReceiveMaximum: h.r.IntN(5)}
	if h.r.IntN(3) > 0 {
		o.Expiry = Never
	}
	if h.r.IntN(2) == 0 {
		h.serial++
		o.Will = &Will{Topic: pick(h.r, historyTopics), Payload: fmt.Append(nil, "will", h.serial), QoS: mqtt.QoS(h.r.IntN(3)), Retain: h.r.IntN(3) == 0}
	}
	return o
}

func (h *history) connect(o ConnectOptions) {
	h.note("%s connects: clean %v, expiry %v, receive maximum %d, will %v", o.ClientID, o.CleanStart, o.Expiry, o.ReceiveMaximum, o.Will != nil)
	h.conns++
	p := &peer{}
	var turn Turn
	c, present, err := h.b.Connect(o, p, &turn)
	h.b.End(&turn)
	had := h.peers[o.ClientID]
	wantPresent, ok := h.ref.connect(h.conns, o)
	h.same(fmt.Sprint(present, err == nil), fmt.Sprint(wantPresent, ok))
	if had != nil && len(had.closed) > 0 {
		h.old = append(h.old, had)
		delete(h.peers, o.ClientID)
	}
	closed := 0
	if had != nil {
		closed = len(had.closed)
	}
	h.same(closed, len(h.ref.closed))
	h.ref.closed = nil
	if ok && err == nil {
		p.Conn = c
		h.peers[o.ClientID] = p
	}
}

func (h *history) step() {
	h.steps++
	id := pick(h.r, historyIDs)
	s, p := h.ref.sessions[id], h.peers[id]
	attached := s != nil && s.conn != 0
	if attached != (p != nil) {
		h.note("%s", id)
		h.same(p != nil, attached)
		return
	}
	if !attached || h.r.IntN(25) == 0 {
		h.connect(h.options(id))
		h.checkReady()
		return
	}
	var turn Turn
	switch op := h.r.IntN(100); {
	case op < 12:
		filter := pick(h.r, historyFilters)
		o := SubscribeOptions{QoS: mqtt.QoS(h.r.IntN(3)), NoLocal: h.r.IntN(4) == 0, RetainAsPublished: h.r.IntN(2) == 0, RetainHandling: uint8(h.r.IntN(3))}
		if h.r.IntN(2) == 0 {
			o.Identifier = 1 + h.r.Uint32N(9)
		}
		h.note("%s subscribes to %s %+v", id, filter, o)
		h.same(p.Subscribe(filter, o), h.ref.subscribe(s, filter, o))
		if h.r.IntN(3) > 0 { // a slow peer's connection does not
			h.pull(id, 1+h.r.IntN(3))
		}
	case op < 18:
		filter := pick(h.r, historyFilters)
		h.note("%s unsubscribes from %s", id, filter)
		h.same(p.Unsubscribe(filter), h.ref.unsubscribe(s, filter))
	case op < 50:
		h.serial++
		m := refMessage{topic: pick(h.r, historyTopics), payload: fmt.Sprint(h.serial), qos: mqtt.QoS(h.r.IntN(3)), retain: h.r.IntN(4) == 0}
		if m.retain && h.r.IntN(3) == 0 {
			m.payload = ""
		}
		packet := 1 + uint16(h.r.IntN(5))
		h.note("%s publishes %+v #%d", id, m, packet)
		pub := &Publication{Topic: m.topic, Payload: []byte(m.payload), QoS: m.qos, Retain: m.retain, PacketID: packet}
		h.same(p.Publish(pub, &turn), h.ref.publish(s, m, packet))
	case op < 55:
		packet := 1 + uint16(h.r.IntN(5))
		h.note("%s releases #%d", id, packet)
		h.same(p.PubRel(packet), s.pubRel(packet))
	case op < 72:
		h.pull(id, 1+h.r.IntN(8))
	case op < 88:
		h.acknowledge(id)
	case op < 90:
		h.note("%s resumes", id)
		p.Resume()
		s.startAnew()
	case op < 92:
		h.note("%s rests", id)
		p.Rest()
	case op < 93:
		h.note("%s changes its expiry", id)
		s.expiry = Never - s.expiry
		p.SetExpiry(s.expiry)
	case op < 94:
		h.note("%s deletes its will", id)
		p.SetWill(nil)
		s.will = nil
	case op < 96:
		h.stale()
	default:
		lost := h.r.IntN(2) == 0
		h.note("%s closes, lost %v", id, lost)
		p.Close(lost, &turn)
		h.ref.close(s, lost)
		delete(h.peers, id)
	}
	h.b.End(&turn)
	h.checkReady()
	if h.steps%25 == 0 {
		h.checkCounts()
	}
}

func (h *history) pull(id string, n int) {
	h.note("%s pulls %d", id, n)
	var turn Turn
	var got []string
	for _, d := range h.peers[id].Pull(make([]Delivery, 0, n), &turn) {
		got = append(got, deliveryWords(&d))
		h.ref.ledger.receive(id, &d)
	}
	h.b.End(&turn)
	want := h.ref.pull(h.ref.sessions[id], n)
	h.note("-> %s", strings.Join(got, ", "))
	h.same(strings.Join(got, "\n  "), strings.Join(want, "\n  "))
}

// acknowledge answers one delivery, or none.
func (h *history) acknowledge(id string) {
	s, p := h.ref.sessions[id], h.peers[id]
	packet := uint16(h.r.IntN(4)) // mostly nothing
	if len(s.flight) > 0 && h.r.IntN(8) > 0 {
		packet = pick(h.r, s.flight).id
	}
	// A client answers what it was sent: another order would lose QoS 2's
	// promise without the broker being at fault.
	i := s.inFlight(packet)
	switch op := h.r.IntN(10); {
	case op < 3:
		h.note("%s PUBACK #%d", id, packet)
		h.same(p.PubAck(packet), s.pubAck(packet))
	case op < 6:
		h.note("%s PUBREC #%d", id, packet)
		h.same(p.PubRec(packet, false), s.pubRec(packet, false))
	case op < 9:
		// The client has seen the release: in its answer to PUBREC.
		h.note("%s PUBCOMP #%d", id, packet)
		if i >= 0 && s.flight[i].released {
			h.ref.ledger.forget(id, packet)
		}
		h.same(p.PubComp(packet), s.pubComp(packet))
	case i >= 0 && s.flight[i].qos == mqtt.QoS2:
		h.note("%s PUBREC #%d with a failure", id, packet)
		h.ref.ledger.forget(id, packet)
		h.same(p.PubRec(packet, true), s.pubRec(packet, true))
	default:
		h.note("%s discards #%d", id, packet)
		var turn Turn
		p.Discard(&Delivery{PacketID: packet}, DropRefused, &turn)
		h.b.End(&turn)
		if i >= 0 {
			s.finish(i)
		}
		h.ref.stats.Dropped[DropRefused]++
	}
}

// stale has a connection act that was taken over.
func (h *history) stale() {
	if len(h.old) == 0 {
		return
	}
	p := pick(h.r, h.old)
	h.note("an old connection of %s acts", p.Session().ID())
	var turn Turn
	h.same(p.Subscribe("#", SubscribeOptions{}), mqtt.ReasonUnspecifiedError)
	h.same(p.Unsubscribe("#"), mqtt.ReasonUnspecifiedError)
	h.same(p.Publish(&Publication{Topic: "a", QoS: mqtt.QoS(h.r.IntN(3)), PacketID: 1}, &turn), mqtt.ReasonSessionTakenOver)
	h.same(len(p.Pull(make([]Delivery, 0, 4), &turn)), 0)
	h.same(p.PubAck(1) || p.PubRec(1, false) || p.PubComp(1) || p.PubRel(1) || p.Attached(), false)
	p.Discard(&Delivery{PacketID: 1}, DropRefused, &turn)
	p.Resume()
	p.Close(true, &turn)
	h.b.End(&turn)
}

// checkReady compares who was told that there is something to pull.
func (h *history) checkReady() {
	var got []string
	for id, p := range h.peers {
		for range p.heardReady() {
			got = append(got, id)
		}
		if len(p.closed) > 0 {
			h.same(id+" was closed", "")
		}
	}
	slices.Sort(got)
	slices.Sort(h.ref.woken)
	h.same(got, h.ref.woken)
	h.ref.woken = nil
}

func (h *history) checkCounts() {
	want := h.ref.stats
	want.Sessions, want.Retained = len(h.ref.sessions), len(h.ref.retained)
	for _, s := range h.ref.sessions {
		want.Subscriptions += len(s.subs)
	}
	for why := range DropReason(numDropReasons) {
		want.Dropped[why] += 0
	}
	h.same(h.b.Stats(), want)
}

// settle has every client take and acknowledge all that there is for it, and
// asks the ledger.
func (h *history) settle() {
	for _, id := range historyIDs { // first, because it brings wills
		if h.ref.sessions[id] != nil {
			h.connect(ConnectOptions{ClientID: id, Expiry: Never})
		}
	}
	for _, id := range historyIDs {
		s := h.ref.sessions[id]
		if s == nil || h.err != nil {
			continue
		}
		for i := 0; h.err == nil && (i == 0 || !s.idle || len(s.flight) > 0); i++ {
			if i > 1000 {
				h.err = fmt.Errorf("%s does not come to rest", id)
			}
			h.pull(id, 8)
			for _, e := range slices.Clone(s.flight) {
				if !e.fresh {
					continue
				}
				if e.qos == mqtt.QoS1 {
					h.same(h.peers[id].PubAck(e.id), s.pubAck(e.id))
					continue
				}
				h.same(h.peers[id].PubRec(e.id, false), s.pubRec(e.id, false))
				h.ref.ledger.forget(id, e.id)
				h.same(h.peers[id].PubComp(e.id), s.pubComp(e.id))
			}
		}
	}
	h.checkCounts()
	if err := h.ref.ledger.check(); err != nil && h.err == nil {
		h.err = err
	}
	for _, p := range h.peers {
		p.SetExpiry(0)
		p.Close(false, new(Turn))
	}
	for _, id := range historyIDs { // those that nobody is attached to
		if c, _, err := h.b.Connect(ConnectOptions{ClientID: id, CleanStart: true}, new(peer), new(Turn)); err == nil {
			c.Close(false, new(Turn))
		}
	}
	h.note("everybody leaves")
	h.same(fmt.Sprint(h.b.index.root.empty(), len(h.b.index.exact), h.b.index.count, len(h.b.sessions)), fmt.Sprint(true, 0, 0, 0))
}
