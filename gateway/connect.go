package gateway

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"snbroker/broker"
	"snbroker/internal/mqtt"
	"snbroker/mqttsn"
)

// connect handles CONNECT, in every state. s is the session at the address.
func (g *Gateway) connect(p peer, local uint16, s *session, m *mqttsn.Connect, raw []byte) {
	id := alias(m.ClientID)
	if id == "" && g.cfg.AssignClientID {
		id = fmt.Sprintf("sn-%v", p)
	}
	who := p.link.identify(p.addr)
	if rc := g.admissible(p, m, id, who); rc != mqttsn.ReturnAccepted {
		g.refuseConnect(p, local, rc)
		return
	}
	if !p.link.asksAuth(g, who) { // else it is judged when it is known
		if rc := g.mayHave(p, id, who); rc != mqttsn.ReturnAccepted {
			g.refuseConnect(p, local, rc)
			return
		}
	}
	if s != nil && s.id == id && s.repeatedConnect(raw) {
		return
	}
	if s == nil || s.id != id {
		known := g.byID[id]
		switch {
		case known != nil && !m.Will && !p.link.asksAuth(g, who):
			s = known // moves when the connection is made
		case g.stats.present() >= g.cfg.MaxDevices && !g.makeRoom():
			g.complain("CONNECT refused: max_devices is reached, and all of them have proved address or identity", p, id)
			g.refuseConnect(p, local, mqttsn.ReturnCongestion)
			return
		default:
			// A dialogue at a new address leaves a session elsewhere as it
			// is until the dialogue is finished.
			s = &session{g: g, id: strings.Clone(id), slot: unscheduled}
			if known != nil {
				s.id = known.id
			}
			s.bind(p, local)
			s.setState(Connecting)
		}
	}
	s.heard, s.leaving = g.now, 0
	s.lastRequest.connected(g.hash(raw))
	s.dialog = &dialogue{number: g.number(), who: who, clean: m.CleanSession, keepAlive: m.Duration, withWill: m.Will}
	if p.link.asksAuth(g, who) {
		s.local = local
		s.awaitAuth()
		return
	}
	s.identified(p, local)
}

// identified goes on with the dialogue when it is known who the device is.
func (s *session) identified(p peer, local uint16) {
	if s.dialog.withWill {
		s.local = local
		s.prompt(awaitWillTopic)
		return
	}
	s.establish(p, local)
}

// admissible tells whether a CONNECT may be served at all.
func (g *Gateway) admissible(p peer, m *mqttsn.Connect, id string, who any) mqttsn.ReturnCode {
	log := g.cfg.Log
	switch {
	case m.ProtocolID != mqttsn.ProtocolID:
		log.Debug("CONNECT refused: unknown ProtocolId", "peer", p, "protocol", m.ProtocolID)
	case id == "":
		log.Debug("CONNECT refused: empty ClientId", "peer", p)
	case len(id) > g.cfg.MaxClientID:
		log.Debug("CONNECT refused: ClientId too long", "peer", p, "octets", len(id), "limit", g.cfg.MaxClientID)
	case !utf8.ValidString(id) || strings.IndexByte(id, 0) >= 0:
		log.Debug("CONNECT refused: ClientId is not UTF-8", "peer", p)
	case !p.link.mayConnect(id):
		g.complain("CONNECT refused: client_ids of this listener does not have it", p, id)
	case who == nil && !p.link.options.Anonymous && !p.link.asksAuth(g, who):
		g.complain("CONNECT refused: anonymous devices are not allowed on this listener; set allow_anonymous = true to let them in", p, id)
	default:
		return mqttsn.ReturnAccepted
	}
	return mqttsn.ReturnNotSupported
}

// mayHave tells whether the Backend lets a device have a ClientID. It is asked before
// the device that has it now is touched.
func (g *Gateway) mayHave(p peer, id string, who any) mqttsn.ReturnCode {
	reason := g.backend.MayConnect(who, id)
	if reason != mqtt.ReasonSuccess {
		g.complain(refusedByBroker, p, id, "reason", reason)
	}
	return returnCode(reason)
}

const refusedByBroker = "CONNECT refused by the broker"

func (g *Gateway) refuseConnect(p peer, local uint16, rc mqttsn.ReturnCode) {
	g.stats.ConnectRefused[rc]++
	g.tx.connAck.ReturnCode = rc
	g.send(p, local, &g.tx.connAck)
}

func (s *session) connAck(rc mqttsn.ReturnCode) {
	if rc != mqttsn.ReturnAccepted {
		s.g.stats.ConnectRefused[rc]++
	}
	s.g.tx.connAck.ReturnCode = rc
	s.send(&s.g.tx.connAck)
}

// establish makes the connection that s.dialog describes, at p. A session of
// the same ClientID elsewhere is taken over.
func (s *session) establish(p peer, local uint16) {
	g, d, here := s.g, s.dialog, s
	if known := g.byID[s.id]; known != nil && known != s {
		// The dialogue ran at a new address; the session it is about moves.
		s.setState(Disconnected)
		known.lastRequest = s.lastRequest
		s = known
		s.dialog, s.leaving = d, 0
	}
	d.step, d.due = awaitBackend, never
	moved := s.bound() && s.peer != p
	if moved && s.state == Active {
		g.tx.disconnect = mqttsn.Disconnect{}
		s.send(&g.tx.disconnect)
		g.cfg.Log.Info("device moved", "client", s.id, "from", s.peer, "to", p)
	}
	s.bind(p, local)
	s.proved, s.allowance = here.proved, here.allowance // of p, in either case
	s.heard = g.now
	g.byID[s.id] = s
	asleep := s.state == Asleep || s.state == Awake
	if s.conn != nil {
		fire := moved && s.state == Active && g.cfg.TakeoverWill && s.memory.will != nil
		switch {
		case d.clean, s.clean && !asleep, fire, !s.conn.Attached(), !g.same(s.conn.Identity(), d.who):
			// MQTT: a session made with CleanSession ends with its connection;
			// a sleeper's connection goes on. One that the Backend has given
			// to somebody else in the meantime is asked back. Another identity
			// is judged anew.
			s.endExchange()
			d.follows = true
			s.conn.Close(fire)
			s.conn = nil
		default:
			s.resume(asleep)
			return
		}
	}
	expiry := g.cfg.SessionExpiry
	if d.clean {
		expiry = 0
	}
	conn, reason, done := g.backend.Connect(ConnectRequest{
		ClientID:   s.id,
		Identity:   d.who,
		CleanStart: d.clean,
		Expiry:     expiry,
		Keep: func(old broker.Kept) broker.Kept {
			m := remember(old, d.clean)
			if m != s.memory {
				s.memory, s.lastPublish = m, lastPublish{} // whose topic ids mean others
			}
			m.connect(d)
			return m
		},
	}, s, Token{Request: mqttsn.TypeConnect, MsgID: d.number})
	s.conn = conn
	if done {
		s.attached(reason)
	}
}

// resume goes on with the session that s has, after a CONNECT without
// CleanSession.
func (s *session) resume(asleep bool) {
	s.endExchange()
	s.conn.Resume()
	if s.clean {
		s.conn.SetExpiry(s.g.cfg.SessionExpiry)
	}
	s.dialog.follows = true
	willed := s.memory.will != nil
	if s.memory.connect(s.dialog); willed && s.memory.will == nil {
		s.keepNoWill()
	}
	if asleep {
		s.keepState()
	} else {
		s.keepDoubt()
	}
	s.connected()
}

// admitted goes on with the dialogue when the Backend has answered.
func (s *session) admitted(token Token, reason mqtt.ReasonCode) {
	switch d := s.dialog; {
	case d == nil || d.number != token.MsgID: // it took too long
	case d.step == awaitBackend:
		s.attached(reason)
	case d.step == awaitDisk:
		s.welcome()
	}
}

// attached goes on when the session is the device's.
func (s *session) attached(reason mqtt.ReasonCode) {
	if rc := returnCode(reason); rc != mqttsn.ReturnAccepted {
		s.g.complain(refusedByBroker, s.peer, s.id, "reason", reason)
		s.dialog, s.conn = nil, nil
		s.connAck(rc)
		s.setState(Disconnected)
		return
	}
	s.forgetPredefined()
	s.connected()
}

// connected makes the session what the dialogue said (SN §6.3, the table of
// CleanSession and Will). The device is told when that would survive a restart.
func (s *session) connected() {
	d := s.dialog
	s.conn.SetWill(s.memory.will)
	s.clean, s.keepAlive, s.hold, s.expires = d.clean, d.keepAlive, 0, d.expires
	d.step = awaitDisk
	token := Token{Request: mqttsn.TypeConnect, MsgID: d.number}
	sync := s.conn.Sync
	s.willed = s.willed || s.memory.will != nil
	if s.memory.will == nil && !d.follows {
		sync = s.conn.Settled // a new session promises nothing yet
	}
	if sync(token) {
		s.welcome()
	}
}

// welcome finishes the dialogue.
func (s *session) welcome() {
	s.dialog = nil
	s.connAck(mqttsn.ReturnAccepted)
	s.setState(Active)
}
