package mqttsn

// SUBSCRIBE and UNSUBSCRIBE end alike. SN §5.4.15, §5.4.17
//
//	Flags(1: TopicIDType, ...) MsgID(2) then
//	  TopicNormal      TopicName(rest)  a name, never a registered id
//	  TopicPredefined  TopicID(2)
//	  TopicShort       the two octets of the name

func appendSubTopic(b []byte, t MsgType, f flags, id MsgID, tit TopicIDType, topic TopicID, name []byte) ([]byte, error) {
	n := 2
	switch tit {
	case TopicNormal:
		if n = len(name); n == 0 {
			return b, badField(t, "empty TopicName")
		}
	case TopicPredefined, TopicShort:
	default:
		return b, badField(t, "TopicIDType")
	}
	b, err := appendHeader(b, t, 3+n)
	if err != nil {
		return b, err
	}
	b = append(b, byte(f.withTopicIDType(tit)))
	b = append16(b, id)
	if tit == TopicNormal {
		return append(b, name...), nil
	}
	return append16(b, topic), nil
}

// decodeSubTopic lets an empty name pass, and under TopicReserved whatever
// there is, as name: a message with a MsgID can be answered.
func decodeSubTopic(body []byte) (tit TopicIDType, id MsgID, topic TopicID, name []byte, err error) {
	if err := atLeast(body, 3); err != nil {
		return 0, 0, 0, nil, err
	}
	tit = flags(body[0]).topicIDType()
	id = get16[MsgID](body[1:])
	if tit == TopicNormal || tit == TopicReserved {
		return tit, id, 0, body[3:], nil
	}
	if err := exactly(body, 5); err != nil {
		return 0, 0, 0, nil, err
	}
	return tit, id, get16[TopicID](body[3:]), nil, nil
}
