package gateway

import (
	"errors"
	"time"
	"unsafe"

	"snbroker/mqttsn"
	"snbroker/transport"
)

// receiver is a link's way into the gateway.
type receiver struct {
	g    *Gateway
	link *link
}

// Receive takes in a batch in one turn.
func (r receiver) Receive(_ transport.Link, batch []transport.Datagram) {
	g := r.g
	g.beginTurn()
	if !g.closed && !r.link.ended {
		for i := range batch {
			g.route(r.link, &batch[i])
		}
	}
	if pause := g.endTurn(); pause > 0 {
		time.Sleep(pause)
	}
}

// route peels a forwarder's encapsulation off a datagram and hands the message
// to its session.
func (g *Gateway) route(l *link, d *transport.Datagram) {
	p := peer{link: l, addr: d.From}
	b := d.Data
	if t, ok := mqttsn.PeekType(b); ok && t == mqttsn.TypeEncapsulated {
		e, err := mqttsn.DecodeEncapsulated(b)
		if err != nil {
			g.malformed(err)
			return
		}
		// Only for looking up; whoever keeps a peer clones it.
		p.node, b = alias(e.NodeID), e.Message
	}
	if g.cfg.Tap.On() {
		g.show(p, false, d.Data, b)
	}
	m, err := g.decode.Decode(b)
	if err != nil {
		g.malformed(err)
		return
	}
	g.stats.In[m.Type()]++
	g.size = len(b)
	g.step(p, d.Local, m, b)
	g.size = 0
}

func (g *Gateway) malformed(err error) {
	var why mqttsn.Error
	if errors.As(err, &why) {
		g.stats.Malformed[why]++
	}
}

// step does what a message does in its session's state. raw is the message's
// octets.
func (g *Gateway) step(p peer, local uint16, m mqttsn.Message, raw []byte) {
	if pub, ok := m.(*mqttsn.Publish); ok && pub.QoS == mqttsn.QoSMinusOne {
		g.publishMinusOne(p, pub) // SN §6.8: no connection, no state, no reply
		return
	}
	s := g.byPeer[p]
	if s != nil {
		s.credit()
	}
	switch m := m.(type) {
	case *mqttsn.SearchGw:
		g.gwInfo(p, local)
		return
	case *mqttsn.Connect:
		g.connect(p, local, s, m, raw)
		return
	case *mqttsn.PingReq:
		if len(m.ClientID) > 0 {
			s = g.woken(p, local, s, m)
		}
	}
	state := Disconnected
	if s != nil {
		state = s.state
		if s.dialog != nil || s.leaving != 0 {
			state = Connecting // whoever leaves has nothing more to say
		}
		s.local = local
	}
	switch answers[m.Type()][state] {
	case ignore:
		g.stats.Ignored++
		return
	case refuse:
		if d, ok := m.(*mqttsn.Disconnect); ok && d.Duration > 0 {
			g.stats.Ignored++ // it would take the refusal for leave to sleep
			return
		}
		g.refuse(p, local)
		return
	}
	s.heard = g.now // SN §6.14: any message restarts the supervision
	s.handle(m, raw)
}

// handle hands a message to the part of the session that deals with it.
func (s *session) handle(m mqttsn.Message, raw []byte) {
	if m.Type() != mqttsn.TypeSubscribe {
		s.lastRequest.pass(m.Type())
	}
	switch m := m.(type) {
	case *mqttsn.Publish:
		s.publish(m)
	case *mqttsn.PubRel:
		s.pubRel(m)
	case *mqttsn.PubAck:
		s.pubAck(m)
	case *mqttsn.PubRec:
		s.pubRec(m)
	case *mqttsn.PubComp:
		s.pubComp(m)
	case *mqttsn.Register:
		s.register(m)
	case *mqttsn.RegAck:
		s.regAck(m)
	case *mqttsn.Subscribe:
		s.subscribe(m, raw)
	case *mqttsn.Unsubscribe:
		s.unsubscribe(m)
	case *mqttsn.PingReq:
		s.pingReq()
	case *mqttsn.Disconnect:
		s.disconnect(m)
	case *mqttsn.Auth:
		s.auth(m)
	case *mqttsn.WillTopic:
		s.willTopic(m)
	case *mqttsn.WillMsg:
		s.willMsg(m)
	case *mqttsn.WillTopicUpd:
		s.willTopicUpd(m)
	case *mqttsn.WillMsgUpd:
		s.willMsgUpd(m)
	}
}

// alias returns b as a string without a copy; it is valid as long as b.
func alias(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
