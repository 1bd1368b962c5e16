package mqttsn

// Subscribe asks for the messages of a topic. SN §5.4.15
//
//	Flags(1: DUP, QoS, TopicIDType) MsgID(2) topic, as in subtopic.go
//
// MsgID comes before the topic here, and after it in SubAck.
type Subscribe struct {
	// Dup is listed for Subscribe, while SN §5.3.4 gives it a meaning in
	// Publish only; it is carried, and nothing should depend on it.
	Dup bool

	QoS         QoS // requested
	TopicIDType TopicIDType
	MsgID       MsgID
	TopicID     TopicID // for TopicPredefined and TopicShort
	TopicName   []byte  // for TopicNormal; may hold wildcards
}

// SubAck answers Subscribe. SN §5.4.16
//
//	Flags(1: QoS) TopicID(2) MsgID(2) ReturnCode(1)
type SubAck struct {
	QoS        QoS     // granted
	TopicID    TopicID // 0 if the name had wildcards, or is short
	MsgID      MsgID
	ReturnCode ReturnCode
}

func (*Subscribe) Type() MsgType { return TypeSubscribe }
func (*SubAck) Type() MsgType    { return TypeSubAck }

func (m *Subscribe) AppendBinary(b []byte) ([]byte, error) {
	if m.QoS > QoS2 {
		return b, badField(TypeSubscribe, "QoS")
	}
	f := flags(0).with(flagDup, m.Dup).withQoS(m.QoS)
	return appendSubTopic(b, TypeSubscribe, f, m.MsgID, m.TopicIDType, m.TopicID, m.TopicName)
}

// QoSMinusOne and TopicReserved pass: the answer to them is a SubAck.
func (m *Subscribe) decode(body []byte) error {
	tit, id, topic, name, err := decodeSubTopic(body)
	if err != nil {
		return err
	}
	f := flags(body[0])
	*m = Subscribe{
		Dup:         f.has(flagDup),
		QoS:         f.qos(),
		TopicIDType: tit,
		MsgID:       id,
		TopicID:     topic,
		TopicName:   name,
	}
	return nil
}

func (m *SubAck) AppendBinary(b []byte) ([]byte, error) {
	if m.QoS > QoS2 {
		return b, badField(TypeSubAck, "QoS")
	}
	if m.ReturnCode > ReturnNotSupported {
		return b, badField(TypeSubAck, "ReturnCode")
	}
	b, err := appendHeader(b, TypeSubAck, 6)
	if err != nil {
		return b, err
	}
	b = append(b, byte(flags(0).withQoS(m.QoS)))
	b = append16(b, m.TopicID)
	b = append16(b, m.MsgID)
	return append(b, byte(m.ReturnCode)), nil
}

func (m *SubAck) decode(body []byte) error {
	if err := exactly(body, 6); err != nil {
		return err
	}
	*m = SubAck{
		QoS:        flags(body[0]).qos(),
		TopicID:    get16[TopicID](body[1:]),
		MsgID:      get16[MsgID](body[3:]),
		ReturnCode: ReturnCode(body[5]),
	}
	return nil
}
