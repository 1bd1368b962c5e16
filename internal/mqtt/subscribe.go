package mqtt

// Subscribe asks for messages.
//
//	packet id | [5.0] properties | (filter | options)...
type Subscribe struct {
	PacketID   uint16
	Filters    []Filter
	Properties SubscribeProperties
}

// Filter is one subscription of a Subscribe.
//
//	7 6 | 5 4             | 3                   | 2        | 1 0
//	 0  | retain handling | retain as published | no local | QoS
//
// Before 5.0 there is only the QoS.
type Filter struct {
	TopicFilter       []byte // with its $share/group/
	QoS               QoS
	NoLocal           bool
	RetainAsPublished bool
	RetainHandling    uint8 // retained messages: 0 always, 1 if the subscription is new, 2 never
}

// SubscribeProperties belong to 5.0.
type SubscribeProperties struct {
	SubscriptionID uint32 // 0 absent
	User           []byte // encoded user properties, see [UserProperties]
}

func (*Subscribe) Type() PacketType { return TypeSubscribe }

func (p *Subscribe) decode(d *Decoder, _ byte, body []byte) error {
	*p = Subscribe{Filters: reuse(p.Filters)}
	r := reader{b: body}
	p.PacketID = r.packetID()
	if d.Version == V5 {
		p.Properties.decode(&r, d)
	}
	if r.err == nil && r.remaining() == 0 {
		return ErrNoFilters // [MQTT-3.8.3-2]
	}
	for r.remaining() > 0 {
		f := Filter{TopicFilter: r.topicFilter(d.Version)}
		options := r.uint8()
		if r.err != nil {
			break
		}
		if err := f.decodeOptions(options, d.Version); err != nil {
			return err
		}
		p.Filters = append(p.Filters, f)
	}
	return r.end()
}

func (p *SubscribeProperties) decode(r *reader, d *Decoder) {
	s := r.properties(inSubscribe, d.From)
	user := gather{own: d.reuseScratch()}
	for s.next() {
		switch s.id {
		case propSubscriptionID:
			p.SubscriptionID = s.num
		case propUser:
			user.add(&s)
		}
	}
	p.User = user.bytes(&s)
	d.scratch = user.own
	s.end(r)
}

// topicFilter reads a topic filter of SUBSCRIBE or UNSUBSCRIBE. Only 5.0 knows
// of shared subscriptions: before, $share/ may begin any filter at all.
func (r *reader) topicFilter(v Version) []byte {
	b := r.binary()
	if r.err != nil {
		return nil
	}
	err := checkTopicFilter(b)
	if err == nil && v == V5 {
		err = checkShared(b)
	}
	if err != nil {
		r.fail(err)
		return nil
	}
	return b
}

func (f *Filter) decodeOptions(options byte, v Version) error {
	reserved := byte(0xC0)
	if v != V5 {
		reserved = 0xFC // [MQTT-3-8.3-4] of 3.1.1
	}
	if options&reserved != 0 {
		return ErrSubscribeOptions // [MQTT-3.8.3-5]
	}
	f.QoS = QoS(options & 3)
	f.NoLocal = options&0x04 != 0
	f.RetainAsPublished = options&0x08 != 0
	f.RetainHandling = options >> 4
	if f.QoS > QoS2 {
		return ErrSubscribeQoS
	}
	if f.RetainHandling > 2 {
		return ErrRetainHandling
	}
	if f.NoLocal && hasSharePrefix(f.TopicFilter) {
		return ErrSharedNoLocal // [MQTT-3.8.3-4]
	}
	return nil
}

func (p *Subscribe) AppendTo(b []byte, v Version) ([]byte, error) {
	if !v.known() {
		return b, ErrVersion
	}
	if len(p.Filters) == 0 {
		return b, ErrNoFilters
	}
	if p.Properties.SubscriptionID > MaxRemainingLength {
		return b, ErrPropertyRange
	}
	w := writer{b: b}
	packet := w.header(TypeSubscribe, 0x02)
	w.packetID(p.PacketID)
	if v == V5 {
		block := w.open()
		if p.Properties.SubscriptionID != 0 {
			w.uint8(byte(propSubscriptionID))
			w.varint(p.Properties.SubscriptionID)
		}
		w.raw(p.Properties.User)
		w.close(block)
	}
	for i := range p.Filters {
		p.Filters[i].write(&w, v)
	}
	w.close(packet)
	return w.done(b)
}

func (f *Filter) write(w *writer, v Version) {
	switch {
	case len(f.TopicFilter) == 0:
		w.fail(ErrTopicFilter)
	case f.QoS > QoS2:
		w.fail(ErrSubscribeQoS)
	case f.RetainHandling > 2:
		w.fail(ErrRetainHandling)
	}
	options := byte(f.QoS)
	if v == V5 {
		options |= f.RetainHandling << 4
		if f.NoLocal {
			options |= 0x04
		}
		if f.RetainAsPublished {
			options |= 0x08
		}
	}
	w.binary(f.TopicFilter)
	w.uint8(options)
}
