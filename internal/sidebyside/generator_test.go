package sidebyside

import (
	"fmt"
	"net"
	"testing"

	"snbroker/internal/mqtt"
	"snbroker/mqttsn"
)

// peer is a device's socket.
type peer struct {
	b    testing.TB
	conn *net.UDPConn
	buf  [2048]byte
}

func dial(b testing.TB, address string) *peer {
	b.Helper()
	conn, err := net.Dial("udp4", address)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { conn.Close() })
	return &peer{b: b, conn: conn.(*net.UDPConn)}
}

func encode(m mqttsn.Message) []byte {
	out, err := m.AppendBinary(nil)
	if err != nil {
		panic(err)
	}
	return out
}

func (p *peer) send(datagram []byte) {
	if _, err := p.conn.Write(datagram); err != nil {
		p.b.Error(err)
	}
}

func (p *peer) hear() []byte {
	n, err := p.conn.Read(p.buf[:])
	if err != nil {
		p.b.Error(err)
	}
	return p.buf[:n]
}

// device introduces a peer: to the bare program by a datagram, to the gateway
// by CONNECT and by REGISTER or SUBSCRIBE, whose id is 1.
func device(b testing.TB, s *server, isBare bool, name string, second mqttsn.Message) *peer {
	b.Helper()
	p := dial(b, s.udp)
	if isBare {
		p.send([]byte("hello"))
		p.hear()
		return p
	}
	p.send(encode(&mqttsn.Connect{ProtocolID: 1, CleanSession: true, Duration: 600, ClientID: []byte(name)}))
	p.hear()
	p.send(encode(second))
	p.hear()
	return p
}

var payload = make([]byte, 64)

func publisher(topic string) mqttsn.Message {
	return &mqttsn.Register{MsgID: 1, TopicName: []byte(topic)}
}

func subscriber(topic string) mqttsn.Message {
	return &mqttsn.Subscribe{MsgID: 1, TopicName: []byte(topic)}
}

// program connects an MQTT client by TCP that subscribes to all there is.
func program(b testing.TB, s *server, isBare bool) net.Conn {
	b.Helper()
	conn, err := net.Dial("tcp", s.tcp)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { conn.Close() })
	if isBare {
		return conn
	}
	out, _ := (&mqtt.Connect{Version: mqtt.V311, CleanStart: true, ClientID: []byte("program")}).AppendTo(nil, mqtt.V311)
	out, _ = (&mqtt.Subscribe{PacketID: 1, Filters: []mqtt.Filter{{TopicFilter: []byte("#")}}}).AppendTo(out, mqtt.V311)
	if _, err := conn.Write(out); err != nil {
		b.Fatal(err)
	}
	answer := make([]byte, 9) // CONNACK and SUBACK
	for n := 0; n < len(answer); {
		k, err := conn.Read(answer[n:])
		if err != nil {
			b.Fatal(fmt.Errorf("no CONNACK and SUBACK: %w", err))
		}
		n += k
	}
	return conn
}
