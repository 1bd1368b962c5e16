package mqttsn

import "strconv"

// flags is the octet that packs the small fields. SN §5.3.4
//
//	  7     6   5     4        3      2              1   0
//	+-----+-------+--------+------+--------------+-------------+
//	| DUP |  QoS  | Retain | Will | CleanSession | TopicIDType |
//	+-----+-------+--------+------+--------------+-------------+
//
// Each message uses some of the bits. The rest are written as 0 and not
// looked at: clients in the field leave old values in them.
type flags uint8

const (
	flagDup    flags = 0x80
	flagRetain flags = 0x10
	flagWill   flags = 0x08
	flagClean  flags = 0x04

	qosShift = 5
	qosMask  = 3
	titMask  = 3
)

func (f flags) has(bit flags) bool       { return f&bit != 0 }
func (f flags) qos() QoS                 { return QoS(f>>qosShift) & qosMask }
func (f flags) topicIDType() TopicIDType { return TopicIDType(f) & titMask }

func (f flags) withQoS(q QoS) flags                 { return f | flags(q)<<qosShift }
func (f flags) withTopicIDType(t TopicIDType) flags { return f | flags(t) }

func (f flags) with(bit flags, on bool) flags {
	if on {
		return f | bit
	}
	return f
}

// QoS is a delivery promise, in its two bits of the flags. SN §5.3.4
type QoS uint8

const (
	QoS0 QoS = 0
	QoS1 QoS = 1
	QoS2 QoS = 2

	// QoSMinusOne publishes without a connection and without any answer. It
	// is meant for PUBLISH only and, being 0b11, is greater than QoS2.
	QoSMinusOne QoS = 3
)

func (q QoS) String() string {
	switch {
	case q <= QoS2:
		return "012"[q : q+1]
	case q == QoSMinusOne:
		return "-1"
	}
	return "QoS(" + strconv.Itoa(int(q)) + ")"
}

// TopicIDType says how to read the topic field. SN §5.3.4
type TopicIDType uint8

const (
	// TopicNormal is an id agreed on with this client, except in SUBSCRIBE
	// and UNSUBSCRIBE, where it is a topic name.
	TopicNormal TopicIDType = 0

	// TopicPredefined is an id that both sides were configured with.
	TopicPredefined TopicIDType = 1

	// TopicShort is the topic name itself, of two octets.
	TopicShort TopicIDType = 2

	// TopicReserved means nothing; it is decoded so that it can be refused.
	TopicReserved TopicIDType = 3
)

func (t TopicIDType) String() string {
	switch t {
	case TopicNormal:
		return "normal"
	case TopicPredefined:
		return "predefined"
	case TopicShort:
		return "short"
	case TopicReserved:
		return "reserved"
	}
	return "TopicIDType(" + strconv.Itoa(int(t)) + ")"
}
