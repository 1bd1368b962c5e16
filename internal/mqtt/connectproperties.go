package mqtt

// ConnectProperties belong to 5.0.
type ConnectProperties struct {
	SessionExpiry       uint32 // seconds; absent is 0
	HasSessionExpiry    bool
	ReceiveMaximum      uint16 // 0 absent, which means 65535
	MaximumPacketSize   uint32 // 0 absent, which means no limit
	TopicAliasMaximum   uint16 // absent is 0
	RequestResponseInfo bool   // absent is false
	NoProblemInfo       bool   // Request Problem Information is 0; absent is 1
	AuthMethod          []byte // nil absent
	AuthData            []byte // nil absent
	User                []byte // encoded user properties, see [UserProperties]
}

func (p *ConnectProperties) decode(r *reader, from Origin) {
	s := r.properties(inConnect, from)
	var user gather
	for s.next() {
		switch s.id {
		case propSessionExpiry:
			p.SessionExpiry, p.HasSessionExpiry = s.num, true
		case propReceiveMaximum:
			p.ReceiveMaximum = uint16(s.num)
		case propMaximumPacketSize:
			p.MaximumPacketSize = s.num
		case propTopicAliasMaximum:
			p.TopicAliasMaximum = uint16(s.num)
		case propRequestResponseInfo:
			p.RequestResponseInfo = s.num == 1
		case propRequestProblemInfo:
			p.NoProblemInfo = s.num == 0
		case propAuthMethod:
			p.AuthMethod = s.data
		case propAuthData:
			p.AuthData = s.data
		case propUser:
			user.add(&s)
		}
	}
	p.User = user.bytes(&s)
	s.end(r)
	if r.err == nil && p.AuthData != nil && p.AuthMethod == nil {
		r.fail(ErrAuthMethod)
	}
}

func (p *ConnectProperties) write(w *writer) {
	block := w.open()
	if p.HasSessionExpiry {
		w.propUint32(propSessionExpiry, p.SessionExpiry)
	}
	if p.ReceiveMaximum != 0 {
		w.propUint16(propReceiveMaximum, p.ReceiveMaximum)
	}
	if p.MaximumPacketSize != 0 {
		w.propUint32(propMaximumPacketSize, p.MaximumPacketSize)
	}
	if p.TopicAliasMaximum != 0 {
		w.propUint16(propTopicAliasMaximum, p.TopicAliasMaximum)
	}
	if p.RequestResponseInfo {
		w.propByte(propRequestResponseInfo, 1)
	}
	if p.NoProblemInfo {
		w.propByte(propRequestProblemInfo, 0)
	}
	w.propBytes(propAuthMethod, p.AuthMethod)
	w.propBytes(propAuthData, p.AuthData)
	w.raw(p.User)
	w.close(block)
}
