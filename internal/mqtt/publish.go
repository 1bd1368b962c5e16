package mqtt

// Publish carries a message. See publishappend.go for its encoding.
//
//	topic | [QoS > 0] packet id | [5.0] properties | payload
type Publish struct {
	Dup        bool
	QoS        QoS
	Retain     bool
	Topic      []byte // empty only in 5.0, with a topic alias
	PacketID   uint16 // 0 with QoS 0
	Payload    []byte
	Properties PublishProperties
}

// PublishProperties belong to 5.0.
type PublishProperties struct {
	MessageExpiry    uint32 // seconds
	HasMessageExpiry bool
	TopicAlias       uint16   // 0 absent
	SubscriptionIDs  []uint32 // from a server only
	Forward          []byte   // see [ValidForward]
}

const (
	flagRetain = 0x01
	flagDup    = 0x08
)

func (*Publish) Type() PacketType { return TypePublish }

func (p *Publish) decode(d *Decoder, flags byte, body []byte) error {
	ids := reuse(p.Properties.SubscriptionIDs)
	*p = Publish{
		Dup:        flags&flagDup != 0,
		QoS:        QoS(flags >> 1 & 3),
		Retain:     flags&flagRetain != 0,
		Properties: PublishProperties{SubscriptionIDs: ids},
	}
	if p.QoS > QoS2 {
		return ErrPublishQoS // [MQTT-3.3.1-4]
	}
	if p.Dup && p.QoS == QoS0 {
		if d.Version != V31 {
			return ErrPublishDup // [MQTT-3.3.1-2]
		}
		p.Dup = false // 3.1 gives it no meaning here, and does not forbid it
	}

	r := reader{b: body}
	p.Topic = r.binary()
	if p.QoS > QoS0 {
		p.PacketID = r.packetID() // [MQTT-2.2.1-2]
	}
	if d.Version == V5 {
		p.Properties.decode(&r, d)
	}
	p.Payload = r.rest()
	if r.err != nil {
		return r.err
	}

	if len(p.Topic) == 0 && d.Version == V5 {
		if p.Properties.TopicAlias == 0 {
			return ErrTopicEmpty
		}
		return nil
	}
	if err := checkTopicName(p.Topic); err != nil {
		return err
	}
	return nil
}

func (p *PublishProperties) decode(r *reader, d *Decoder) {
	s := r.properties(inPublish, d.From)
	forward := gather{own: d.reuseScratch()}
	for s.next() {
		switch s.id {
		case propMessageExpiry:
			p.MessageExpiry, p.HasMessageExpiry = s.num, true
		case propTopicAlias:
			p.TopicAlias = uint16(s.num)
		case propSubscriptionID:
			p.SubscriptionIDs = append(p.SubscriptionIDs, s.num)
		default: // the scanner lets no other through
			forward.add(&s)
		}
	}
	p.Forward = forward.bytes(&s)
	d.scratch = forward.own
	s.end(r)
}
