package smallgw

import (
	"slices"
	"time"

	"snbroker/mqttsn"
)

// handle does what a message of the device asks for.
func (s *session) handle(m mqttsn.Message) {
	switch m := m.(type) {
	case *mqttsn.WillTopic:
		if s.state == connecting {
			s.offered = &mqttsn.WillTopic{QoS: m.QoS, Retain: m.Retain, WillTopic: clone(m.WillTopic)}
			s.send(&mqttsn.WillMsgReq{})
		}
	case *mqttsn.WillMsg:
		if s.state == connecting && s.offered != nil {
			s.will, s.words = s.offered, clone(m.WillMsg)
			s.accept()
		}
	case *mqttsn.Register:
		s.send(&mqttsn.RegAck{TopicID: s.idOf(string(m.TopicName), true), MsgID: m.MsgID})
	case *mqttsn.Publish:
		s.publish(m)
	case *mqttsn.PubRel:
		if i := slices.Index(s.received, m.MsgID); i >= 0 {
			s.received = slices.Delete(s.received, i, i+1)
		}
		s.send(&mqttsn.PubComp{MsgID: m.MsgID})
	case *mqttsn.Subscribe:
		s.subscribe(m)
	case *mqttsn.Unsubscribe:
		name := s.filter(m.TopicIDType, m.TopicID, m.TopicName)
		s.subs = slices.DeleteFunc(s.subs, func(o subscription) bool { return o.filter == name })
		s.gateway.unindex(s, name)
		s.send(&mqttsn.UnsubAck{MsgID: m.MsgID})
	case *mqttsn.PingReq:
		s.send(&mqttsn.PingResp{})
	case *mqttsn.Disconnect:
		s.disconnect(m)
	case *mqttsn.RegAck:
		s.registered(m)
	case *mqttsn.PubAck:
		s.acknowledged(m)
	case *mqttsn.PubRec:
		s.recorded(m.MsgID)
	case *mqttsn.PubComp:
		if s.flight.stage == released && s.flight.id == m.MsgID {
			s.done()
		}
	}
}

func (s *session) disconnect(m *mqttsn.Disconnect) {
	to, id := s.addr, s.id
	if m.Duration > 0 {
		s.state = sleeping
		s.asleep = time.Duration(m.Duration) * time.Second
		s.heard()
	} else {
		s.left()
	}
	s.gateway.send(to, id, &mqttsn.Disconnect{})
}

// idOf is the topic id of a name, a new one if need be.
func (s *session) idOf(name string, known bool) mqttsn.TopicID {
	i := slices.Index(s.names, name)
	if i < 0 {
		i = len(s.names)
		s.names = append(s.names, name)
		s.known = append(s.known, false)
	}
	s.known[i] = s.known[i] || known
	return mqttsn.TopicID(i + 1)
}

// filter is the name that a SUBSCRIBE means; "" if there is none.
func (s *session) filter(t mqttsn.TopicIDType, id mqttsn.TopicID, name []byte) string {
	switch t {
	case mqttsn.TopicNormal:
		return string(name)
	case mqttsn.TopicShort:
		return id.Short()
	case mqttsn.TopicPredefined:
		return s.gateway.cfg.Predefined[id]
	}
	return ""
}

func (s *session) publish(m *mqttsn.Publish) {
	name := ""
	if m.TopicIDType != mqttsn.TopicNormal {
		name = s.filter(m.TopicIDType, m.TopicID, nil)
	} else if i := int(m.TopicID) - 1; i >= 0 && i < len(s.names) {
		name = s.names[i]
	}
	if name == "" {
		s.send(&mqttsn.PubAck{TopicID: m.TopicID, MsgID: m.MsgID, ReturnCode: mqttsn.ReturnInvalidTopicID})
		return
	}
	isNew := m.QoS != mqttsn.QoS2 || !slices.Contains(s.received, m.MsgID)
	qos, topic, id := m.QoS, m.TopicID, m.MsgID
	if isNew {
		s.gateway.deliver(message{name, clone(m.Data), qos, m.Retain})
	}
	switch qos {
	case mqttsn.QoS1:
		s.send(&mqttsn.PubAck{TopicID: topic, MsgID: id})
	case mqttsn.QoS2:
		if isNew {
			s.received = append(s.received, id)
		}
		s.send(&mqttsn.PubRec{MsgID: id})
	}
}

func (s *session) subscribe(m *mqttsn.Subscribe) {
	name := s.filter(m.TopicIDType, m.TopicID, m.TopicName)
	ack := mqttsn.SubAck{QoS: m.QoS, MsgID: m.MsgID}
	if name == "" {
		ack.QoS, ack.ReturnCode = mqttsn.QoS0, mqttsn.ReturnInvalidTopicID
		s.send(&ack)
		return
	}
	s.subs = slices.DeleteFunc(s.subs, func(o subscription) bool { return o.filter == name })
	s.subs = append(s.subs, subscription{name, m.QoS})
	s.gateway.index(s, name)
	switch {
	case m.TopicIDType == mqttsn.TopicPredefined:
		ack.TopicID = m.TopicID
	case m.TopicIDType == mqttsn.TopicNormal && !hasWildcard(name):
		ack.TopicID = s.idOf(name, true)
	}
	s.send(&ack)
	if kept, ok := s.gateway.retained[name]; ok {
		s.queue = append(s.queue, kept)
		s.pump()
	}
}
