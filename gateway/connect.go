package gateway

import (
	"fmt"
	"hash/maphash"
	"strings"
	"unicode/utf8"

	"snbroker/broker"
	"snbroker/internal/mqtt"
	"snbroker/mqttsn"
)

// dialogue is a CONNECT on its way: from the message to the CONNACK, with the
// will in between (SN §6.3). Until it is finished the session stays as it was.
type dialogue struct {
	who       any // proved; nil: anonymous
	clean     bool
	keepAlive uint16
	withWill  bool
	will      *broker.Will // its topic, once that is known
	step      dialogueStep
	resumed   bool         // of a session that the gateway has already
	number    mqttsn.MsgID // tells late answers from those to this one
	tries     int
	due       instant
	expires   instant // when the identity does; 0: never
}

type dialogueStep uint8

const (
	awaitWillTopic dialogueStep = iota
	awaitWillMsg
	awaitBackend
	awaitDisk  // to be told; it is connected
	awaitAuth  // the device's AUTH
	awaitCheck // of its username and password
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
	s.heard, s.leaving = g.now, false
	s.lastRequest.connected(g.hash(raw))
	g.dialogues++
	s.dialog = &dialogue{number: g.dialogues, who: who, clean: m.CleanSession, keepAlive: m.Duration, withWill: m.Will}
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

func (g *Gateway) refuseConnect(p peer, local uint16, rc mqttsn.ReturnCode) {
	g.stats.ConnectRefused[rc]++
	g.tx.connAck.ReturnCode = rc
	g.send(p, local, &g.tx.connAck)
}

func (g *Gateway) hash(raw []byte) uint64 { return maphash.Bytes(g.guard.seed, raw) }

// repeatedConnect answers a CONNECT that came again because the answer was
// lost: the same octets, and nothing else since.
func (s *session) repeatedConnect(raw []byte) bool {
	if !s.lastRequest.repeatedConnect(s.g.hash(raw), s.heard, s.g) {
		return false
	}
	s.g.stats.Duplicates++
	s.heard = s.g.now
	switch {
	case s.dialog != nil && s.dialog.prompts():
		s.prompt(s.dialog.step)
	case s.dialog != nil && s.dialog.step == awaitAuth:
		s.awaitAuth()
	case s.dialog == nil && s.state == Active:
		s.connAck(mqttsn.ReturnAccepted)
	}
	return true
}

// prompt asks for the will topic or message and waits for it.
func (s *session) prompt(step dialogueStep) {
	s.dialog.step = step
	s.dialog.due = s.g.now.after(s.g.cfg.TRetry)
	if step == awaitWillTopic {
		s.send(&s.g.tx.willTopicReq)
	} else {
		s.send(&s.g.tx.willMsgReq)
	}
	s.schedule()
}

// dialogueOverdue repeats the prompt, or ends the dialogue: what was before it
// goes on.
func (s *session) dialogueOverdue() {
	d := s.dialog
	if d.tries < s.g.cfg.NRetry && d.prompts() {
		d.tries++
		s.resent()
		s.prompt(d.step)
		return
	}
	if d.step == awaitAuth {
		s.authRefused("CONNECT refused: no AUTH followed it, and anonymous devices are not allowed on this listener", mqttsn.ReturnNotSupported)
		return
	}
	s.abandon()
}

// abandon ends the dialogue without a connection.
func (s *session) abandon() {
	s.dialog, s.lastRequest = nil, lastRequest{}
	if s.state == Connecting {
		s.setState(Disconnected)
		return
	}
	s.goOn()
}

// willTopic takes the will's topic in the dialogue.
func (s *session) willTopic(m *mqttsn.WillTopic) {
	d := s.dialog
	switch {
	case d == nil:
		s.repeatConnAck()
	case !d.prompts():
	case len(m.WillTopic) == 0:
		// No will is wanted: nothing to ask for, though some ask all the same.
		d.withWill, d.will = true, nil
		s.establish(s.peer, s.local)
	case m.QoS > mqttsn.QoS2 || !mqtt.ValidTopicName(m.WillTopic):
		s.connAck(mqttsn.ReturnNotSupported)
		s.abandon()
	case !s.mayLeave(d.who, m.WillTopic):
		s.connAck(mqttsn.ReturnNotSupported)
		s.abandon()
	default:
		d.will = &broker.Will{Topic: string(m.WillTopic), QoS: mqtt.QoS(m.QoS), Retain: m.Retain}
		d.tries = 0
		s.prompt(awaitWillMsg)
	}
}

// willMsg takes the will's message and finishes the dialogue.
func (s *session) willMsg(m *mqttsn.WillMsg) {
	switch d := s.dialog; {
	case d == nil:
		s.repeatConnAck()
	case d.step == awaitWillTopic:
		s.prompt(awaitWillTopic)
	case d.step == awaitWillMsg:
		d.will.Payload = append([]byte(nil), m.WillMsg...)
		s.establish(s.peer, s.local)
	}
}

// repeatConnAck answers the end of a dialogue again whose CONNACK was lost.
func (s *session) repeatConnAck() {
	if s.lastRequest.connecting() {
		s.g.stats.Duplicates++
		s.connAck(mqttsn.ReturnAccepted)
	} else {
		s.g.stats.Ignored++
	}
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
		s.dialog = d
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
			s.memory = remember(old, d.clean)
			s.memory.connect(d, &s.peer)
			return s.memory
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
	if !asleep {
		s.memory.topics.Doubt()
	}
	s.dialog.resumed = true
	s.memory.connect(s.dialog, &s.peer)
	s.keepState()
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
		s.g.complain("CONNECT refused by the broker", s.peer, s.id, "reason", reason)
		s.dialog, s.conn = nil, nil
		s.connAck(rc)
		s.setState(Disconnected)
		return
	}
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
	if s.memory.will == nil && !d.resumed {
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

// lastRequest remembers the last CONNECT or SUBSCRIBE, to know it when it comes
// again because its answer was lost.
type lastRequest struct {
	hash uint64
	kind mqttsn.MsgType
}

func (l *lastRequest) connected(hash uint64) { *l = lastRequest{hash, mqttsn.TypeConnect} }

// connecting tells whether nothing came since the CONNECT and its dialogue.
func (l *lastRequest) connecting() bool { return l.kind == mqttsn.TypeConnect }

// repeatedConnect tells whether a CONNECT is the same as the last message, and
// came soon enough after it to be its repetition.
func (l *lastRequest) repeatedConnect(hash uint64, heard instant, g *Gateway) bool {
	return l.kind == mqttsn.TypeConnect && l.hash == hash && g.now-heard <= g.patience()
}

// pass notes another message. It ends the memory of a CONNECT, except for the
// dialogue's own; acknowledgements do not end that of a SUBSCRIBE.
func (l *lastRequest) pass(t mqttsn.MsgType) {
	switch t {
	case mqttsn.TypeWillTopic, mqttsn.TypeWillMsg, mqttsn.TypeAuth:
	case mqttsn.TypePubAck, mqttsn.TypePubRec, mqttsn.TypePubComp, mqttsn.TypeRegAck:
		if l.kind == mqttsn.TypeConnect {
			*l = lastRequest{}
		}
	default:
		*l = lastRequest{}
	}
}

// patience is how long a device repeats a request, at most.
func (g *Gateway) patience() instant {
	return instant(g.cfg.TRetry) * instant(g.cfg.NRetry+1)
}
