package mqtt

// Puback, Pubrec, Pubrel and Pubcomp have the same form. Before 5.0 there is
// only the packet id; in 5.0 a successful one without properties is as short.
//
//	packet id | [5.0] reason code | [5.0] properties
type Puback struct {
	PacketID   uint16
	ReasonCode ReasonCode
	Properties AckProperties
}

// Pubrec has the form of [Puback].
type Pubrec Puback

// Pubrel has the form of [Puback].
type Pubrel Puback

// Pubcomp has the form of [Puback].
type Pubcomp Puback

// AckProperties belong to 5.0, and are all that PUBACK, PUBREC, PUBREL,
// PUBCOMP, SUBACK and UNSUBACK have.
type AckProperties struct {
	ReasonString []byte // nil absent
	User         []byte // encoded user properties, see [UserProperties]
}

func (*Puback) Type() PacketType  { return TypePuback }
func (*Pubrec) Type() PacketType  { return TypePubrec }
func (*Pubrel) Type() PacketType  { return TypePubrel }
func (*Pubcomp) Type() PacketType { return TypePubcomp }

func (p *Puback) decode(d *Decoder, _ byte, body []byte) error {
	return p.decodeAs(TypePuback, d, body)
}

func (p *Pubrec) decode(d *Decoder, _ byte, body []byte) error {
	return (*Puback)(p).decodeAs(TypePubrec, d, body)
}

func (p *Pubrel) decode(d *Decoder, _ byte, body []byte) error {
	return (*Puback)(p).decodeAs(TypePubrel, d, body)
}

func (p *Pubcomp) decode(d *Decoder, _ byte, body []byte) error {
	return (*Puback)(p).decodeAs(TypePubcomp, d, body)
}

func (p *Puback) AppendTo(b []byte, v Version) ([]byte, error) {
	return p.appendAs(TypePuback, b, v)
}

func (p *Pubrec) AppendTo(b []byte, v Version) ([]byte, error) {
	return (*Puback)(p).appendAs(TypePubrec, b, v)
}

func (p *Pubrel) AppendTo(b []byte, v Version) ([]byte, error) {
	return (*Puback)(p).appendAs(TypePubrel, b, v)
}

func (p *Pubcomp) AppendTo(b []byte, v Version) ([]byte, error) {
	return (*Puback)(p).appendAs(TypePubcomp, b, v)
}

func (p *Puback) decodeAs(t PacketType, d *Decoder, body []byte) error {
	*p = Puback{}
	r := reader{b: body}
	p.PacketID = r.packetID()
	if d.Version == V5 {
		if r.remaining() > 0 {
			p.ReasonCode = r.reason(t, d.From)
		}
		if r.remaining() > 0 {
			p.Properties.decode(&r, 1<<t, d)
		}
	}
	return r.end()
}

func (p *AckProperties) decode(r *reader, where packetSet, d *Decoder) {
	s := r.properties(where, d.From)
	user := gather{own: d.reuseScratch()}
	for s.next() {
		switch s.id {
		case propReasonString:
			p.ReasonString = s.data
		case propUser:
			user.add(&s)
		}
	}
	p.User = user.bytes(&s)
	d.scratch = user.own
	s.end(r)
}

func (p *AckProperties) empty() bool { return p.ReasonString == nil && len(p.User) == 0 }

func (p *AckProperties) write(w *writer) {
	block := w.open()
	w.propBytes(propReasonString, p.ReasonString)
	w.raw(p.User)
	w.close(block)
}

func (p *Puback) appendAs(t PacketType, b []byte, v Version) ([]byte, error) {
	switch {
	case !v.known():
		return b, ErrVersion
	case p.PacketID == 0:
		return b, ErrPacketID
	case v != V5 || p.Properties.empty():
		return AppendAck(b, v, t, p.PacketID, p.ReasonCode), nil
	}
	w := writer{b: b}
	packet := w.header(t, ackFlags(t))
	w.uint16(p.PacketID)
	w.uint8(byte(p.ReasonCode))
	p.Properties.write(&w)
	w.close(packet)
	return w.done(b)
}

// AppendAck appends a PUBACK, PUBREC, PUBREL or PUBCOMP without properties; it
// panics for any other type. Before 5.0 the reason cannot be told, and an
// acknowledgement is always a positive one. It does not allocate when b has
// room for five bytes.
func AppendAck(b []byte, v Version, t PacketType, packetID uint16, reason ReasonCode) []byte {
	if inAcks&(1<<t) == 0 {
		panic("mqtt: AppendAck of " + t.String())
	}
	first := byte(t)<<4 | ackFlags(t)
	if v != V5 || reason == ReasonSuccess {
		return append(b, first, 2, byte(packetID>>8), byte(packetID))
	}
	return append(b, first, 3, byte(packetID>>8), byte(packetID), byte(reason))
}

// ackFlags returns the fixed header flags [MQTT-3.6.1-1].
func ackFlags(t PacketType) byte {
	if t == TypePubrel {
		return 0x02
	}
	return 0
}
