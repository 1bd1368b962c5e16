package gateway

import (
	"snbroker/broker"
	"snbroker/internal/mqtt"
	"snbroker/mapping"
	"snbroker/mqttsn"
)

// exchange is what a device was sent and has to answer. There is one at a time
// (SN §6.6, read for both directions), so whoever is slow holds up nobody else.
// An unfinished one lasts through a sleep: it goes on at the next wake.
type exchange struct {
	s        *session
	delivery broker.Delivery
	step     exchangeStep
	topic    mqttsn.TopicID // as sent
	kind     mqttsn.TopicIDType
	msgID    mqttsn.MsgID // of the REGISTER
	tries    int
	repairs  int // times that the device did not know the topic id
	due      instant
}

type exchangeStep uint8

const (
	awaitRegAck exchangeStep = iota
	awaitPubAck
	awaitPubRec
	awaitPubComp
	awaitProof  // of the device's address
	awaitRecord // of a new topic id: after a restart it must not be another topic's
)

// maxRepairs is how often a topic id is registered anew for one message before
// the message is given up.
const maxRepairs = 2

// deliverBurst is how many QoS 0 messages a session sends before others have
// their chance.
const deliverBurst = 32

// sends tells whether the device may be sent messages now.
func (s *session) sends() bool {
	return s.bound() && (s.state == Active || s.state == Awake) && s.dialog == nil && s.hold <= s.g.now
}

// deliver sends what the Backend has for the device, until the device has to
// answer or nothing is left. Everything published goes out through here.
func (s *session) deliver() {
	if s.state == Awake && s.hold > s.g.now {
		s.flushEnded() // it said that it cannot take more
	}
	for range deliverBurst {
		if !s.sends() || s.out != nil {
			return
		}
		if s.state == Awake && s.g.cfg.MaxWakeMessages > 0 && int(s.flushed) >= s.g.cfg.MaxWakeMessages {
			s.flushEnded()
			return
		}
		got := s.conn.Pull(s.g.pulled[:0])
		if len(got) == 0 {
			if s.suspected() {
				s.asked = true
				s.challenge(&broker.Delivery{})
				return
			}
			s.flushEnded()
			return
		}
		s.flushed++
		s.start(&got[0])
		got[0] = broker.Delivery{}
	}
	s.list()
}

// start sends one delivery, or the REGISTER that it needs first.
func (s *session) start(d *broker.Delivery) {
	if d.Release {
		x := s.begin(d, awaitPubComp)
		x.transmit()
		return
	}
	topic := s.memory.topics.Lookup(d.Message.Topic)
	switch {
	case topic != nil && topic.Muted:
		s.conn.Discard(*d, broker.DropRefused)
	case !s.affords(d):
		s.challenge(d)
	case topic != nil && topic.Confirmed:
		s.sendPublish(d, topic)
	case messageLen(registerFields+len(d.Message.Topic)) > s.maxMessage():
		// SN §6.10: what does not fit into this network is dropped.
		s.conn.Discard(*d, broker.DropTooLarge)
	default:
		step := awaitRegAck
		if topic == nil {
			var ok bool
			if topic, ok = s.newTopic(d.Message.Topic); !ok {
				s.conn.Discard(*d, broker.DropRefused)
				return
			}
			s.keepTopic(topic)
			step = awaitRecord
		}
		x := s.begin(d, step)
		x.topic = topic.ID
		x.msgID = s.nextRegister()
		x.transmit()
	}
}

// Octets of REGISTER and PUBLISH beside header, name and data.
const (
	registerFields = 4
	publishFields  = 5
)

// messageLen returns how long a message with so many octets after its type is
// (SN §5.2.1).
func messageLen(body int) int {
	if body+2 <= 255 {
		return body + 2
	}
	return body + 4
}

// maxMessage is the longest message that the device can be sent. A forwarder's
// header must fit into the datagram as well.
func (s *session) maxMessage() int {
	l := s.peer.link
	if s.peer.node == "" {
		return l.maxMessage
	}
	return min(l.maxMessage, l.MTU()-len(s.peer.node)-3)
}

// sendPublish sends a delivery under a topic id that the device knows.
func (s *session) sendPublish(d *broker.Delivery, topic *mapping.Topic) {
	if messageLen(publishFields+len(d.Message.Payload)) > s.maxMessage() {
		s.endExchange()
		s.conn.Discard(*d, broker.DropTooLarge)
		return
	}
	if d.QoS == mqtt.QoS0 {
		s.endExchange()
		s.transmitPublish(d, topic.Type, topic.ID, false)
		return
	}
	x := s.out
	if x == nil {
		x = s.begin(d, awaitPubAck)
	}
	x.step = awaitPubAck
	if d.QoS == mqtt.QoS2 {
		x.step = awaitPubRec
	}
	x.kind, x.topic, x.tries = topic.Type, topic.ID, 0
	x.transmit()
}

func (s *session) transmitPublish(d *broker.Delivery, kind mqttsn.TopicIDType, id mqttsn.TopicID, dup bool) {
	s.g.tx.publish = mqttsn.Publish{
		Dup: dup, QoS: mqttsn.QoS(d.QoS), Retain: d.Retain,
		TopicIDType: kind, TopicID: id, MsgID: mqttsn.MsgID(d.PacketID),
		Data: d.Message.Payload,
	}
	s.send(&s.g.tx.publish)
	s.g.tx.publish.Data = nil
}

func (s *session) nextRegister() mqttsn.MsgID {
	if !s.proved {
		return lot()
	}
	s.nextReg++
	if s.nextReg == 0 {
		s.nextReg = 1
	}
	return s.nextReg
}

// begin makes the exchange for d, which has no answer yet.
func (s *session) begin(d *broker.Delivery, step exchangeStep) *exchange {
	g := s.g
	var x *exchange
	if n := len(g.spare); n > 0 {
		x = g.spare[n-1]
		g.spare = g.spare[:n-1]
	} else {
		x = new(exchange)
	}
	*x = exchange{s: s, delivery: *d, step: step}
	s.out = x
	return x
}

// endExchange forgets the exchange; the Backend knows what became of it.
func (s *session) endExchange() {
	if s.out == nil {
		return
	}
	*s.out = exchange{}
	if len(s.g.spare) < 1024 {
		s.g.spare = append(s.g.spare, s.out)
	}
	s.out = nil
}

// transmit sends the message that the exchange waits for an answer to.
func (x *exchange) transmit() {
	s := x.s
	g := s.g
	if x.step == awaitRecord {
		if !s.conn.Sync(Token{Request: mqttsn.TypeRegAck, MsgID: x.msgID}) {
			x.due = never
			return
		}
		x.step = awaitRegAck
	}
	x.due = g.now.after(g.cfg.TRetry)
	switch x.step {
	case awaitProof:
		s.probe(x.msgID)
	case awaitRegAck:
		g.name = append(g.name[:0], x.delivery.Message.Topic...)
		g.tx.register = mqttsn.Register{TopicID: x.topic, MsgID: x.msgID, TopicName: g.name}
		s.send(&g.tx.register)
	case awaitPubAck, awaitPubRec:
		s.transmitPublish(&x.delivery, x.kind, x.topic, x.delivery.Dup || x.tries > 0)
	case awaitPubComp:
		g.tx.pubRel.MsgID = mqttsn.MsgID(x.delivery.PacketID)
		s.send(&g.tx.pubRel)
	}
	s.schedule()
}

// again goes on with an exchange that a sleep, or a device's congestion, had
// interrupted.
func (x *exchange) again() {
	if x.step == awaitRegAck {
		// The device may have learnt the topic id in the meantime.
		s, d := x.s, x.delivery
		if topic := s.memory.topics.Lookup(d.Message.Topic); topic != nil && topic.Confirmed {
			s.sendPublish(&d, topic)
			if s.out == nil {
				s.list()
			}
			return
		}
	}
	x.delivery.Dup = x.delivery.Dup || x.step == awaitPubAck || x.step == awaitPubRec
	x.tries = 0
	if !x.s.affords(&x.delivery) {
		x.step, x.msgID = awaitProof, lot()
	}
	x.transmit()
}

// goOn goes on with what the device is to be sent, after an interruption.
func (s *session) goOn() {
	if s.out != nil && s.sends() {
		s.out.again()
	} else {
		s.list()
	}
}

// overdue sends once more, or gives the device up: an active one is lost, an
// awake one falls asleep, and the message stays for its next wake (SN §6.13).
func (x *exchange) overdue() {
	s := x.s
	if x.step == awaitProof && x.delivery.Message == nil {
		s.endExchange() // it was not for a message's sake
		s.list()
		return
	}
	if x.tries < s.g.cfg.NRetry {
		x.tries++
		s.resent()
		x.transmit()
		return
	}
	if s.state == Awake {
		s.heard = s.g.now
		s.setState(Asleep)
		return
	}
	s.g.stats.Lost++
	s.g.cfg.Log.Info("device lost: it does not answer", "client", s.id, "tries", x.tries+1)
	s.setState(Lost)
}
