package mqtt

// Unsubscribe ends subscriptions.
//
//	packet id | [5.0] properties | filter...
type Unsubscribe struct {
	PacketID   uint16
	Filters    [][]byte
	Properties UnsubscribeProperties
}

// UnsubscribeProperties belong to 5.0.
type UnsubscribeProperties struct {
	User []byte // encoded user properties, see [UserProperties]
}

func (*Unsubscribe) Type() PacketType { return TypeUnsubscribe }

func (p *Unsubscribe) decode(d *Decoder, _ byte, body []byte) error {
	*p = Unsubscribe{Filters: reuse(p.Filters)}
	r := reader{b: body}
	p.PacketID = r.packetID()
	if d.Version == V5 {
		p.Properties.decode(&r, d)
	}
	if r.err == nil && r.remaining() == 0 {
		return ErrNoFilters // [MQTT-3.10.3-2]
	}
	for r.remaining() > 0 {
		f := r.topicFilter(d.Version)
		if r.err == nil {
			p.Filters = append(p.Filters, f)
		}
	}
	return r.end()
}

func (p *UnsubscribeProperties) decode(r *reader, d *Decoder) {
	s := r.properties(inUnsubscribe, d.From)
	user := gather{own: d.reuseScratch()}
	for s.next() {
		user.add(&s) // the scanner lets no other through
	}
	p.User = user.bytes(&s)
	d.scratch = user.own
	s.end(r)
}

func (p *Unsubscribe) AppendTo(b []byte, v Version) ([]byte, error) {
	if !v.known() {
		return b, ErrVersion
	}
	if len(p.Filters) == 0 {
		return b, ErrNoFilters
	}
	w := writer{b: b}
	packet := w.header(TypeUnsubscribe, 0x02)
	w.packetID(p.PacketID)
	if v == V5 {
		block := w.open()
		w.raw(p.Properties.User)
		w.close(block)
	}
	for _, f := range p.Filters {
		if len(f) == 0 {
			w.fail(ErrTopicFilter)
		}
		w.binary(f)
	}
	w.close(packet)
	return w.done(b)
}
