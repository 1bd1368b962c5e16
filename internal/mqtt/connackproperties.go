package mqtt

// ConnackProperties belong to 5.0.
type ConnackProperties struct {
	SessionExpiry             uint32 // seconds; absent is what the client asked for
	HasSessionExpiry          bool
	ReceiveMaximum            uint16 // 0 absent, which means 65535
	MaximumQoS                QoS    // 0 or 1; absent is 2
	HasMaximumQoS             bool
	RetainUnavailable         bool   // Retain Available is 0; absent is 1
	MaximumPacketSize         uint32 // 0 absent, which means no limit
	AssignedClientID          []byte // nil absent
	TopicAliasMaximum         uint16 // absent is 0
	ReasonString              []byte // nil absent
	WildcardSubUnavailable    bool   // Wildcard Subscription Available is 0; absent is 1
	SubscriptionIDUnavailable bool   // Subscription Identifiers Available is 0; absent is 1
	SharedSubUnavailable      bool   // Shared Subscription Available is 0; absent is 1
	ServerKeepAlive           uint16 // seconds; absent is what the client asked for
	HasServerKeepAlive        bool
	ResponseInformation       []byte // nil absent
	ServerReference           []byte // nil absent
	AuthMethod                []byte // nil absent
	AuthData                  []byte // nil absent
	User                      []byte // encoded user properties, see [UserProperties]
}

func (p *ConnackProperties) decode(r *reader, from Origin) {
	s := r.properties(inConnack, from)
	var user gather
	for s.next() {
		switch s.id {
		case propSessionExpiry:
			p.SessionExpiry, p.HasSessionExpiry = s.num, true
		case propReceiveMaximum:
			p.ReceiveMaximum = uint16(s.num)
		case propMaximumQoS:
			p.MaximumQoS, p.HasMaximumQoS = QoS(s.num), true
		case propRetainAvailable:
			p.RetainUnavailable = s.num == 0
		case propMaximumPacketSize:
			p.MaximumPacketSize = s.num
		case propAssignedClientID:
			p.AssignedClientID = s.data
		case propTopicAliasMaximum:
			p.TopicAliasMaximum = uint16(s.num)
		case propReasonString:
			p.ReasonString = s.data
		case propWildcardSubAvailable:
			p.WildcardSubUnavailable = s.num == 0
		case propSubIDAvailable:
			p.SubscriptionIDUnavailable = s.num == 0
		case propSharedSubAvailable:
			p.SharedSubUnavailable = s.num == 0
		case propServerKeepAlive:
			p.ServerKeepAlive, p.HasServerKeepAlive = uint16(s.num), true
		case propResponseInformation:
			p.ResponseInformation = s.data
		case propServerReference:
			p.ServerReference = s.data
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

func (p *ConnackProperties) write(w *writer) {
	block := w.open()
	if p.HasSessionExpiry {
		w.propUint32(propSessionExpiry, p.SessionExpiry)
	}
	if p.ReceiveMaximum != 0 {
		w.propUint16(propReceiveMaximum, p.ReceiveMaximum)
	}
	if p.HasMaximumQoS {
		w.propByte(propMaximumQoS, byte(p.MaximumQoS))
	}
	if p.RetainUnavailable {
		w.propByte(propRetainAvailable, 0)
	}
	if p.MaximumPacketSize != 0 {
		w.propUint32(propMaximumPacketSize, p.MaximumPacketSize)
	}
	w.propBytes(propAssignedClientID, p.AssignedClientID)
	if p.TopicAliasMaximum != 0 {
		w.propUint16(propTopicAliasMaximum, p.TopicAliasMaximum)
	}
	w.propBytes(propReasonString, p.ReasonString)
	if p.WildcardSubUnavailable {
		w.propByte(propWildcardSubAvailable, 0)
	}
	if p.SubscriptionIDUnavailable {
		w.propByte(propSubIDAvailable, 0)
	}
	if p.SharedSubUnavailable {
		w.propByte(propSharedSubAvailable, 0)
	}
	if p.HasServerKeepAlive {
		w.propUint16(propServerKeepAlive, p.ServerKeepAlive)
	}
	w.propBytes(propResponseInformation, p.ResponseInformation)
	w.propBytes(propServerReference, p.ServerReference)
	w.propBytes(propAuthMethod, p.AuthMethod)
	w.propBytes(propAuthData, p.AuthData)
	w.raw(p.User)
	w.close(block)
}
