package mqttsn

// Register asks for the id of a topic name, or, from a gateway, announces
// it. SN §5.4.10
//
//	TopicID(2) MsgID(2) TopicName(rest)
type Register struct {
	TopicID   TopicID // 0 from a client
	MsgID     MsgID
	TopicName []byte
}

// RegAck answers Register. SN §5.4.11
//
//	TopicID(2) MsgID(2) ReturnCode(1)
type RegAck struct {
	TopicID    TopicID
	MsgID      MsgID
	ReturnCode ReturnCode
}

func (*Register) Type() MsgType { return TypeRegister }
func (*RegAck) Type() MsgType   { return TypeRegAck }

func (m *Register) AppendBinary(b []byte) ([]byte, error) {
	if len(m.TopicName) == 0 {
		return b, badField(TypeRegister, "empty TopicName")
	}
	b, err := appendHeader(b, TypeRegister, 4+len(m.TopicName))
	if err != nil {
		return b, err
	}
	b = append16(b, m.TopicID)
	b = append16(b, m.MsgID)
	return append(b, m.TopicName...), nil
}

// An empty TopicName passes: the answer to it is a RegAck.
func (m *Register) decode(body []byte) error {
	if err := atLeast(body, 4); err != nil {
		return err
	}
	*m = Register{
		TopicID:   get16[TopicID](body),
		MsgID:     get16[MsgID](body[2:]),
		TopicName: body[4:],
	}
	return nil
}

func (m *RegAck) AppendBinary(b []byte) ([]byte, error) {
	return appendTopicAck(b, TypeRegAck, m.TopicID, m.MsgID, m.ReturnCode)
}

func (m *RegAck) decode(body []byte) (err error) {
	m.TopicID, m.MsgID, m.ReturnCode, err = decodeTopicAck(body)
	return err
}
