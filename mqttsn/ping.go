package mqttsn

// PingReq keeps a connection alive, or, with a ClientID, asks for what was
// kept while its sender slept. SN §5.4.19
//
//	ClientID(rest)
type PingReq struct {
	ClientID []byte // often empty
}

// PingResp answers PingReq, and ends an awake period. SN §5.4.20
type PingResp struct{}

func (*PingReq) Type() MsgType  { return TypePingReq }
func (*PingResp) Type() MsgType { return TypePingResp }

func (m *PingReq) AppendBinary(b []byte) ([]byte, error) {
	return appendRest(b, TypePingReq, m.ClientID)
}

func (m *PingReq) decode(body []byte) error {
	m.ClientID = body
	return nil
}

func (*PingResp) AppendBinary(b []byte) ([]byte, error) { return appendEmpty(b, TypePingResp) }
func (*PingResp) decode(body []byte) error              { return exactly(body, 0) }
