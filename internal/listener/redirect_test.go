package listener

import (
	"net"
	"testing"

	"snbroker/internal/mqtt"
)

// Where a server reference is set nobody is let in; MQTT 5 clients are told
// where to go.
func TestServerReference(t *testing.T) {
	l := layered(t, func(c *Config) { c.ServerReference = "other.example:1883" })
	for version, want := range map[mqtt.Version]string{
		mqtt.V311: "CONNACK 0x88 (Server unavailable)", mqtt.V5: "other.example:1883",
	} {
		answer := connectAndRead(t, l.Addr().String(), version)
		var d mqtt.Decoder
		d.Version = version
		p, err := d.Decode(answer)
		must(t, err)
		ack := p.(*mqtt.Connack)
		if version == mqtt.V5 && (ack.ReasonCode != mqtt.ReasonUseAnotherServer || string(ack.Properties.ServerReference) != want) {
			t.Errorf("5.0: %v, reference %q", ack.ReasonCode, ack.Properties.ServerReference)
		}
		if version == mqtt.V311 && ack.ReasonCode != mqtt.ReasonServerUnavailable {
			t.Errorf("3.1.1: %v, want %s", ack.ReasonCode, want)
		}
	}
}

func connectAndRead(t *testing.T, address string, v mqtt.Version) []byte {
	t.Helper()
	nc, err := net.Dial("tcp", address)
	must(t, err)
	defer nc.Close()
	b, err := (&mqtt.Connect{Version: v, CleanStart: true, ClientID: []byte("c")}).AppendTo(nil, v)
	must(t, err)
	if _, err := nc.Write(b); err != nil {
		t.Fatal(err)
	}
	answer := make([]byte, 256)
	n, err := nc.Read(answer)
	must(t, err)
	return answer[:n]
}
