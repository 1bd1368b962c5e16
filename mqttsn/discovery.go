package mqttsn

// Advertise is a gateway's broadcast of its presence. SN §5.4.1
//
//	GwID(1) Duration(2)
type Advertise struct {
	GwID     GwID
	Duration uint16 // seconds until the next one
}

// SearchGw is a client's broadcast for a gateway. SN §5.4.2
//
//	Radius(1)
type SearchGw struct {
	Radius uint8 // hops; 0 is the whole network
}

// GwInfo answers SearchGw. SN §5.4.3
//
//	GwID(1) GwAdd(rest)
type GwInfo struct {
	GwID GwID

	// GwAdd is set by a client that answers for a gateway; a gateway's own
	// answer has none, its address being the datagram's source. The standard
	// can be read as the address alone or as a length or kind before it, so
	// it stays opaque.
	GwAdd []byte
}

func (*Advertise) Type() MsgType { return TypeAdvertise }
func (*SearchGw) Type() MsgType  { return TypeSearchGw }
func (*GwInfo) Type() MsgType    { return TypeGwInfo }

func (m *Advertise) AppendBinary(b []byte) ([]byte, error) {
	b, err := appendHeader(b, TypeAdvertise, 3)
	if err != nil {
		return b, err
	}
	b = append(b, byte(m.GwID))
	return append16(b, m.Duration), nil
}

func (m *Advertise) decode(body []byte) error {
	if err := exactly(body, 3); err != nil {
		return err
	}
	*m = Advertise{GwID: GwID(body[0]), Duration: get16[uint16](body[1:])}
	return nil
}

func (m *SearchGw) AppendBinary(b []byte) ([]byte, error) {
	b, err := appendHeader(b, TypeSearchGw, 1)
	if err != nil {
		return b, err
	}
	return append(b, m.Radius), nil
}

func (m *SearchGw) decode(body []byte) error {
	if err := exactly(body, 1); err != nil {
		return err
	}
	*m = SearchGw{Radius: body[0]}
	return nil
}

func (m *GwInfo) AppendBinary(b []byte) ([]byte, error) {
	b, err := appendHeader(b, TypeGwInfo, 1+len(m.GwAdd))
	if err != nil {
		return b, err
	}
	b = append(b, byte(m.GwID))
	return append(b, m.GwAdd...), nil
}

func (m *GwInfo) decode(body []byte) error {
	if err := atLeast(body, 1); err != nil {
		return err
	}
	*m = GwInfo{GwID: GwID(body[0]), GwAdd: body[1:]}
	return nil
}
