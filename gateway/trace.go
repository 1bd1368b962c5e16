package gateway

import (
	"time"

	"snbroker/internal/tap"
	"snbroker/mqttsn"
)

// show has a datagram seen by who watches; somebody does. raw is all of it, b the
// message inside.
//
//go:noinline
func (g *Gateway) show(p peer, out bool, raw, b []byte) {
	var d mqttsn.Decoder // the gateway's own holds what is being handled
	s := g.byPeer[p]
	packet := tap.Packet{At: time.Now(), Out: out, Protocol: tap.MQTTSN, Peer: p.String(), Local: p.link.Name(), Octets: raw}
	m, err := d.Decode(b)
	if err == nil {
		switch m := m.(type) {
		case *mqttsn.Connect:
			packet.ClientID = string(m.ClientID)
			s = g.byID[packet.ClientID]
		case *mqttsn.PingReq:
			if len(m.ClientID) > 0 {
				s = g.byID[string(m.ClientID)]
			}
		}
	}
	if s != nil {
		packet.ClientID, packet.State = s.id, s.state.String()
	}
	if err == nil {
		packet.Topic = g.topicOf(s, m)
	}
	g.cfg.Tap.Pass(packet)
}

// topicOf tells what topic a message is about; "" for none, or an unknown one.
func (g *Gateway) topicOf(s *session, m mqttsn.Message) string {
	switch m := m.(type) {
	case *mqttsn.Publish:
		return g.named(s, m.TopicIDType, m.TopicID)
	case *mqttsn.Register:
		return string(m.TopicName)
	case *mqttsn.Subscribe:
		if m.TopicIDType == mqttsn.TopicNormal {
			return string(m.TopicName)
		}
		return g.named(s, m.TopicIDType, m.TopicID)
	case *mqttsn.Unsubscribe:
		if m.TopicIDType == mqttsn.TopicNormal {
			return string(m.TopicName)
		}
		return g.named(s, m.TopicIDType, m.TopicID)
	case *mqttsn.RegAck:
		return g.named(s, mqttsn.TopicNormal, m.TopicID)
	case *mqttsn.SubAck:
		return g.named(s, mqttsn.TopicNormal, m.TopicID)
	case *mqttsn.PubAck:
		return g.named(s, mqttsn.TopicNormal, m.TopicID)
	case *mqttsn.WillTopic:
		return string(m.WillTopic)
	case *mqttsn.WillTopicUpd:
		return string(m.WillTopic)
	}
	return ""
}

func (g *Gateway) named(s *session, kind mqttsn.TopicIDType, id mqttsn.TopicID) string {
	clientID := ""
	if s != nil {
		clientID = s.id
	}
	if kind == mqttsn.TopicNormal {
		if s == nil || s.memory == nil {
			return ""
		}
		name, _ := s.memory.topics.Name(id)
		return name
	}
	if kind == mqttsn.TopicShort {
		return string([]byte{byte(id >> 8), byte(id)})
	}
	name, _ := g.cfg.Predefined.Name(clientID, id)
	return name
}
