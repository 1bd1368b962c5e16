package mqtt

import (
	"strings"
	"testing"

	"snbroker/internal/mqtt/mqtttest/octets"
)

func TestDescribe(t *testing.T) {
	for _, c := range []struct {
		v     Version
		bytes string
		want  string
	}{
		{V311, "", `nothing`},
		{V311, "30", `PUBLISH 1 bytes: mqtt: frame is not exactly one packet`},
		{V311, "30 [ 0001'#' ]", `PUBLISH 5 bytes: mqtt: topic name is empty or contains a wildcard`},
		{V311, "00 00", `RESERVED 2 bytes: mqtt: packet type is reserved`},
		{0, "10 [ 0004'MQTT' 04 c2 003c 0001'c' 0001'u' 0003'pwd' ]", `CONNECT 3.1.1 client="c" clean keepalive=60 username="u" password`},
		{0, "10 [ 0006'MQIsdp' 83 00 003c 0001'c' ]", `CONNECT 3.1 bridge client="c" keepalive=60`},
		{V5, "10 [ 0004'MQTT' 05 2c 0000 [ 1100000005 210001 160001'd' 150001'm' 260001'k'0001'v' ] 0000 [ 1800000003 0101 ] 0001'w' 0002'xy' ]",
			`CONNECT 5.0 client="" keepalive=0 session_expiry=5 receive_max=1 auth="m" auth_data user="k":"v" will{ topic="w" qos=1 retain delay=3 format=1 2B }`},
		{V5, "20 [ 01 00 [ 120001'i' 130005 2400 ] ]", `CONNACK 0x00 session_present assigned="i" keepalive=5 qos_max=0`},
		{V311, "20 [ 00 05 ]", `CONNACK 0x87 (Not authorized)`},
		{V5, "3b [ 0003'a/b' 0007 [ 0200000e10 230001 0b05 030001't' 080001'r' 090002'cd' ] 'payload' ]",
			`PUBLISH topic="a/b" qos=1 retain dup id=7 expiry=3600 alias=1 subscription=5 type="t" response="r" correlation_bytes=2 7B`},
		{V31, "40 [ 0001 ]", `PUBACK id=1`},
		{V5, "50 [ 0001 97 [ 1f0001'x' ] ]", `PUBREC id=1 0x97 (Quota exceeded) reason="x"`},
		{V5, "62 [ 0001 ]", `PUBREL id=1`},
		{V5, "70 [ 0001 92 ]", `PUBCOMP id=1 0x92 (Packet Identifier not found)`},
		{V5, "82 [ 0001 [ 0b07 ] 0001'a' 2d 0001'b' 00 ]",
			`SUBSCRIBE id=1 subscription=7 filter="a" qos=1 no_local retain_as_published retain_handling=2 filter="b" qos=0`},
		{V5, "90 [ 0001 [] 01 87 ]", `SUBACK id=1 0x01 (Granted QoS 1) 0x87 (Not authorized)`},
		{V311, "a2 [ 0001 0001'a' 0001'b' ]", `UNSUBSCRIBE id=1 filter="a" filter="b"`},
		{V311, "b0 [ 0001 ]", `UNSUBACK id=1`},
		{V5, "c0 00", `PINGREQ`},
		{V5, "d0 00", `PINGRESP`},
		{V311, "e0 00", `DISCONNECT`},
		{V5, "e0 00", `DISCONNECT 0x00`},
		{V5, "e0 [ 9c [ 1c0003'h:1' ] ]", `DISCONNECT 0x9c (Use another server) server="h:1"`},
		{V5, "f0 [ 18 [ 150001'm' 160001'd' ] ]", `AUTH 0x18 (Continue authentication) auth="m" auth_data`},
	} {
		if got := Describe(octets.Read(t, c.bytes), c.v); got != c.want {
			t.Errorf("%s:\n%s, want\n%s", c.bytes, got, c.want)
		}
	}
}

// One line stays one line, and of a bearable length, whatever is inside.
func TestDescribeBounds(t *testing.T) {
	s := Subscribe{PacketID: 1}
	codes := Suback{PacketID: 1}
	var u Unsubscribe
	u.PacketID = 1
	p := Publish{Topic: []byte("line\nbreak/" + strings.Repeat("x", 1000))}
	for range 1000 {
		s.Filters = append(s.Filters, Filter{TopicFilter: b(strings.Repeat("f", 1000))})
		u.Filters = append(u.Filters, b(strings.Repeat("f", 1000)))
		codes.ReasonCodes = append(codes.ReasonCodes, ReasonNotAuthorized)
		p.Properties.Forward = AppendUserProperty(p.Properties.Forward, "key", strings.Repeat("v", 1000))
		p.Properties.SubscriptionIDs = append(p.Properties.SubscriptionIDs, 1)
	}
	for _, p := range []Packet{&s, &codes, &u, &p} {
		frame, err := p.AppendTo(nil, V5)
		if err != nil {
			t.Fatal(err)
		}
		if got := Describe(frame, V5); len(got) > 2000 || strings.Contains(got, "\n") || !strings.Contains(got, "...") && p != &codes {
			t.Errorf("%d bytes: %.200s", len(got), got)
		}
	}
	for _, secret := range []string{"hunter2"} {
		frame, err := (&Connect{Version: V5, HasPassword: true, Password: b(secret),
			Properties: ConnectProperties{AuthMethod: b("m"), AuthData: b(secret)}}).AppendTo(nil, V5)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(Describe(frame, V5), secret) {
			t.Error("a secret in a trace")
		}
	}
}
