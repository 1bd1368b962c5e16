package gateway

import (
	"math/rand/v2"

	"snbroker/broker"
	"snbroker/mqttsn"
)

// Anybody can write a device's address on his datagrams and have it flooded with
// the answers. So until an address has proved that somebody there asked for them,
// it is sent at most Config.MaxAmplification times the octets that came from it.
// The proof is a REGACK with the MsgID of the gateway's REGISTER, which is drawn by
// lot until then; a PUBACK is none, because the MsgIDs of PUBLISH can be guessed.
// What would exceed the bound is preceded by a REGISTER of nothing, which asks for
// that proof: it always fits.

// probeName is the topic of that REGISTER. Its TopicID is one that the standard
// keeps from use, so that no device takes it for anything.
const (
	probeName = "?"
	probeID   = 0xFFFF
)

// maxAllowance keeps the count within its type; nobody is sent so much at once.
const maxAllowance = 1 << 30

// provable tells whether an address has anything to prove: not on links without
// IP, where a peer is whoever is at the other end or has the key, and not on this
// machine.
func (g *Gateway) provable(p peer) bool {
	return g.cfg.MaxAmplification > 0 && p.addr.IP.IsValid() && !p.addr.IP.Addr().IsLoopback()
}

// arriveAt begins the account of a session's new address.
func (s *session) arriveAt(p peer) {
	s.proved, s.allowance = !s.g.provable(p), 0
	s.credit()
}

// credit adds to it for the message that is being handled.
func (s *session) credit() {
	if !s.proved {
		s.allowance = min(maxAllowance, s.allowance+int32(s.g.size*s.g.cfg.MaxAmplification))
	}
}

// charge takes octets off the account, if they are there.
func (s *session) charge(octets int) bool {
	switch {
	case s.proved:
	case octets > int(s.allowance):
		s.g.stats.Held++
		return false
	default:
		s.allowance -= int32(octets)
	}
	return true
}

// affords tells whether the first message that delivers d may be sent.
func (s *session) affords(d *broker.Delivery) bool {
	if s.proved || d.Message == nil {
		return true // a PUBREL is as short as what it answers
	}
	size := messageLen(registerFields + len(d.Message.Topic))
	if t := s.memory.topics.Lookup(d.Message.Topic); t != nil && t.Confirmed {
		size = messageLen(publishFields + len(d.Message.Payload))
	}
	return size <= int(s.allowance) || size > s.maxMessage() // that is dropped
}

// challenge has the device prove its address before d is delivered.
func (s *session) challenge(d *broker.Delivery) {
	s.g.stats.Challenges++
	x := s.begin(d, awaitProof)
	x.msgID = lot()
	x.transmit()
}

func (s *session) probe(id mqttsn.MsgID) {
	g := s.g
	g.name = append(g.name[:0], probeName...)
	g.tx.register = mqttsn.Register{TopicID: probeID, MsgID: id, TopicName: g.name}
	s.send(&g.tx.register)
}

// lot draws a MsgID that nobody can know who does not get it.
func lot() mqttsn.MsgID { return mqttsn.MsgID(1 + rand.IntN(0xFFFF)) }

// proven notes that the address is the device's, and goes on.
func (s *session) proven() {
	d := s.out.delivery
	s.endExchange()
	if d.Message != nil {
		s.start(&d)
	}
	if s.out == nil {
		s.list()
	}
}

// suspected tells whether the device is to prove its address although nothing is to be
// sent to it: half of the room is taken, and who has proved nothing may soon have to
// leave. It is asked once when it connects, and with each PINGREQ.
func (s *session) suspected() bool {
	return s.state == Active && !s.asked && s.stranger() && s.g.stats.present() > s.g.cfg.MaxDevices/2
}

// stranger tells whether a session has proved neither address nor identity.
func (s *session) stranger() bool {
	return !s.proved && (s.conn == nil || s.conn.Identity() == nil)
}

// looked is how many devices makeRoom looks at: all of a million would take a
// flood's side.
const looked = 64

// makeRoom takes out, of some devices, the one that has proved nothing and was
// silent for longest. false: all of them have proved their address, or who they
// are.
func (g *Gateway) makeRoom() bool {
	var oldest *session
	n := 0
	for _, s := range g.byPeer { // in an order that nobody can foresee
		if s.stranger() && (oldest == nil || s.heard < oldest.heard) {
			oldest = s
		}
		if n++; n == looked {
			break
		}
	}
	if oldest == nil {
		return false
	}
	g.stats.Displaced++
	g.complain("device ended: max_devices is reached, and it has proved neither address nor identity", oldest.peer, oldest.id)
	oldest.setState(Disconnected)
	return true
}
