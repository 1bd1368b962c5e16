package mqtt

// Unsuback answers Unsubscribe, in 5.0 with a code for each filter in their
// order [MQTT-3.11.3-1]; before, without any.
//
//	packet id | [5.0] properties | [5.0] reason code...
type Unsuback struct {
	PacketID    uint16
	ReasonCodes []ReasonCode
	Properties  AckProperties
}

func (*Unsuback) Type() PacketType { return TypeUnsuback }

func (p *Unsuback) decode(d *Decoder, _ byte, body []byte) error {
	*p = Unsuback{ReasonCodes: reuse(p.ReasonCodes)}
	r := reader{b: body}
	p.PacketID = r.packetID()
	if d.Version != V5 {
		return r.end()
	}
	p.Properties.decode(&r, inUnsuback, d)
	if r.err == nil && r.remaining() == 0 {
		return ErrNoReasonCodes
	}
	for r.remaining() > 0 {
		p.ReasonCodes = append(p.ReasonCodes, r.reason(TypeUnsuback, d.From))
	}
	return r.end()
}

func (p *Unsuback) AppendTo(b []byte, v Version) ([]byte, error) {
	if !v.known() {
		return b, ErrVersion
	}
	if v == V5 && len(p.ReasonCodes) == 0 {
		return b, ErrNoReasonCodes
	}
	w := writer{b: b}
	packet := w.header(TypeUnsuback, 0)
	w.packetID(p.PacketID)
	if v == V5 {
		p.Properties.write(&w)
		for _, c := range p.ReasonCodes {
			w.uint8(byte(c))
		}
	}
	w.close(packet)
	return w.done(b)
}
