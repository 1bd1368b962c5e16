package mqttsn

import "bytes"

// Auth proves who a client is, right after its CONNECT. It is not of MQTT-SN 1.2,
// where its number is reserved, but of drafts of its successor, as bisquitt's
// clients and gateway use it.
//
//	Reason(1) MethodLength(1) Method(MethodLength) Data(rest)
type Auth struct {
	Reason uint8  // 0 from clients
	Method []byte // AuthPlain; 255 octets at most
	Data   []byte // the method's own: a secret
}

// AuthPlain is the SASL mechanism with username and password (RFC 4616).
const AuthPlain = "PLAIN"

func (*Auth) Type() MsgType { return TypeAuth }

func (m *Auth) AppendBinary(b []byte) ([]byte, error) {
	if len(m.Method) > 255 {
		return b, badField(TypeAuth, "Method")
	}
	b, err := appendHeader(b, TypeAuth, 2+len(m.Method)+len(m.Data))
	if err != nil {
		return b, err
	}
	b = append(b, m.Reason, byte(len(m.Method)))
	b = append(b, m.Method...)
	return append(b, m.Data...), nil
}

func (m *Auth) decode(body []byte) error {
	if err := atLeast(body, 2); err != nil {
		return err
	}
	end := 2 + int(body[1])
	if err := atLeast(body, end); err != nil {
		return err
	}
	*m = Auth{Reason: body[0], Method: body[2:end:end], Data: body[end:]}
	return nil
}

// String leaves the Data out: it is a secret.
func (m *Auth) String() string {
	return string(traceOf(m).num("reason", int(m.Reason)).quoted("method", m.Method).num("len", len(m.Data)))
}

// ParsePlain reads the Data of AuthPlain: an identity to act as, which may be
// empty, username and password, with a zero octet between them. The results alias
// data. ok is false if it is something else.
func ParsePlain(data []byte) (actAs, username, password []byte, ok bool) {
	parts := bytes.Split(data, []byte{0})
	if len(parts) != 3 || len(parts[1]) == 0 {
		return nil, nil, nil, false
	}
	return parts[0], parts[1], parts[2], true
}

// AppendPlain appends such Data to b.
func AppendPlain(b []byte, username, password string) []byte {
	b = append(append(b, 0), username...)
	return append(append(b, 0), password...)
}
