package mqtt

// Suback answers Subscribe, with a code for each filter in their order
// [MQTT-3.9.3-1]. Before 5.0 every failure is 0x80, which is
// ReasonUnspecifiedError.
//
//	packet id | [5.0] properties | reason code...
type Suback struct {
	PacketID    uint16
	ReasonCodes []ReasonCode
	Properties  AckProperties
}

func (*Suback) Type() PacketType { return TypeSuback }

func (p *Suback) decode(d *Decoder, _ byte, body []byte) error {
	*p = Suback{ReasonCodes: reuse(p.ReasonCodes)}
	r := reader{b: body}
	p.PacketID = r.packetID()
	if d.Version == V5 {
		p.Properties.decode(&r, inSuback, d)
	}
	if r.err == nil && r.remaining() == 0 {
		return ErrNoReasonCodes
	}
	for r.remaining() > 0 {
		c := r.reason(TypeSuback, d.From)
		if d.Version != V5 && c != suback31(c) {
			return ErrReasonCode // [MQTT-3.9.3-2] of 3.1.1
		}
		p.ReasonCodes = append(p.ReasonCodes, c)
	}
	return r.end()
}

func (p *Suback) AppendTo(b []byte, v Version) ([]byte, error) {
	if !v.known() {
		return b, ErrVersion
	}
	if len(p.ReasonCodes) == 0 {
		return b, ErrNoReasonCodes
	}
	w := writer{b: b}
	packet := w.header(TypeSuback, 0)
	w.packetID(p.PacketID)
	if v == V5 {
		p.Properties.write(&w)
	}
	for _, c := range p.ReasonCodes {
		if v != V5 {
			c = suback31(c)
		}
		w.uint8(byte(c))
	}
	w.close(packet)
	return w.done(b)
}
