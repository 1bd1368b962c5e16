package mqttsn

// Disconnect ends a connection, or, with a Duration, begins sleep.
// SN §5.4.21
//
//	Duration(2), or no octet at all
//
// Duration 0 is written as no Duration. The standard gives the explicit zero
// no meaning; sleep that ends at once is no sleep, so it is read as the same.
type Disconnect struct {
	Duration uint16 // seconds
}

func (*Disconnect) Type() MsgType { return TypeDisconnect }

func (m *Disconnect) AppendBinary(b []byte) ([]byte, error) {
	if m.Duration == 0 {
		return appendEmpty(b, TypeDisconnect)
	}
	b, err := appendHeader(b, TypeDisconnect, 2)
	if err != nil {
		return b, err
	}
	return append16(b, m.Duration), nil
}

func (m *Disconnect) decode(body []byte) error {
	if len(body) == 0 {
		*m = Disconnect{}
		return nil
	}
	if err := exactly(body, 2); err != nil {
		return err
	}
	*m = Disconnect{Duration: get16[uint16](body)}
	return nil
}
