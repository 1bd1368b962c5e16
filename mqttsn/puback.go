package mqttsn

// PubAck acknowledges a QoS 1 Publish, or refuses a Publish of any QoS.
// SN §5.4.13
//
//	TopicID(2) MsgID(2) ReturnCode(1)
type PubAck struct {
	TopicID    TopicID
	MsgID      MsgID
	ReturnCode ReturnCode
}

// PubRec, PubRel and PubComp are the QoS 2 handshake, in that order. They
// have no ReturnCode: a refusal is a PubAck. SN §5.4.14
//
//	MsgID(2)
type PubRec struct {
	MsgID MsgID
}

// PubRel follows PubRec.
type PubRel struct {
	MsgID MsgID
}

// PubComp follows PubRel.
type PubComp struct {
	MsgID MsgID
}

func (*PubAck) Type() MsgType  { return TypePubAck }
func (*PubRec) Type() MsgType  { return TypePubRec }
func (*PubRel) Type() MsgType  { return TypePubRel }
func (*PubComp) Type() MsgType { return TypePubComp }

func (m *PubAck) AppendBinary(b []byte) ([]byte, error) {
	return appendTopicAck(b, TypePubAck, m.TopicID, m.MsgID, m.ReturnCode)
}

func (m *PubAck) decode(body []byte) (err error) {
	m.TopicID, m.MsgID, m.ReturnCode, err = decodeTopicAck(body)
	return err
}

func (m *PubRec) AppendBinary(b []byte) ([]byte, error) { return appendMsgID(b, TypePubRec, m.MsgID) }

func (m *PubRec) decode(body []byte) (err error) {
	m.MsgID, err = decodeMsgID(body)
	return err
}

func (m *PubRel) AppendBinary(b []byte) ([]byte, error) { return appendMsgID(b, TypePubRel, m.MsgID) }

func (m *PubRel) decode(body []byte) (err error) {
	m.MsgID, err = decodeMsgID(body)
	return err
}

func (m *PubComp) AppendBinary(b []byte) ([]byte, error) {
	return appendMsgID(b, TypePubComp, m.MsgID)
}

func (m *PubComp) decode(body []byte) (err error) {
	m.MsgID, err = decodeMsgID(body)
	return err
}
