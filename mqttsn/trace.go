package mqttsn

// One line for a person to read. Payloads are shown by their length only:
// traces end up where the data they carry should not.

func (m *Advertise) String() string {
	return string(traceOf(m).num("gwid", int(m.GwID)).num("duration", int(m.Duration)))
}

func (m *SearchGw) String() string {
	return string(traceOf(m).num("radius", int(m.Radius)))
}

func (m *GwInfo) String() string {
	l := traceOf(m).num("gwid", int(m.GwID))
	if len(m.GwAdd) > 0 {
		l = l.key("gwadd").hex(m.GwAdd)
	}
	return string(l)
}

func (m *Connect) String() string {
	l := traceOf(m).
		word("will", m.Will).
		word("clean", m.CleanSession).
		num("duration", int(m.Duration)).
		quoted("clientid", m.ClientID)
	if m.ProtocolID != ProtocolID {
		l = l.num("protocolid", int(m.ProtocolID))
	}
	return string(l)
}

func (m *ConnAck) String() string { return string(traceOf(m).text("rc", m.ReturnCode.String())) }

func (m *WillTopicReq) String() string { return string(traceOf(m)) }

func (m *WillTopic) String() string {
	return string(traceOf(m).will(m.QoS, m.Retain, m.WillTopic))
}

func (m *WillMsgReq) String() string { return string(traceOf(m)) }

func (m *WillMsg) String() string { return string(traceOf(m).num("len", len(m.WillMsg))) }

func (m *WillTopicUpd) String() string {
	return string(traceOf(m).will(m.QoS, m.Retain, m.WillTopic))
}

func (m *WillTopicResp) String() string { return string(traceOf(m).text("rc", m.ReturnCode.String())) }

func (m *WillMsgUpd) String() string { return string(traceOf(m).num("len", len(m.WillMsg))) }

func (m *WillMsgResp) String() string { return string(traceOf(m).text("rc", m.ReturnCode.String())) }

func (l line) will(q QoS, retain bool, topic []byte) line {
	if len(topic) == 0 {
		return l.word("empty", true)
	}
	return l.text("qos", q.String()).word("retain", retain).quoted("topic", topic)
}

func (m *Register) String() string {
	return string(traceOf(m).
		num("topicid", int(m.TopicID)).
		num("msgid", int(m.MsgID)).
		quoted("topic", m.TopicName))
}

func (m *RegAck) String() string {
	return string(traceOf(m).topicAck(m.TopicID, m.MsgID, m.ReturnCode))
}

func (m *Publish) String() string {
	return string(traceOf(m).
		text("qos", m.QoS.String()).
		word("dup", m.Dup).
		word("retain", m.Retain).
		topic(m.TopicIDType, m.TopicID).
		num("msgid", int(m.MsgID)).
		num("len", len(m.Data)))
}

func (m *PubAck) String() string {
	return string(traceOf(m).topicAck(m.TopicID, m.MsgID, m.ReturnCode))
}

func (m *PubRec) String() string  { return string(traceOf(m).num("msgid", int(m.MsgID))) }
func (m *PubRel) String() string  { return string(traceOf(m).num("msgid", int(m.MsgID))) }
func (m *PubComp) String() string { return string(traceOf(m).num("msgid", int(m.MsgID))) }

func (m *Subscribe) String() string {
	return string(traceOf(m).
		text("qos", m.QoS.String()).
		word("dup", m.Dup).
		subTopic(m.TopicIDType, m.TopicID, m.TopicName).
		num("msgid", int(m.MsgID)))
}

func (m *SubAck) String() string {
	return string(traceOf(m).
		text("qos", m.QoS.String()).
		topicAck(m.TopicID, m.MsgID, m.ReturnCode))
}

func (m *Unsubscribe) String() string {
	return string(traceOf(m).
		subTopic(m.TopicIDType, m.TopicID, m.TopicName).
		num("msgid", int(m.MsgID)))
}

func (m *UnsubAck) String() string { return string(traceOf(m).num("msgid", int(m.MsgID))) }

func (l line) topicAck(topic TopicID, id MsgID, rc ReturnCode) line {
	return l.num("topicid", int(topic)).num("msgid", int(id)).text("rc", rc.String())
}

func (m *PingReq) String() string {
	l := traceOf(m)
	if len(m.ClientID) > 0 {
		l = l.quoted("clientid", m.ClientID)
	}
	return string(l)
}

func (m *PingResp) String() string { return string(traceOf(m)) }

func (m *Disconnect) String() string {
	l := traceOf(m)
	if m.Duration > 0 {
		l = l.num("duration", int(m.Duration))
	}
	return string(l)
}
