package mqtttest

import (
	"testing"

	"snbroker/internal/mqtt"
)

// Encode returns packets as version v has them, one after the other.
func Encode(t testing.TB, v mqtt.Version, packets ...mqtt.Packet) (b []byte) {
	t.Helper()
	for _, p := range packets {
		var err error
		b, err = p.AppendTo(b, v)
		Must(t, err)
	}
	return b
}

// Filter is a subscription without options.
func Filter(topic string, qos mqtt.QoS) mqtt.Filter {
	return mqtt.Filter{TopicFilter: []byte(topic), QoS: qos}
}

// Pub is a PUBLISH without flags and properties. At QoS 0 the packet identifier
// must be 0.
func Pub(topic, payload string, qos mqtt.QoS, id uint16) *mqtt.Publish {
	return &mqtt.Publish{Topic: []byte(topic), Payload: []byte(payload), QoS: qos, PacketID: id}
}

// Kept is Pub with RETAIN.
func Kept(topic, payload string, qos mqtt.QoS, id uint16) *mqtt.Publish {
	p := Pub(topic, payload, qos, id)
	p.Retain = true
	return p
}

// Again is Pub with DUP.
func Again(topic, payload string, qos mqtt.QoS, id uint16) *mqtt.Publish {
	p := Pub(topic, payload, qos, id)
	p.Dup = true
	return p
}
