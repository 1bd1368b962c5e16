package mqtt

// Connack answers CONNECT. In 3.x its return code is translated to and from
// the ReasonCode, see [ConnackCode31].
//
//	flags | reason code | [5.0] properties
type Connack struct {
	SessionPresent bool // always false in 3.1
	ReasonCode     ReasonCode
	Properties     ConnackProperties
}

func (*Connack) Type() PacketType { return TypeConnack }

func (p *Connack) decode(d *Decoder, _ byte, body []byte) error {
	*p = Connack{}
	r := reader{b: body}
	flags := r.uint8()
	if d.Version == V31 {
		flags = 0 // a reserved byte, "not used"
	}
	if d.Version == V5 {
		p.ReasonCode = r.reason(TypeConnack, d.From)
		if r.err == nil {
			p.Properties.decode(&r, d.From)
		}
	} else if code := r.uint8(); int(code) < len(connack31) {
		p.ReasonCode = connack31[code]
	} else {
		return ErrReasonCode
	}
	if err := r.end(); err != nil {
		return err
	}
	p.SessionPresent = flags&0x01 != 0
	if flags > 1 || p.SessionPresent && p.ReasonCode != ReasonSuccess {
		return ErrConnackFlags // [MQTT-3.2.2-1] [MQTT-3.2.2-6]
	}
	return nil
}

func (p *Connack) AppendTo(b []byte, v Version) ([]byte, error) {
	if !v.known() {
		return b, ErrVersion
	}
	w := writer{b: b}
	packet := w.header(TypeConnack, 0)
	var flags byte
	if p.SessionPresent && p.ReasonCode == ReasonSuccess && v != V31 {
		flags = 1 // [MQTT-3.2.2-6]
	}
	w.uint8(flags)
	if v == V5 {
		w.uint8(byte(p.ReasonCode))
		p.Properties.write(&w)
	} else {
		w.uint8(ConnackCode31(p.ReasonCode))
	}
	w.close(packet)
	return w.done(b)
}
