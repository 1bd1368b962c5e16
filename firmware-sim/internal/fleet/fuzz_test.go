package fleet

import (
	"testing"
	"time"

	"snbroker/firmware-sim/internal/scenario"
)

const fuzzScenario = `
about = "One device of each kind that receives."
devices = 3
duration = "1m"
ramp = "0s"
[[population]]
behaviour = "actuator"
interval = "1s"
[[population]]
behaviour = "ota"
forwarder = 5
[[population]]
behaviour = "sensor"
sleep.time = "10s"
command.topic = "c/{id}"
`

// Whatever comes from a gateway and a broker, the fleet goes on.
func FuzzReceived(f *testing.F) {
	f.Add(uint32(0), []byte("\x03\x05\x00"), []byte("actuators/actuator-00000/state"), []byte("get 1 2"))
	f.Add(uint32(1), []byte("\x07\xfe\x00\x00\x00\x00\x01\x03\x05\x00"), []byte("updates/ota-00000/get"), []byte("get 99999999999 1"))
	f.Add(uint32(1), []byte("\x07\xfe\x03\xe8\x00\x00\x01\x03\x05\x00"), []byte("updates/ota-00000/get"), []byte("get 0 1"))
	f.Add(uint32(2), []byte("\x02\x18"), []byte("c/sensor-00000"), []byte("test 1 0 "))
	f.Fuzz(func(t *testing.T, line uint32, datagram, topic, payload []byte) {
		s, err := scenario.Parse("fuzz.toml", fuzzScenario)
		if err != nil {
			t.Fatal(err)
		}
		v := NewVirtual(Config{Scenario: s, Seed: 1, Run: "test"}, nil)
		for range 4 {
			v.run(v.Fleet.Now()+500*time.Millisecond, func() bool { return false })
			v.Fleet.Received(LineOf(0, line%5), datagram)
			v.Fleet.Message(topic, payload, false)
			v.Fleet.Acknowledged(uint16(line))
			v.Gateway.Publish("c/sensor-00000", payload, 1)
			v.hand(v.Fleet.Now())
		}
	})
}
