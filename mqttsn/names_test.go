package mqttsn

import (
	"fmt"
	"strings"
	"testing"
)

// A type has a name if and only if a Decoder knows it, and its struct says
// it is of that type.
func TestTypes(t *testing.T) {
	known := 0
	for i := range 256 {
		typ := MsgType(i)
		named := !strings.HasPrefix(typ.String(), "MsgType(")
		_, err := new(Decoder).Decode([]byte{2, byte(i)})
		switch {
		case typ == TypeEncapsulated:
			if err != ErrEncapsulation || !named {
				t.Errorf("%v: %v", typ, err)
			}
		case named != (err != ErrType):
			t.Errorf("%v: %v", typ, err)
		case named:
			known++
			m := slots[i](new(Decoder))
			if m.Type() != typ {
				t.Errorf("%v: its struct is of type %v", typ, m.Type())
			}
			if _, ok := m.(fmt.Stringer); !ok {
				t.Errorf("%v: no String", typ)
			}
		}
	}
	if known != 28 || len(structs) != known+1 {
		t.Errorf("%d types, %d structs to test", known, len(structs))
	}
}

func TestStrings(t *testing.T) {
	for _, c := range []struct {
		v    fmt.Stringer
		want string
	}{
		{TypeConnect, "CONNECT"}, {TypePubComp, "PUBCOMP"}, {TypeWillMsgResp, "WILLMSGRESP"},
		{TypeEncapsulated, "ENCAPSULATED"}, {TypeAuth, "AUTH"}, {MsgType(0x11), "MsgType(0x11)"}, {MsgType(0xFF), "MsgType(0xff)"},
		{QoS0, "0"}, {QoS1, "1"}, {QoS2, "2"}, {QoSMinusOne, "-1"}, {QoS(4), "QoS(4)"},
		{TopicNormal, "normal"}, {TopicPredefined, "predefined"}, {TopicShort, "short"},
		{TopicReserved, "reserved"}, {TopicIDType(4), "TopicIDType(4)"},
		{ReturnAccepted, "accepted"}, {ReturnCongestion, "congestion"},
		{ReturnInvalidTopicID, "invalid_topic_id"}, {ReturnNotSupported, "not_supported"},
		{ReturnCode(0x80), "ReturnCode(0x80)"},
	} {
		if got := c.v.String(); got != c.want {
			t.Errorf("%#v is %q, want %q", c.v, got, c.want)
		}
	}
}

func TestErrors(t *testing.T) {
	reasons := make(map[string]bool)
	for i := range NumErrors {
		e := Error(i)
		if e.Reason() == "" || strings.Trim(e.Reason(), "abcdefghijklmnopqrstuvwxyz_") != "" {
			t.Errorf("Error %d: reason %q", i, e.Reason())
		}
		if reasons[e.Reason()] {
			t.Errorf("reason %q occurs twice", e.Reason())
		}
		reasons[e.Reason()] = true
		if !strings.HasPrefix(e.Error(), "mqttsn: ") {
			t.Errorf("Error %d: %q", i, e.Error())
		}
	}
	// Every reason is one that some vector is rejected for.
	for _, v := range load(t, "rejected.txt", "encapsulated_rejected.txt") {
		delete(reasons, v.rest[0])
	}
	if len(reasons) > 0 {
		t.Errorf("no vector for %v", reasons)
	}
	if e := Error(NumErrors); e.Reason() != "unknown" || e.Error() == "" {
		t.Errorf("out of range: %q, %q", e.Reason(), e.Error())
	}
}

func TestShortTopic(t *testing.T) {
	for name, want := range map[string]TopicID{"ab": 0x6162, "ba": 0x6261, "\x00\xff": 0x00FF, "é": 0xC3A9} {
		id, ok := ShortTopic(name)
		if !ok || id != want {
			t.Errorf("%q: %#x, %v", name, id, ok)
		}
		if id.Short() != name {
			t.Errorf("%q came back as %q", name, id.Short())
		}
	}
	for _, name := range []string{"", "a", "abc"} {
		if id, ok := ShortTopic(name); ok || id != 0 {
			t.Errorf("%q: %#x, %v", name, id, ok)
		}
	}
}

func TestPeekType(t *testing.T) {
	for _, c := range []struct {
		b    string
		want MsgType
		ok   bool
	}{
		{"", 0, false}, {"\x02", 0, false}, {"\x00\x16", 0, false}, {"\x01\x00\x04", 0, false},
		{"\x01\x00\x03\x17", 0, false},
		{"\x02\x16", TypePingReq, true},
		{"\x01\x00\x04\x17", TypePingResp, true},
		{"\x04\xfe\x00\x01\x02\x16", TypeEncapsulated, true},
		{"\x09\x0c\x00", TypePublish, true}, // cut, which is for Decode to say
		{"\x02\x03", MsgType(3), true},
	} {
		if got, ok := PeekType([]byte(c.b)); got != c.want || ok != c.ok {
			t.Errorf("% X: %v, %v", c.b, got, ok)
		}
	}
}

func TestDescribeMalformed(t *testing.T) {
	for b, want := range map[string]string{
		"":                             "malformed reason=empty len=0",
		"\x01\x00":                     "malformed reason=truncated len=2 octets=0100",
		"\x03\x05\x00\x00":             "malformed CONNACK reason=length len=4 octets=03050000",
		"\x04\xfe\x00\x01":             "malformed ENCAPSULATED reason=no_inner len=4 octets=04fe0001",
		"\x04\xfe\x00\x01\x02\x11":     "ENCAPSULATED radius=0 nodeid=01: malformed MsgType(0x11) reason=type len=2 octets=0211",
		"\x08\x04\x04\x02\x00\x3cc1":   `CONNECT clean duration=60 clientid="c1" protocolid=2`,
		"\x07\x12\x03\x00\x05\x61\n":   `SUBSCRIBE qos=0 topic=reserved:"a\n" msgid=5`,
		"\x07\x0c\x03\x00\x01\x00\x00": "PUBLISH qos=0 topic=reserved:1 msgid=0 len=0",
	} {
		if got := Describe([]byte(b)); got != want {
			t.Errorf("% X:\n got %s\nwant %s", b, got, want)
		}
	}
}
