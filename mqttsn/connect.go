package mqttsn

// ProtocolID is the only one there is; the others are reserved. SN §5.3.8
const ProtocolID = 1

// Connect asks for a connection. SN §5.4.4
//
//	Flags(1: Will, CleanSession) ProtocolID(1) Duration(2) ClientID(rest)
type Connect struct {
	Will, CleanSession bool

	// ProtocolID is written as given, so that a test can claim to speak
	// something else; anything but the constant is to be refused.
	ProtocolID uint8

	Duration uint16 // keep alive, seconds
	ClientID []byte // 1 ... 23 octets, says the standard; the codec asks for 1
}

// ConnAck ends the procedure that Connect began. SN §5.4.5
//
//	ReturnCode(1)
type ConnAck struct {
	ReturnCode ReturnCode
}

func (*Connect) Type() MsgType { return TypeConnect }
func (*ConnAck) Type() MsgType { return TypeConnAck }

func (m *Connect) AppendBinary(b []byte) ([]byte, error) {
	// SN §5.3.1: at least one octet.
	if len(m.ClientID) == 0 {
		return b, badField(TypeConnect, "empty ClientID")
	}
	b, err := appendHeader(b, TypeConnect, 4+len(m.ClientID))
	if err != nil {
		return b, err
	}
	f := flags(0).with(flagWill, m.Will).with(flagClean, m.CleanSession)
	b = append(b, byte(f), m.ProtocolID)
	b = append16(b, m.Duration)
	return append(b, m.ClientID...), nil
}

// An empty ClientID passes: the answer to it is a ConnAck.
func (m *Connect) decode(body []byte) error {
	if err := atLeast(body, 4); err != nil {
		return err
	}
	f := flags(body[0])
	*m = Connect{
		Will:         f.has(flagWill),
		CleanSession: f.has(flagClean),
		ProtocolID:   body[1],
		Duration:     get16[uint16](body[2:]),
		ClientID:     body[4:],
	}
	return nil
}

func (m *ConnAck) AppendBinary(b []byte) ([]byte, error) {
	return appendReturnCode(b, TypeConnAck, m.ReturnCode)
}

func (m *ConnAck) decode(body []byte) (err error) {
	m.ReturnCode, err = decodeReturnCode(body)
	return err
}
