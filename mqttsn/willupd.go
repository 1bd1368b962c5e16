package mqttsn

// WillTopicUpd replaces the will topic of a connected client. SN §5.4.22
// It is laid out as WillTopic; empty, it deletes the will, message and all.
type WillTopicUpd struct {
	QoS       QoS
	Retain    bool
	WillTopic []byte
}

// WillTopicResp answers WillTopicUpd. SN §5.4.24
//
//	ReturnCode(1)
type WillTopicResp struct {
	ReturnCode ReturnCode
}

// WillMsgUpd replaces the will message. SN §5.4.23
//
//	WillMsg(rest)
type WillMsgUpd struct {
	WillMsg []byte
}

// WillMsgResp answers WillMsgUpd. SN §5.4.25
//
//	ReturnCode(1)
type WillMsgResp struct {
	ReturnCode ReturnCode
}

func (*WillTopicUpd) Type() MsgType  { return TypeWillTopicUpd }
func (*WillTopicResp) Type() MsgType { return TypeWillTopicResp }
func (*WillMsgUpd) Type() MsgType    { return TypeWillMsgUpd }
func (*WillMsgResp) Type() MsgType   { return TypeWillMsgResp }

func (m *WillTopicUpd) AppendBinary(b []byte) ([]byte, error) {
	return appendWillTopic(b, TypeWillTopicUpd, m.QoS, m.Retain, m.WillTopic)
}

func (m *WillTopicUpd) decode(body []byte) (err error) {
	m.QoS, m.Retain, m.WillTopic, err = decodeWillTopic(body)
	return err
}

func (m *WillTopicResp) AppendBinary(b []byte) ([]byte, error) {
	return appendReturnCode(b, TypeWillTopicResp, m.ReturnCode)
}

func (m *WillTopicResp) decode(body []byte) (err error) {
	m.ReturnCode, err = decodeReturnCode(body)
	return err
}

func (m *WillMsgUpd) AppendBinary(b []byte) ([]byte, error) {
	return appendRest(b, TypeWillMsgUpd, m.WillMsg)
}

func (m *WillMsgUpd) decode(body []byte) error {
	m.WillMsg = body
	return nil
}

func (m *WillMsgResp) AppendBinary(b []byte) ([]byte, error) {
	return appendReturnCode(b, TypeWillMsgResp, m.ReturnCode)
}

func (m *WillMsgResp) decode(body []byte) (err error) {
	m.ReturnCode, err = decodeReturnCode(body)
	return err
}
