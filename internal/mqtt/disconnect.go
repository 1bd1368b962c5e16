package mqtt

// Disconnect ends a connection. Before 5.0 only clients send it, and it has no
// body; in 5.0 a normal one without properties is as short.
//
//	[5.0] reason code | [5.0] properties
type Disconnect struct {
	ReasonCode ReasonCode
	Properties DisconnectProperties
}

// DisconnectProperties belong to 5.0.
type DisconnectProperties struct {
	SessionExpiry    uint32 // seconds; absent is what CONNECT said; from a client only
	HasSessionExpiry bool
	ReasonString     []byte // nil absent
	ServerReference  []byte // nil absent; from a server only
	User             []byte // encoded user properties, see [UserProperties]
}

func (*Disconnect) Type() PacketType { return TypeDisconnect }

func (p *Disconnect) decode(d *Decoder, _ byte, body []byte) error {
	*p = Disconnect{}
	if d.Version != V5 {
		if d.From == FromServer {
			return ErrUnexpectedPacket
		}
		return noBody(body)
	}
	r := reader{b: body}
	if r.remaining() > 0 {
		p.ReasonCode = r.reason(TypeDisconnect, d.From)
	}
	if r.remaining() > 0 {
		p.Properties.decode(&r, d.From)
	}
	return r.end()
}

func (p *DisconnectProperties) decode(r *reader, from Origin) {
	s := r.properties(inDisconnect, from)
	var user gather
	for s.next() {
		switch s.id {
		case propSessionExpiry:
			p.SessionExpiry, p.HasSessionExpiry = s.num, true
		case propReasonString:
			p.ReasonString = s.data
		case propServerReference:
			p.ServerReference = s.data
		case propUser:
			user.add(&s)
		}
	}
	p.User = user.bytes(&s)
	s.end(r)
}

func (p *DisconnectProperties) empty() bool {
	return !p.HasSessionExpiry && p.ReasonString == nil && p.ServerReference == nil && len(p.User) == 0
}

func (p *Disconnect) AppendTo(b []byte, v Version) ([]byte, error) {
	if v != V5 {
		return appendBare(b, v, TypeDisconnect)
	}
	w := writer{b: b}
	packet := w.header(TypeDisconnect, 0)
	if p.ReasonCode != ReasonNormalDisconnection || !p.Properties.empty() {
		w.uint8(byte(p.ReasonCode))
	}
	if !p.Properties.empty() {
		block := w.open()
		if p.Properties.HasSessionExpiry {
			w.propUint32(propSessionExpiry, p.Properties.SessionExpiry)
		}
		w.propBytes(propReasonString, p.Properties.ReasonString)
		w.propBytes(propServerReference, p.Properties.ServerReference)
		w.raw(p.Properties.User)
		w.close(block)
	}
	w.close(packet)
	return w.done(b)
}
