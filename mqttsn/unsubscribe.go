package mqttsn

// Unsubscribe ends what Subscribe began. SN §5.4.17
//
//	Flags(1: TopicIDType) MsgID(2) topic, as in subtopic.go
type Unsubscribe struct {
	TopicIDType TopicIDType
	MsgID       MsgID
	TopicID     TopicID // for TopicPredefined and TopicShort
	TopicName   []byte  // for TopicNormal; may hold wildcards
}

// UnsubAck answers Unsubscribe. It has no ReturnCode: there is no refusing.
// SN §5.4.18
//
//	MsgID(2)
type UnsubAck struct {
	MsgID MsgID
}

func (*Unsubscribe) Type() MsgType { return TypeUnsubscribe }
func (*UnsubAck) Type() MsgType    { return TypeUnsubAck }

func (m *Unsubscribe) AppendBinary(b []byte) ([]byte, error) {
	return appendSubTopic(b, TypeUnsubscribe, 0, m.MsgID, m.TopicIDType, m.TopicID, m.TopicName)
}

func (m *Unsubscribe) decode(body []byte) error {
	tit, id, topic, name, err := decodeSubTopic(body)
	if err != nil {
		return err
	}
	*m = Unsubscribe{TopicIDType: tit, MsgID: id, TopicID: topic, TopicName: name}
	return nil
}

func (m *UnsubAck) AppendBinary(b []byte) ([]byte, error) {
	return appendMsgID(b, TypeUnsubAck, m.MsgID)
}

func (m *UnsubAck) decode(body []byte) (err error) {
	m.MsgID, err = decodeMsgID(body)
	return err
}
