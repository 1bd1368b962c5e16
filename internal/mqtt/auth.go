package mqtt

// Auth continues or restarts enhanced authentication. It exists since 5.0.
//
//	reason code | properties
type Auth struct {
	ReasonCode ReasonCode
	Properties AuthProperties
}

// AuthProperties of an Auth. The method is required, except that a success
// with no properties at all may be sent as an empty body.
type AuthProperties struct {
	AuthMethod   []byte
	AuthData     []byte // nil absent
	ReasonString []byte // nil absent
	User         []byte // encoded user properties, see [UserProperties]
}

func (*Auth) Type() PacketType { return TypeAuth }

func (p *Auth) decode(d *Decoder, _ byte, body []byte) error {
	*p = Auth{}
	r := reader{b: body}
	if len(body) == 0 {
		if !ReasonSuccess.ValidIn(TypeAuth, d.From) {
			return ErrReasonCode
		}
		return nil
	}
	p.ReasonCode = r.reason(TypeAuth, d.From)
	if r.remaining() > 0 {
		p.Properties.decode(&r, d.From)
	}
	if r.err == nil && p.Properties.AuthMethod == nil {
		return ErrAuthMethod
	}
	return r.end()
}

func (p *AuthProperties) decode(r *reader, from Origin) {
	s := r.properties(inAuth, from)
	var user gather
	for s.next() {
		switch s.id {
		case propAuthMethod:
			p.AuthMethod = s.data
		case propAuthData:
			p.AuthData = s.data
		case propReasonString:
			p.ReasonString = s.data
		case propUser:
			user.add(&s)
		}
	}
	p.User = user.bytes(&s)
	s.end(r)
}

func (p *AuthProperties) empty() bool {
	return p.AuthMethod == nil && p.AuthData == nil && p.ReasonString == nil && len(p.User) == 0
}

func (p *Auth) AppendTo(b []byte, v Version) ([]byte, error) {
	if v != V5 {
		return b, ErrVersion
	}
	bare := p.ReasonCode == ReasonSuccess && p.Properties.empty()
	if !bare && p.Properties.AuthMethod == nil {
		return b, ErrAuthMethod
	}
	w := writer{b: b}
	packet := w.header(TypeAuth, 0)
	if !bare {
		w.uint8(byte(p.ReasonCode))
		block := w.open()
		w.propBytes(propAuthMethod, p.Properties.AuthMethod)
		w.propBytes(propAuthData, p.Properties.AuthData)
		w.propBytes(propReasonString, p.Properties.ReasonString)
		w.raw(p.Properties.User)
		w.close(block)
	}
	w.close(packet)
	return w.done(b)
}
