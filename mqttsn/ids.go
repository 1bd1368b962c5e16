package mqttsn

// TopicID stands for a topic name; what it stands for depends on the
// TopicIDType beside it. 0x0000 and 0xFFFF are reserved. SN §5.3.11
type TopicID uint16

// MsgID pairs a request with its answer; 0 where there is no answer to
// expect. SN §5.3.7
type MsgID uint16

// GwID names a gateway among those of one network. SN §5.3.6
type GwID uint8

// ShortTopic packs a topic name of exactly two octets into the field that a
// TopicShort message carries it in, first octet first. SN §5.3.11
func ShortTopic(name string) (TopicID, bool) {
	if len(name) != 2 {
		return 0, false
	}
	return TopicID(name[0])<<8 | TopicID(name[1]), true
}

// Short is the two octets of a TopicShort topic as the name they are. It is
// small enough to be inlined, so a lookup by id.Short() does not allocate.
func (id TopicID) Short() string {
	name := [2]byte{byte(id >> 8), byte(id)}
	return string(name[:])
}
