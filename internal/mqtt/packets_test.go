package mqtt

import (
	"bytes"
	"testing"

	"snbroker/internal/mqtt/mqtttest/octets"
)

func b(s string) []byte { return []byte(s) }

// packets pairs each packet with its exact bytes, read in both directions.
var packets = []struct {
	name   string
	v      Version
	packet Packet
	bytes  string
}{
	// CONNECT
	{"connect minimal", V31,
		&Connect{Version: V31, ClientID: b("c"), KeepAlive: 60},
		"10 0f 0006'MQIsdp'03 00 003c 0001'c'"},
	{"connect minimal", V311,
		&Connect{Version: V311, CleanStart: true},
		"10 0c 0004'MQTT'04 02 0000 0000"},
	{"connect minimal", V5,
		&Connect{Version: V5, CleanStart: true},
		"10 0d 0004'MQTT'05 02 0000 00 0000"},
	{"connect bridge", V31,
		&Connect{Version: V31, Bridge: true, ClientID: b("c")},
		"10 0f 0006'MQIsdp'83 00 0000 0001'c'"},
	{"connect bridge", V311,
		&Connect{Version: V311, Bridge: true, ClientID: b("c")},
		"10 0d 0004'MQTT'84 00 0000 0001'c'"},
	{"connect full", V31,
		&Connect{Version: V31, CleanStart: true, KeepAlive: 10, ClientID: b("c1"), HasUsername: true, Username: b("u"),
			HasPassword: true, Password: b("p"), Will: &Will{Topic: b("w"), Payload: b("bye"), QoS: QoS2, Retain: true}},
		"10 1e 0006'MQIsdp'03 f6 000a 0002'c1' 0001'w' 0003'bye' 0001'u' 0001'p'"},
	{"connect full", V311,
		&Connect{Version: V311, CleanStart: true, KeepAlive: 10, ClientID: b("c1"), HasUsername: true, Username: b("u"),
			HasPassword: true, Password: []byte{0xff, 0}, Will: &Will{Topic: b("w"), Payload: b("bye"), QoS: QoS1}},
		"10 1d 0004'MQTT'04 ce 000a 0002'c1' 0001'w' 0003'bye' 0001'u' 0002 ff00"},
	{"connect empty will payload and user name", V311,
		&Connect{Version: V311, ClientID: b("c"), HasUsername: true, Will: &Will{Topic: b("w"), Retain: true}},
		"10 14 0004'MQTT'04 a4 0000 0001'c' 0001'w' 0000 0000"},
	{"connect password alone", V5,
		&Connect{Version: V5, HasPassword: true, Password: b("p")},
		"10 10 0004'MQTT'05 40 0000 00 0000 0001'p'"},
	{"connect full", V5,
		&Connect{Version: V5, CleanStart: true, KeepAlive: 65535, ClientID: b("c1"), HasUsername: true, Username: b("u"),
			HasPassword: true, Password: b("p"),
			Will: &Will{Topic: b("w"), Payload: b("bye"), QoS: QoS1, Retain: true, Properties: WillProperties{
				WillDelay: 5, HasMessageExpiry: true, MessageExpiry: 0,
				Forward: b("\x01\x01\x03\x00\x01t\x08\x00\x01r\x09\x00\x01d\x26\x00\x01k\x00\x01v")}},
			Properties: ConnectProperties{
				HasSessionExpiry: true, SessionExpiry: 0xffffffff, ReceiveMaximum: 20, MaximumPacketSize: 1 << 20,
				TopicAliasMaximum: 10, RequestResponseInfo: true, NoProblemInfo: true, AuthMethod: b("m"), AuthData: b("d"),
				User: b("\x26\x00\x01k\x00\x01v")}},
		"10 60 0004'MQTT'05 ee ffff" +
			"23 11ffffffff 210014 2700100000 22000a 1901 1700 150001'm' 160001'd' 260001'k'0001'v'" +
			"0002'c1'" +
			"1f 1800000005 0200000000 0101 030001't' 080001'r' 090001'd' 260001'k'0001'v'" +
			"0001'w' 0003'bye' 0001'u' 0001'p'"},

	// CONNACK
	{"connack", V31, &Connack{}, "20 02 00 00"},
	{"connack", V311, &Connack{SessionPresent: true}, "20 02 01 00"},
	{"connack", V5, &Connack{SessionPresent: true}, "20 03 01 00 00"},
	{"connack level", V311, &Connack{ReasonCode: ReasonUnsupportedProtocolVersion}, "20 02 00 01"},
	{"connack client id", V311, &Connack{ReasonCode: ReasonClientIDNotValid}, "20 02 00 02"},
	{"connack unavailable", V311, &Connack{ReasonCode: ReasonServerUnavailable}, "20 02 00 03"},
	{"connack password", V311, &Connack{ReasonCode: ReasonBadUserNameOrPassword}, "20 02 00 04"},
	{"connack not authorized", V31, &Connack{ReasonCode: ReasonNotAuthorized}, "20 02 00 05"},
	{"connack refusal", V5, &Connack{ReasonCode: ReasonUnsupportedProtocolVersion}, "20 03 00 84 00"},
	{"connack full", V5,
		&Connack{Properties: ConnackProperties{
			HasSessionExpiry: true, SessionExpiry: 0, ReceiveMaximum: 1, HasMaximumQoS: true, MaximumQoS: QoS1,
			RetainUnavailable: true, MaximumPacketSize: 1, AssignedClientID: b("id"), TopicAliasMaximum: 2,
			ReasonString: b("why"), WildcardSubUnavailable: true, SubscriptionIDUnavailable: true, SharedSubUnavailable: true,
			HasServerKeepAlive: true, ServerKeepAlive: 0, ResponseInformation: b("ri"), ServerReference: b("sr"),
			AuthMethod: b("m"), AuthData: []byte{}, User: b("\x26\x00\x00\x00\x00")}},
		"20 41 00 00 3e 1100000000 210001 2401 2500 2700000001 120002'id' 220002 1f0003'why'" +
			"2800 2900 2a00 130000 1a0002'ri' 1c0002'sr' 150001'm' 160000 26 0000 0000"},

	// PUBLISH
	{"publish qos 0", V31, &Publish{Topic: b("a/b"), Payload: b("x")}, "30 06 0003'a/b' 'x'"},
	{"publish qos 0", V311, &Publish{Topic: b("a/b"), Payload: b("x"), Retain: true}, "31 06 0003'a/b' 'x'"},
	{"publish empty payload", V311, &Publish{Topic: b("a"), Retain: true}, "31 03 0001'a'"},
	{"publish qos 1", V311, &Publish{Topic: b("a"), QoS: QoS1, PacketID: 0x1234}, "32 05 0001'a' 1234"},
	{"publish qos 2 dup", V31, &Publish{Topic: b("a"), QoS: QoS2, Dup: true, PacketID: 65535}, "3c 05 0001'a' ffff"},
	{"publish qos 2 dup retain", V311, &Publish{Topic: b("a"), QoS: QoS2, Dup: true, Retain: true, PacketID: 1, Payload: b("12")},
		"3d 07 0001'a' 0001 '12'"},
	{"publish qos 0", V5, &Publish{Topic: b("a"), Payload: b("x")}, "30 05 0001'a' 00 'x'"},
	{"publish alias", V5, &Publish{QoS: QoS1, PacketID: 1, Properties: PublishProperties{TopicAlias: 0x0102}},
		"32 08 0000 0001 03 230102"},
	{"publish full", V5,
		&Publish{Topic: b("a"), QoS: QoS1, PacketID: 7, Payload: b("x"), Properties: PublishProperties{
			HasMessageExpiry: true, MessageExpiry: 3600, TopicAlias: 1, SubscriptionIDs: []uint32{1, 127, 128, 268435455},
			Forward: b("\x01\x00\x26\x00\x01k\x00\x01v\x03\x00\x01t\x26\x00\x01k\x00\x01w")}},
		"32 2f 0001'a' 0007 28 0200000e10 230001 0b01 0b7f 0b8001 0bffffff7f" +
			"0100 26 0001'k'0001'v' 03 0001't' 26 0001'k'0001'w' 'x'"},
	{"publish topic in utf-8", V5, &Publish{Topic: b("\uFEFFgrüße/温度/😀")}, "30 19 0016 efbbbf'gr'c3bcc39f'e/'e6b8a9e5baa6'/'f09f9880 00"},

	// PUBACK, PUBREC, PUBREL, PUBCOMP
	{"puback", V31, &Puback{PacketID: 1}, "40 02 0001"},
	{"pubrec", V311, &Pubrec{PacketID: 1}, "50 02 0001"},
	{"pubrel", V31, &Pubrel{PacketID: 1}, "62 02 0001"},
	{"pubrel", V311, &Pubrel{PacketID: 1}, "62 02 0001"},
	{"pubcomp", V311, &Pubcomp{PacketID: 65535}, "70 02 ffff"},
	{"puback", V5, &Puback{PacketID: 1}, "40 02 0001"},
	{"puback reason", V5, &Puback{PacketID: 1, ReasonCode: ReasonNoMatchingSubscribers}, "40 03 0001 10"},
	{"puback full", V5, &Puback{PacketID: 1, ReasonCode: ReasonQuotaExceeded, Properties: AckProperties{
		ReasonString: b("full"), User: b("\x26\x00\x01k\x00\x01v")}},
		"40 12 0001 97 0e 1f0004'full' 260001'k'0001'v'"},
	{"puback success with properties", V5, &Puback{PacketID: 1, Properties: AckProperties{ReasonString: []byte{}}},
		"40 07 0001 00 03 1f0000"},
	{"pubrec", V5, &Pubrec{PacketID: 1, ReasonCode: ReasonPacketIDInUse}, "50 03 0001 91"},
	{"pubrel", V5, &Pubrel{PacketID: 1}, "62 02 0001"},
	{"pubrel not found", V5, &Pubrel{PacketID: 1, ReasonCode: ReasonPacketIDNotFound}, "62 03 0001 92"},
	{"pubrel full", V5, &Pubrel{PacketID: 1, ReasonCode: ReasonPacketIDNotFound, Properties: AckProperties{ReasonString: b("x")}},
		"62 08 0001 92 04 1f0001'x'"},
	{"pubcomp", V5, &Pubcomp{PacketID: 1, ReasonCode: ReasonPacketIDNotFound}, "70 03 0001 92"},
	{"pubcomp full", V5, &Pubcomp{PacketID: 1, Properties: AckProperties{User: b("\x26\x00\x01k\x00\x00\x26\x00\x01k\x00\x00")}},
		"70 10 0001 00 0c 260001'k'0000 260001'k'0000"},

	// SUBSCRIBE, SUBACK
	{"subscribe", V31, &Subscribe{PacketID: 1, Filters: []Filter{{TopicFilter: b("#"), QoS: QoS1}}}, "82 06 0001 0001'#'01"},
	{"subscribe", V311, &Subscribe{PacketID: 1, Filters: []Filter{{TopicFilter: b("a/+"), QoS: QoS2}, {TopicFilter: b("$share/x")}}},
		"82 13 0001 0003'a/+'02 0008'$share/x'00"},
	{"subscribe", V5, &Subscribe{PacketID: 1, Filters: []Filter{{TopicFilter: b("#")}}}, "82 07 0001 00 0001'#'00"},
	{"subscribe full", V5, &Subscribe{PacketID: 0x0a0b,
		Properties: SubscribeProperties{SubscriptionID: 16384, User: b("\x26\x00\x01k\x00\x01v")},
		Filters: []Filter{
			{TopicFilter: b("a"), QoS: QoS2, NoLocal: true, RetainAsPublished: true, RetainHandling: 2},
			{TopicFilter: b("$share/g/a/#"), QoS: QoS1, RetainHandling: 1}}},
		"82 21 0a0b 0b 0b808001 260001'k'0001'v' 0001'a'2e 000c'$share/g/a/#'11"},
	{"suback", V31, &Suback{PacketID: 1, ReasonCodes: []ReasonCode{ReasonGrantedQoS1}}, "90 03 0001 01"},
	{"suback", V311, &Suback{PacketID: 1, ReasonCodes: []ReasonCode{0, 1, 2, ReasonUnspecifiedError}}, "90 06 0001 00010280"},
	{"suback", V5, &Suback{PacketID: 1, ReasonCodes: []ReasonCode{2, ReasonNotAuthorized, ReasonWildcardSubsNotSupported}},
		"90 06 0001 00 0287a2"},
	{"suback full", V5, &Suback{PacketID: 1, ReasonCodes: []ReasonCode{ReasonQuotaExceeded},
		Properties: AckProperties{ReasonString: b("x"), User: b("\x26\x00\x01k\x00\x01v")}},
		"90 0f 0001 0b 1f0001'x' 260001'k'0001'v' 97"},

	// UNSUBSCRIBE, UNSUBACK
	{"unsubscribe", V31, &Unsubscribe{PacketID: 1, Filters: [][]byte{b("a")}}, "a2 05 0001 0001'a'"},
	{"unsubscribe", V311, &Unsubscribe{PacketID: 1, Filters: [][]byte{b("a"), b("b/#")}}, "a2 0a 0001 0001'a' 0003'b/#'"},
	{"unsubscribe", V5, &Unsubscribe{PacketID: 1, Filters: [][]byte{b("a")}}, "a2 06 0001 00 0001'a'"},
	{"unsubscribe full", V5, &Unsubscribe{PacketID: 1, Filters: [][]byte{b("a")},
		Properties: UnsubscribeProperties{User: b("\x26\x00\x01k\x00\x01v")}},
		"a2 0d 0001 07 260001'k'0001'v' 0001'a'"},
	{"unsuback", V31, &Unsuback{PacketID: 1}, "b0 02 0001"},
	{"unsuback", V311, &Unsuback{PacketID: 1}, "b0 02 0001"},
	{"unsuback", V5, &Unsuback{PacketID: 1, ReasonCodes: []ReasonCode{0, ReasonNoSubscriptionExisted}}, "b0 05 0001 00 0011"},
	{"unsuback full", V5, &Unsuback{PacketID: 1, ReasonCodes: []ReasonCode{ReasonTopicFilterInvalid},
		Properties: AckProperties{ReasonString: b("x")}},
		"b0 08 0001 04 1f0001'x' 8f"},

	// PINGREQ, PINGRESP
	{"pingreq", V31, &Pingreq{}, "c0 00"},
	{"pingreq", V311, &Pingreq{}, "c0 00"},
	{"pingreq", V5, &Pingreq{}, "c0 00"},
	{"pingresp", V31, &Pingresp{}, "d0 00"},
	{"pingresp", V311, &Pingresp{}, "d0 00"},
	{"pingresp", V5, &Pingresp{}, "d0 00"},

	// DISCONNECT
	{"disconnect", V31, &Disconnect{}, "e0 00"},
	{"disconnect", V311, &Disconnect{}, "e0 00"},
	{"disconnect", V5, &Disconnect{}, "e0 00"},
	{"disconnect reason", V5, &Disconnect{ReasonCode: ReasonDisconnectWithWill}, "e0 01 04"},
	{"disconnect from client", V5, &Disconnect{Properties: DisconnectProperties{HasSessionExpiry: true}}, "e0 07 00 05 1100000000"},
	{"disconnect from server", V5, &Disconnect{ReasonCode: ReasonServerMoved, Properties: DisconnectProperties{
		ReasonString: b("x"), ServerReference: b("h:1"), User: b("\x26\x00\x01k\x00\x01v")}},
		"e0 13 9d 11 1f0001'x' 1c0003'h:1' 260001'k'0001'v'"},

	// AUTH
	{"auth empty", V5, &Auth{}, "f0 00"},
	{"auth continue", V5, &Auth{ReasonCode: ReasonContinueAuthentication, Properties: AuthProperties{AuthMethod: b("m"), AuthData: []byte{0}}},
		"f0 0a 18 08 150001'm' 160001 00"},
	{"auth again", V5, &Auth{ReasonCode: ReasonReAuthenticate, Properties: AuthProperties{AuthMethod: []byte{}}},
		"f0 05 19 03 150000"},
	{"auth full", V5, &Auth{Properties: AuthProperties{AuthMethod: b("m"), ReasonString: b("x"), User: b("\x26\x00\x01k\x00\x01v")}},
		"f0 11 00 0f 150001'm' 1f0001'x' 260001'k'0001'v'"},
}

func TestPackets(t *testing.T) {
	for _, c := range packets {
		t.Run(c.v.String()+" "+c.name, func(t *testing.T) {
			want := octets.Read(t, c.bytes)
			got, err := c.packet.AppendTo([]byte("before"), c.v)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, append([]byte("before"), want...)) {
				t.Errorf("appended\n%x, want\n%x", got[6:], want)
			}

			d := decoderFor(c.v, c.packet)
			p, err := d.Decode(want)
			if err != nil {
				t.Fatal(err)
			}
			if !equal(p, c.packet) {
				t.Errorf("decoded\n%+v, want\n%+v", p, c.packet)
			}
			if d.Version != c.v {
				t.Errorf("decoder is at version %v, want %v", d.Version, c.v)
			}
			// What the comparison cannot see: absent against empty.
			if again, err := p.AppendTo(nil, c.v); err != nil || !bytes.Equal(again, want) {
				t.Errorf("appended again\n%x (%v), want\n%x", again, err, want)
			}
			if n, err := PeekFrame(want, MaxRemainingLength); n != len(want) || err != nil {
				t.Errorf("PeekFrame: %d, %v, want %d", n, err, len(want))
			}
		})
	}
}

// Every proper prefix of a packet is either no frame or, with its length set
// right, a packet that lacks something; where it does not, another packet.
func TestTruncated(t *testing.T) {
	for _, c := range packets {
		whole := octets.Read(t, c.bytes)
		for n := range whole {
			if _, err := decoderFor(c.v, c.packet).Decode(whole[:n]); err == nil {
				t.Errorf("%s %v: %d of %d bytes are a packet", c.name, c.v, n, len(whole))
			}
		}
		if len(whole) > 0x7f {
			t.Fatalf("%s: one byte of remaining length expected", c.name)
		}
		for n := 2; n < len(whole); n++ {
			short := append([]byte{whole[0], byte(n - 2)}, whole[2:n]...)
			p, err := decoderFor(c.v, c.packet).Decode(short)
			if err != nil {
				continue
			}
			if again, _ := p.AppendTo(nil, c.v); bytes.Equal(again, whole) {
				t.Errorf("%s %v: the first %d bytes decode as all of it", c.name, c.v, n)
			}
		}
	}
}

// A reused Decoder must not carry anything from one packet into the next.
func TestDecoderForgets(t *testing.T) {
	for _, v := range []Version{V31, V311, V5} {
		d := Decoder{Version: v}
		for _, c := range packets {
			for _, next := range packets {
				if c.v != v || next.v != v {
					continue
				}
				if _, err := d.Decode(octets.Read(t, c.bytes)); err != nil {
					t.Fatal(err)
				}
				p, err := d.Decode(octets.Read(t, next.bytes))
				if err != nil {
					t.Fatal(err)
				}
				if again, err := p.AppendTo(nil, v); err != nil || !bytes.Equal(again, octets.Read(t, next.bytes)) {
					t.Errorf("%s after %s: %x, %v", next.name, c.name, again, err)
				}
			}
		}
	}
}

// accepted lists what is decoded although it is not what would be written.
var accepted = []struct {
	name    string
	v       Version
	from    Origin
	bytes   string
	rewrote string
}{
	{"3.1: flags of the fixed header are not used", V31, FromClient, "1f 0f 0006'MQIsdp'03 00 003c 0001'c'", "10 0f 0006'MQIsdp'03 00 003c 0001'c'"},
	{"3.1: reserved connect flag is not used", V31, FromClient, "10 0f 0006'MQIsdp'03 01 003c 0001'c'", "10 0f 0006'MQIsdp'03 00 003c 0001'c'"},
	{"3.1: will bits without a will are disregarded", V31, FromClient, "10 0f 0006'MQIsdp'03 38 003c 0001'c'", "10 0f 0006'MQIsdp'03 00 003c 0001'c'"},
	{"3.1: the length takes precedence over the user name flag", V31, FromClient, "10 0f 0006'MQIsdp'03 c0 003c 0001'c'", "10 0f 0006'MQIsdp'03 00 003c 0001'c'"},
	{"3.1: and over the password flag", V31, FromClient, "10 12 0006'MQIsdp'03 c0 003c 0001'c' 0001'u'", "10 12 0006'MQIsdp'03 80 003c 0001'c' 0001'u'"},
	{"3.1: DUP with QoS 0 means nothing", V31, FromClient, "38 03 0001'a'", "30 03 0001'a'"},
	{"3.1: SUBSCRIBE with DUP", V31, FromClient, "8a 06 0001 0001'a'00", "82 06 0001 0001'a'00"},
	{"3.1: PUBREL with DUP", V31, FromClient, "6a 02 0001", "62 02 0001"},
	{"3.1: UNSUBSCRIBE with DUP", V31, FromClient, "aa 05 0001 0001'a'", "a2 05 0001 0001'a'"},
	{"3.1: PUBACK with flags", V31, FromClient, "4f 02 0001", "40 02 0001"},
	{"3.1: reserved byte of CONNACK", V31, FromServer, "20 02 ff 00", "20 02 00 00"},
	{"property length of an ack may be zero", V5, FromClient, "40 04 0001 00 00", "40 02 0001"},
	{"reason of an ack may be given", V5, FromClient, "40 03 0001 00", "40 02 0001"},
	{"property length of a DISCONNECT may be zero", V5, FromClient, "e0 02 00 00", "e0 00"},
	{"CONNECT defaults", V5, FromClient, "10 14 0004'MQTT'05 00 0000 07 220000 1900 1701 0000", "10 0d 0004'MQTT'05 00 0000 00 0000"},
	{"CONNACK defaults", V5, FromServer, "20 0e 00 00 0b 220000 2501 2801 2901 2a01", "20 03 00 00 00"},
	{"will delay of zero", V5, FromClient, "10 18 0004'MQTT'05 04 0000 00 0000 05 1800000000 0001'w' 0000", "10 13 0004'MQTT'05 04 0000 00 0000 00 0001'w' 0000"},
	{"forwarded properties around others are gathered in order", V5, FromClient,
		"30 1c 0001'a' 18 260001'b'0001'1' 0200000001 0101 260001'a'0001'2' 230001",
		"30 1c 0001'a' 18 0200000001 230001 260001'b'0001'1' 0101 260001'a'0001'2'"},
	{"user properties around others are gathered in order", V5, FromClient,
		"40 16 0001 00 12 260001'b'0001'1' 1f0001'x' 260001'a'0001'2'",
		"40 16 0001 00 12 1f0001'x' 260001'b'0001'1' 260001'a'0001'2'"},
	{"the same in a will", V5, FromClient,
		"10 1e 0004'MQTT'05 04 0000 00 0000 0b 0101 1800000001 0900010a 0001'w' 0000",
		"10 1e 0004'MQTT'05 04 0000 00 0000 0b 1800000001 0101 0900010a 0001'w' 0000"},
}

func TestAccepted(t *testing.T) {
	for _, c := range accepted {
		t.Run(c.name, func(t *testing.T) {
			d := Decoder{Version: c.v, From: c.from}
			p, err := d.Decode(octets.Read(t, c.bytes))
			if err != nil {
				t.Fatal(err)
			}
			if got, err := p.AppendTo(nil, c.v); err != nil || !bytes.Equal(got, octets.Read(t, c.rewrote)) {
				t.Errorf("rewrote\n%x (%v), want\n%x", got, err, octets.Read(t, c.rewrote))
			}
		})
	}
}
