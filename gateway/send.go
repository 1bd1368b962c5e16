package gateway

import "snbroker/mqttsn"

// messages are what the gateway sends, kept so that sending allocates nothing.
type messages struct {
	gwInfo        mqttsn.GwInfo
	advertise     mqttsn.Advertise
	connAck       mqttsn.ConnAck
	willTopicReq  mqttsn.WillTopicReq
	willMsgReq    mqttsn.WillMsgReq
	register      mqttsn.Register
	regAck        mqttsn.RegAck
	publish       mqttsn.Publish
	pubAck        mqttsn.PubAck
	pubRec        mqttsn.PubRec
	pubRel        mqttsn.PubRel
	pubComp       mqttsn.PubComp
	subAck        mqttsn.SubAck
	unsubAck      mqttsn.UnsubAck
	pingResp      mqttsn.PingResp
	disconnect    mqttsn.Disconnect
	willTopicResp mqttsn.WillTopicResp
	willMsgResp   mqttsn.WillMsgResp
}

// send gives m to the link of p, wrapped for a forwarder if p is behind one. It
// leaves with the turn's other datagrams.
func (g *Gateway) send(p peer, local uint16, m mqttsn.Message) { g.sendFor(nil, p, local, m) }

// sendFor is send on a session's account; nil: what is no longer than what it
// answers.
func (g *Gateway) sendFor(s *session, p peer, local uint16, m mqttsn.Message) {
	b := g.encode[:0]
	inner := 0
	var err error
	if p.node != "" {
		b, err = mqttsn.AppendEncapsulation(b, 0, p.node)
		inner = len(b)
	}
	if err == nil {
		b, err = m.AppendBinary(b)
	}
	if err != nil {
		// Lengths were checked where the message was made.
		g.stats.EncodeErrors++
		g.cfg.Log.Error("message not sent", "message", m.Type(), "error", err)
		return
	}
	g.encode = b
	if s != nil && !s.charge(len(b)) {
		return
	}
	p.link.Send(p.addr, local, b)
	if g.cfg.Tap.On() {
		g.show(p, true, b, b[inner:])
	}
	g.stats.Out[m.Type()]++
	if !p.link.dirty {
		p.link.dirty = true
		g.ends = append(g.ends, p.link)
	}
}

// send sends m to the device, if it has an address.
func (s *session) send(m mqttsn.Message) {
	if s.bound() {
		s.g.sendFor(s, s.peer, s.local, m)
	}
}
