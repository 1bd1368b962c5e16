package mqtt

import (
	"encoding/binary"
	"slices"
)

// PublishHeader is a PUBLISH without its payload, with the topic as brokers
// keep it. The functions below take it by pointer and do not change it, so a
// writer can keep one and set what differs from subscriber to subscriber.
// Before 5.0 the properties do not matter.
type PublishHeader struct {
	Dup        bool
	QoS        QoS
	Retain     bool
	Topic      string
	PacketID   uint16 // not written with QoS 0
	Properties PublishProperties
}

// PublishSize returns the size of the whole packet, to compare with a
// receiver's Maximum Packet Size, or zero if it cannot be encoded: the topic
// is longer than 65535 bytes or the packet longer than MQTT allows.
func PublishSize(v Version, h *PublishHeader, payloadLen int) int {
	_, remaining := publishLengths(v, len(h.Topic), h.QoS, &h.Properties, payloadLen)
	if len(h.Topic) > maxText || remaining > MaxRemainingLength {
		return 0
	}
	return 1 + varintSize(remaining) + remaining
}

// AppendPublish appends a PUBLISH. It does not allocate when b has room for
// PublishSize more bytes, and appends nothing when that is zero. What h says
// is not checked: topic, Forward and subscription identifiers come from packets
// that were, and a QoS above 0 comes with a packet identifier.
func AppendPublish(b []byte, v Version, h *PublishHeader, payload []byte) []byte {
	if PublishSize(v, h, len(payload)) == 0 {
		return b
	}
	b = appendPublishHead(b, v, publishFlags(h.Dup, h.QoS, h.Retain), h.Topic, h.PacketID, &h.Properties, len(payload))
	return append(b, payload...)
}

// AppendPublishHeader is AppendPublish up to where a payload of payloadLen
// bytes follows, so that a large one can be written from where it is.
func AppendPublishHeader(b []byte, v Version, h *PublishHeader, payloadLen int) []byte {
	if PublishSize(v, h, payloadLen) == 0 {
		return b
	}
	return appendPublishHead(b, v, publishFlags(h.Dup, h.QoS, h.Retain), h.Topic, h.PacketID, &h.Properties, payloadLen)
}

func (p *Publish) AppendTo(b []byte, v Version) ([]byte, error) {
	_, remaining := publishLengths(v, len(p.Topic), p.QoS, &p.Properties, len(p.Payload))
	switch {
	case !v.known():
		return b, ErrVersion
	case p.QoS > QoS2:
		return b, ErrPublishQoS
	case p.Dup && p.QoS == QoS0:
		return b, ErrPublishDup
	case p.PacketID == 0 && p.QoS > QoS0:
		return b, ErrPacketID
	case len(p.Topic) > maxText:
		return b, ErrTextTooLong
	case len(p.Topic) == 0 && (v != V5 || p.Properties.TopicAlias == 0):
		return b, ErrTopicEmpty
	case remaining > MaxRemainingLength:
		return b, ErrPacketTooLarge
	case slices.ContainsFunc(p.Properties.SubscriptionIDs, subscriptionIDOutOfRange):
		return b, ErrPropertyRange
	}
	b = appendPublishHead(b, v, publishFlags(p.Dup, p.QoS, p.Retain), p.Topic, p.PacketID, &p.Properties, len(p.Payload))
	return append(b, p.Payload...), nil
}

func subscriptionIDOutOfRange(id uint32) bool { return id == 0 || id > MaxRemainingLength }

func publishFlags(dup bool, qos QoS, retain bool) byte {
	flags := byte(qos) << 1
	if dup {
		flags |= flagDup
	}
	if retain {
		flags |= flagRetain
	}
	return flags
}

// publishLengths returns the lengths of the property block, its own length
// not included, and of all that follows the remaining length.
func publishLengths(v Version, topic int, qos QoS, p *PublishProperties, payload int) (properties, remaining int) {
	remaining = 2 + topic + payload
	if qos > QoS0 {
		remaining += 2
	}
	if v == V5 {
		properties = p.size()
		remaining += varintSize(properties) + properties
	}
	return properties, remaining
}

func (p *PublishProperties) size() int {
	n := len(p.Forward)
	if p.HasMessageExpiry {
		n += 1 + 4
	}
	if p.TopicAlias != 0 {
		n += 1 + 2
	}
	for _, id := range p.SubscriptionIDs {
		n += 1 + varintSize(int(id))
	}
	return n
}

// appendPublishHead writes everything before the payload; the lengths have
// been checked.
func appendPublishHead[T text](b []byte, v Version, flags byte, topic T, packetID uint16, p *PublishProperties, payload int) []byte {
	qos := QoS(flags >> 1 & 3)
	properties, remaining := publishLengths(v, len(topic), qos, p, payload)
	b = append(b, byte(TypePublish)<<4|flags)
	b = appendVarint(b, remaining)
	b = append(b, byte(len(topic)>>8), byte(len(topic)))
	b = append(b, topic...)
	if qos > QoS0 {
		b = binary.BigEndian.AppendUint16(b, packetID)
	}
	if v != V5 {
		return b
	}
	b = appendVarint(b, properties)
	if p.HasMessageExpiry {
		b = append(b, byte(propMessageExpiry))
		b = binary.BigEndian.AppendUint32(b, p.MessageExpiry)
	}
	if p.TopicAlias != 0 {
		b = append(b, byte(propTopicAlias))
		b = binary.BigEndian.AppendUint16(b, p.TopicAlias)
	}
	for _, id := range p.SubscriptionIDs {
		b = append(b, byte(propSubscriptionID))
		b = appendVarint(b, int(id))
	}
	return append(b, p.Forward...)
}
