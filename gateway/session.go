package gateway

import (
	"fmt"
	"strings"

	"snbroker/internal/mqtt"
	"snbroker/mqttsn"
	"snbroker/transport"
)

// peer is where a device is: a link, an address on it, and the wireless node id
// if it is behind a forwarder (SN §5.5), whose address is many devices'.
type peer struct {
	link *link
	addr transport.Addr
	node string
}

func (p peer) String() string {
	at := p.addr
	if p.link != nil && p.link.options.Whereabouts != nil {
		if now := p.link.options.Whereabouts(at); now != (transport.Addr{}) {
			at = now
		}
	}
	if p.node == "" {
		return at.String()
	}
	return fmt.Sprintf("%v forwarding %x", at, p.node)
}

// own returns p with nothing in it that aliases a read buffer.
func (p peer) own() peer {
	p.addr.Node, p.node = strings.Clone(p.addr.Node), strings.Clone(p.node)
	return p
}

// session is a device that is there, as long as it is bound to an address: in
// the states Connecting, Active, Asleep and Awake. What outlives that is in
// memory, which the Backend keeps. A session belongs to the gateway's turn.
type session struct {
	g     *Gateway
	id    string
	peer  peer
	local uint16 // which of the link's addresses the device speaks to
	state State
	clean bool // CleanSession

	listed    bool // in Gateway.ready
	asked     bool // to prove its address, since its last PINGREQ
	ping      bool // a PINGRESP is due when the flush ends
	keepAlive uint16
	sleep     uint16 // Duration of DISCONNECT, in seconds
	proved    bool   // somebody is at the address; see proof.go
	flushed   uint32 // messages sent in this wake
	allowance int32  // octets that it may be sent before that
	nextReg   mqttsn.MsgID
	retries   uint16 // messages sent again
	roundTrip uint32 // until it answers, smoothed, in microseconds; 0: not known

	conn   Conn
	memory *memory
	dialog *dialogue // of CONNECT, while it runs
	out    *exchange // with the device, waiting for its answer

	heard     instant // when the last message came
	hold      instant // nothing is sent to a congested device before
	expires   instant // when the device's identity does; 0: never
	scheduled instant // its place in Gateway.timers
	slot      int32
	leaving   mqttsn.MsgID // the number of a DISCONNECT that waits for the disk; 0: none does
	willed    bool         // there was a will: the disk may have it still

	lastRequest lastRequest
	lastPublish lastPublish
}

// bound tells whether s is what its address leads to. A device whose address
// was given to another ClientID is not, until it comes back.
func (s *session) bound() bool { return s.peer.link != nil }

// Ready implements Client.
func (s *session) Ready() { s.g.report(event{session: s, kind: eventReady}) }

// Done implements Client.
func (s *session) Done(token Token, reason mqtt.ReasonCode) {
	s.g.report(event{session: s, kind: eventDone, token: token, reason: reason})
}

// Closed implements Client.
func (s *session) Closed(why mqtt.ReasonCode) {
	s.g.report(event{session: s, kind: eventClosed, reason: why})
}

// reported handles what the Backend said, in the turn.
func (s *session) reported(e *event) {
	switch e.kind {
	case eventReady:
		s.list()
	case eventDone:
		if s.conn != nil || s.dialog != nil { // else it has left
			s.answer(e.token, e.reason)
		}
	case eventChecked:
		s.checked(e.checked)
	case eventClosed:
		// A device that connected again in the meantime has a new Conn.
		if s.conn != nil && !s.conn.Attached() {
			s.expelled(e.reason)
		}
	}
}

// answer sends the reply that a request was waiting for.
func (s *session) answer(token Token, reason mqtt.ReasonCode) {
	switch token.Request {
	case mqttsn.TypeConnect:
		s.admitted(token, reason)
	case mqttsn.TypeRegister:
		s.regAckFor(token, mqttsn.ReturnAccepted)
	case mqttsn.TypeRegAck:
		s.recorded(token.MsgID)
	case mqttsn.TypePubRec:
		s.release(token.MsgID)
	case mqttsn.TypeDisconnect:
		s.left(token)
	case mqttsn.TypeWillTopicUpd:
		s.g.tx.willTopicResp.ReturnCode = mqttsn.ReturnAccepted
		s.send(&s.g.tx.willTopicResp)
	case mqttsn.TypeWillMsgUpd:
		s.g.tx.willMsgResp.ReturnCode = mqttsn.ReturnAccepted
		s.send(&s.g.tx.willMsgResp)
	case mqttsn.TypePublish:
		s.published(token, reason)
	case mqttsn.TypePubRel:
		s.g.tx.pubComp.MsgID = token.MsgID
		s.send(&s.g.tx.pubComp)
	case mqttsn.TypeSubscribe:
		s.subscribed(token, reason)
	case mqttsn.TypeUnsubscribe:
		s.g.tx.unsubAck.MsgID = token.MsgID
		s.send(&s.g.tx.unsubAck)
	}
}

// list has s looked at by deliverReady.
func (s *session) list() {
	if !s.listed {
		s.listed = true
		s.g.ready = append(s.g.ready, s)
	}
}

// transitions are the legal ones; see SN §6.14, figure 4, with what its prose
// adds: a sleeper may disconnect, and an awake device falls asleep again.
var transitions = [numStates][numStates]bool{
	Disconnected: {Connecting: true, Active: true},
	Connecting:   {Active: true, Disconnected: true},
	Active:       {Active: true, Asleep: true, Disconnected: true, Lost: true},
	Asleep:       {Asleep: true, Awake: true, Active: true, Disconnected: true, Lost: true},
	Awake:        {Asleep: true, Active: true, Disconnected: true, Lost: true},
	Lost:         {},
}

// setState moves s to another state and does what entering it takes.
func (s *session) setState(to State) {
	if !transitions[s.state][to] {
		panic(fmt.Sprintf("gateway: a session went from %v to %v", s.state, to))
	}
	g := s.g
	g.stats.states[s.state]--
	g.stats.states[to]++
	s.state = to
	switch to {
	case Active:
		s.ping, s.asked = false, false
		s.list()
	case Asleep:
		s.ping, s.flushed = false, 0
		s.conn.Rest()
	case Awake:
		s.flushed = 0
		s.list()
	case Disconnected, Lost:
		s.leave(to == Lost)
		return
	}
	s.schedule()
}

// leave takes s out of the gateway. The Backend keeps its session if that was
// to outlive the connection.
func (s *session) leave(lost bool) {
	g := s.g
	s.unbind()
	if g.byID[s.id] == s {
		delete(g.byID, s.id)
	}
	g.timers.remove(s)
	delete(g.deviceRates, s)
	s.endExchange()
	s.dialog = nil
	if s.conn != nil {
		s.conn.Close(lost)
		s.conn = nil
	}
}

// bind makes p lead to s, and to no other session.
func (s *session) bind(p peer, local uint16) {
	g := s.g
	s.local = local
	if g.byPeer[p] == s {
		return
	}
	if other := g.byPeer[p]; other != nil {
		if other.state == Connecting {
			other.setState(Disconnected)
		} else {
			other.unbind()
			if other.state == Awake {
				other.setState(Asleep) // nothing could end its flush
			}
		}
	}
	s.unbind()
	s.peer = p.own()
	g.byPeer[s.peer] = s
	s.arriveAt(p)
}

func (s *session) unbind() {
	if s.bound() {
		delete(s.g.byPeer, s.peer)
		s.peer = peer{}
	}
}

// expelled ends a session that the Backend has given to somebody else.
func (s *session) expelled(why mqtt.ReasonCode) {
	s.g.cfg.Log.Info("device: session ended by the broker", "client", s.id, "reason", why)
	s.send(&s.g.tx.disconnect)
	s.conn = nil
	s.setState(Disconnected)
}
