package mqttsn

// Bodies that several messages share. They are functions, not a common
// struct: the messages are distinct types to everyone else.

func appendEmpty(b []byte, t MsgType) ([]byte, error) { return appendHeader(b, t, 0) }

// Layout: ReturnCode(1)
func appendReturnCode(b []byte, t MsgType, rc ReturnCode) ([]byte, error) {
	if rc > ReturnNotSupported {
		return b, badField(t, "ReturnCode")
	}
	b, err := appendHeader(b, t, 1)
	if err != nil {
		return b, err
	}
	return append(b, byte(rc)), nil
}

func decodeReturnCode(body []byte) (ReturnCode, error) {
	if err := exactly(body, 1); err != nil {
		return 0, err
	}
	return ReturnCode(body[0]), nil
}

// Layout: MsgID(2)
func appendMsgID(b []byte, t MsgType, id MsgID) ([]byte, error) {
	b, err := appendHeader(b, t, 2)
	if err != nil {
		return b, err
	}
	return append16(b, id), nil
}

func decodeMsgID(body []byte) (MsgID, error) {
	if err := exactly(body, 2); err != nil {
		return 0, err
	}
	return get16[MsgID](body), nil
}

// Layout: TopicID(2) MsgID(2) ReturnCode(1)
func appendTopicAck(b []byte, t MsgType, topic TopicID, id MsgID, rc ReturnCode) ([]byte, error) {
	if rc > ReturnNotSupported {
		return b, badField(t, "ReturnCode")
	}
	b, err := appendHeader(b, t, 5)
	if err != nil {
		return b, err
	}
	b = append16(b, topic)
	b = append16(b, id)
	return append(b, byte(rc)), nil
}

func decodeTopicAck(body []byte) (TopicID, MsgID, ReturnCode, error) {
	if err := exactly(body, 5); err != nil {
		return 0, 0, 0, err
	}
	return get16[TopicID](body), get16[MsgID](body[2:]), ReturnCode(body[4]), nil
}

// Layout: the rest, opaque
func appendRest(b []byte, t MsgType, rest []byte) ([]byte, error) {
	b, err := appendHeader(b, t, len(rest))
	if err != nil {
		return b, err
	}
	return append(b, rest...), nil
}
