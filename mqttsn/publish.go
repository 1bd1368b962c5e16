package mqttsn

// Publish carries application data. SN §5.4.12
//
//	Flags(1: DUP, QoS, Retain, TopicIDType) TopicID(2) MsgID(2) Data(rest)
//
// With QoSMinusOne and TopicNormal, a widespread extension, TopicID is the
// length of a topic name that begins Data. The codec takes no part in that:
// the octets are in the fields where the layout puts them.
type Publish struct {
	Dup         bool
	QoS         QoS
	Retain      bool
	TopicIDType TopicIDType
	TopicID     TopicID // for TopicShort the two octets of the name
	MsgID       MsgID   // 0 unless QoS1 or QoS2
	Data        []byte
}

func (*Publish) Type() MsgType { return TypePublish }

func (m *Publish) AppendBinary(b []byte) ([]byte, error) {
	if m.QoS > QoSMinusOne {
		return b, badField(TypePublish, "QoS")
	}
	if m.TopicIDType >= TopicReserved {
		return b, badField(TypePublish, "TopicIDType")
	}
	b, err := appendHeader(b, TypePublish, 5+len(m.Data))
	if err != nil {
		return b, err
	}
	f := flags(0).
		with(flagDup, m.Dup).
		withQoS(m.QoS).
		with(flagRetain, m.Retain).
		withTopicIDType(m.TopicIDType)
	b = append(b, byte(f))
	b = append16(b, m.TopicID)
	b = append16(b, m.MsgID)
	return append(b, m.Data...), nil
}

// TopicReserved passes: at QoS 1 and 2 the answer to it is a PubAck.
func (m *Publish) decode(body []byte) error {
	if err := atLeast(body, 5); err != nil {
		return err
	}
	f := flags(body[0])
	*m = Publish{
		Dup:         f.has(flagDup),
		QoS:         f.qos(),
		Retain:      f.has(flagRetain),
		TopicIDType: f.topicIDType(),
		TopicID:     get16[TopicID](body[1:]),
		MsgID:       get16[MsgID](body[3:]),
		Data:        body[5:],
	}
	return nil
}
