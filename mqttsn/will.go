package mqttsn

// WillTopicReq asks for the will topic. SN §5.4.6
type WillTopicReq struct{}

// WillTopic gives topic, QoS and retain of the will. SN §5.4.7
//
//	Flags(1: QoS, Retain) WillTopic(rest), or no octet at all
//
// An empty WillTopic is the form without any octet, and says that there is
// to be no will. QoS and Retain are then neither read nor written.
type WillTopic struct {
	QoS       QoS
	Retain    bool
	WillTopic []byte
}

// WillMsgReq asks for the will message. SN §5.4.8
type WillMsgReq struct{}

// WillMsg gives the will message. SN §5.4.9
//
//	WillMsg(rest)
type WillMsg struct {
	WillMsg []byte
}

func (*WillTopicReq) Type() MsgType { return TypeWillTopicReq }
func (*WillTopic) Type() MsgType    { return TypeWillTopic }
func (*WillMsgReq) Type() MsgType   { return TypeWillMsgReq }
func (*WillMsg) Type() MsgType      { return TypeWillMsg }

func (*WillTopicReq) AppendBinary(b []byte) ([]byte, error) { return appendEmpty(b, TypeWillTopicReq) }
func (*WillTopicReq) decode(body []byte) error              { return exactly(body, 0) }

func (*WillMsgReq) AppendBinary(b []byte) ([]byte, error) { return appendEmpty(b, TypeWillMsgReq) }
func (*WillMsgReq) decode(body []byte) error              { return exactly(body, 0) }

func (m *WillTopic) AppendBinary(b []byte) ([]byte, error) {
	return appendWillTopic(b, TypeWillTopic, m.QoS, m.Retain, m.WillTopic)
}

func (m *WillTopic) decode(body []byte) (err error) {
	m.QoS, m.Retain, m.WillTopic, err = decodeWillTopic(body)
	return err
}

func (m *WillMsg) AppendBinary(b []byte) ([]byte, error) {
	return appendRest(b, TypeWillMsg, m.WillMsg)
}

func (m *WillMsg) decode(body []byte) error {
	m.WillMsg = body
	return nil
}

// appendWillTopic and decodeWillTopic serve WILLTOPIC and WILLTOPICUPD.
func appendWillTopic(b []byte, t MsgType, q QoS, retain bool, topic []byte) ([]byte, error) {
	if len(topic) == 0 {
		return appendEmpty(b, t)
	}
	if q > QoS2 {
		return b, badField(t, "QoS")
	}
	b, err := appendHeader(b, t, 1+len(topic))
	if err != nil {
		return b, err
	}
	b = append(b, byte(flags(0).withQoS(q).with(flagRetain, retain)))
	return append(b, topic...), nil
}

func decodeWillTopic(body []byte) (QoS, bool, []byte, error) {
	switch len(body) {
	case 0:
		return 0, false, body, nil
	case 1:
		// SN §5.4.7: the empty message has neither field. Flags and no topic
		// is not it, and must not delete a will: the topic was lost.
		return 0, false, nil, ErrBodyShort
	}
	f := flags(body[0])
	return f.qos(), f.has(flagRetain), body[1:], nil
}
