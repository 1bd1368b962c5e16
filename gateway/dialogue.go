package gateway

import (
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
	follows   bool         // a connection that the gateway has: what that is still to be answered comes first
	number    mqttsn.MsgID // tells late answers from those to this one
	tries     int
	due       instant
	expires   instant // when the identity does; 0: never
}

// number returns one for a dialogue, or a DISCONNECT. It is not 0.
func (g *Gateway) number() mqttsn.MsgID {
	if g.numbers++; g.numbers == 0 {
		g.numbers = 1
	}
	return g.numbers
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
