package mqtttest

import (
	"bytes"

	"snbroker/internal/mqtt"
)

// Option changes a CONNECT.
type Option func(*mqtt.Connect)

// Hello is the CONNECT of a session that begins clean, unless an option says
// otherwise.
func (p *Peer) Hello(id string, options ...Option) *mqtt.Connect {
	c := &mqtt.Connect{Version: p.Version, CleanStart: true, ClientID: []byte(id)}
	for _, change := range options {
		change(c)
	}
	return c
}

// Welcome wants a CONNACK that lets in, and keeps it.
func (p *Peer) Welcome() {
	p.t.Helper()
	ack, ok := p.Next().(*mqtt.Connack)
	if !ok || ack.ReasonCode != mqtt.ReasonSuccess {
		p.t.Fatalf("CONNECT was answered by %+v", ack)
	}
	p.Connack = *ack
	p.Connack.Properties.AssignedClientID = bytes.Clone(ack.Properties.AssignedClientID)
	p.Connack.Properties.AuthMethod = bytes.Clone(ack.Properties.AuthMethod)
}

// Connect says Hello and is welcome. A session that begins clean must not have
// been there.
func (p *Peer) Connect(id string, options ...Option) *Peer {
	p.t.Helper()
	hello := p.Hello(id, options...)
	p.Say(hello)
	p.Welcome()
	if hello.CleanStart && p.Connack.SessionPresent {
		p.t.Fatalf("%s began clean, and its session was present", id)
	}
	return p
}

// Disconnect ends the connection as a client should.
func (p *Peer) Disconnect() {
	p.t.Helper()
	p.Say(&mqtt.Disconnect{})
	p.Closed()
}

// Lasting gives a session that outlives its connection by an hour, and goes on
// with an earlier one.
func Lasting(c *mqtt.Connect) {
	c.CleanStart = false
	c.Properties.SessionExpiry, c.Properties.HasSessionExpiry = 3600, true
}

// Anew is Lasting, from the beginning. Before MQTT 5 a session that begins
// clean does not last, so there the client must not have had one.
func Anew(c *mqtt.Connect) {
	Lasting(c)
	c.CleanStart = c.Version == mqtt.V5
}

// Packet identifiers that no story uses.
const (
	subscribeID   = 500
	unsubscribeID = 501
)

// Subscribe subscribes and is granted what it asks for.
func (p *Peer) Subscribe(filters ...mqtt.Filter) {
	p.t.Helper()
	ack := &mqtt.Suback{PacketID: subscribeID}
	for _, f := range filters {
		ack.ReasonCodes = append(ack.ReasonCodes, mqtt.ReasonCode(f.QoS))
	}
	p.Say(&mqtt.Subscribe{PacketID: subscribeID, Filters: filters})
	p.Expect(ack)
}

// Unsubscribe ends a subscription that there is.
func (p *Peer) Unsubscribe(filter string) {
	p.t.Helper()
	p.Say(&mqtt.Unsubscribe{PacketID: unsubscribeID, Filters: [][]byte{[]byte(filter)}})
	p.Expect(&mqtt.Unsuback{PacketID: unsubscribeID, ReasonCodes: []mqtt.ReasonCode{mqtt.ReasonSuccess}})
}

// Publish publishes, to the end of what its QoS demands; the message is then
// where it belongs.
func (p *Peer) Publish(m *mqtt.Publish) {
	p.t.Helper()
	p.Say(m)
	switch m.QoS {
	case mqtt.QoS0:
		p.Silence()
	case mqtt.QoS1:
		if ack, ok := p.Next().(*mqtt.Puback); !ok || ack.PacketID != m.PacketID || ack.ReasonCode.IsError() {
			p.t.Fatalf("PUBLISH was answered by %+v", ack)
		}
	case mqtt.QoS2:
		if ack, ok := p.Next().(*mqtt.Pubrec); !ok || ack.PacketID != m.PacketID || ack.ReasonCode.IsError() {
			p.t.Fatalf("PUBLISH was answered by %+v", ack)
		}
		p.Say(&mqtt.Pubrel{PacketID: m.PacketID})
		p.Expect(&mqtt.Pubcomp{PacketID: m.PacketID})
	}
}
