package mqttsn

import (
	"bytes"
	"errors"
	"fmt"
	"testing"
)

// shortest rewrites the header of a valid message without the codec's help.
func shortest(wire []byte) []byte {
	if wire[0] != 1 || len(wire) > 257 {
		return wire
	}
	return append([]byte{byte(len(wire) - 2)}, wire[3:]...)
}

func TestValid(t *testing.T) {
	each(t, func(t *testing.T, v vector) {
		want := parseStruct(t, v.rest[0]).(Message)

		m, err := new(Decoder).Decode(v.wire)
		if err != nil {
			t.Fatal(err)
		}
		if !same(m, want) {
			t.Errorf("decoded %+v, want %+v", m, want)
		}
		if typ, ok := PeekType(v.wire); !ok || typ != m.Type() {
			t.Errorf("PeekType = %v, %v; Type = %v", typ, ok, m.Type())
		}

		prefix := []byte("before")
		got, err := want.AppendBinary(prefix)
		if err != nil {
			t.Fatal(err)
		}
		if after := append(prefix, shortest(v.wire)...); !bytes.Equal(got, after) {
			t.Errorf("appended % X, want % X", got, after)
		}

		if got := fmt.Sprint(m); got != v.rest[1] {
			t.Errorf("String:\n got %s\nwant %s", got, v.rest[1])
		}
		if got := Describe(v.wire); got != v.rest[1] {
			t.Errorf("Describe:\n got %s\nwant %s", got, v.rest[1])
		}
	}, "short.txt", "long.txt")
}

func TestLenient(t *testing.T) {
	each(t, func(t *testing.T, v vector) {
		want := parseStruct(t, v.rest[0]).(Message)
		m, err := new(Decoder).Decode(v.wire)
		if err != nil {
			t.Fatal(err)
		}
		if !same(m, want) {
			t.Errorf("decoded %+v, want %+v", m, want)
		}

		prefix := []byte("before")
		got, err := m.AppendBinary(prefix)
		if v.rest[1] == "refused" {
			if !errors.Is(err, ErrField) {
				t.Errorf("error %v, want ErrField", err)
			}
			if string(got) != "before" {
				t.Errorf("refused, but returned %q", got)
			}
			return
		}
		appended, perr := parseOctets(v.rest[1])
		if perr != nil {
			t.Fatal(perr)
		}
		if err != nil {
			t.Fatal(err)
		}
		if after := append(prefix, appended...); !bytes.Equal(got, after) {
			t.Errorf("appended % X, want % X", got, after)
		}
	}, "lenient.txt")
}

func TestRejected(t *testing.T) {
	each(t, func(t *testing.T, v vector) {
		m, err := new(Decoder).Decode(v.wire)
		e, ok := err.(Error)
		if !ok || e.Reason() != v.rest[0] {
			t.Errorf("error %#v (%v), want %s", err, err, v.rest[0])
		}
		if m != nil {
			t.Errorf("decoded %v", m)
		}
	}, "rejected.txt")
}

// The same body behind a long header is the same message.
func TestShortAsLong(t *testing.T) {
	var a, b Decoder
	for _, v := range load(t, "short.txt", "lenient.txt") {
		n := len(v.wire) + 2
		long := append([]byte{1, byte(n >> 8), byte(n)}, v.wire[1:]...)
		want, err := a.Decode(v.wire)
		if err != nil {
			t.Fatalf("%s: %v", v.id, err)
		}
		got, err := b.Decode(long)
		if err != nil {
			t.Errorf("%s long: %v", v.id, err)
		} else if !same(got, want) {
			t.Errorf("%s long: %v, want %v", v.id, got, want)
		}
	}
}

// A message carries nothing over from an earlier one of its type, or from
// one that failed half-way.
func TestDecoderReuse(t *testing.T) {
	all := load(t, "short.txt", "long.txt", "lenient.txt", "rejected.txt")
	var d Decoder
	for _, before := range all {
		for _, v := range all {
			d.Decode(before.wire)
			m, err := d.Decode(v.wire)
			want, wantErr := new(Decoder).Decode(v.wire)
			if err != wantErr {
				t.Fatalf("%s after %s: error %v, want %v", v.id, before.id, err, wantErr)
			}
			if err == nil && !same(m, want) {
				t.Fatalf("%s after %s: %v, want %v", v.id, before.id, m, want)
			}
		}
	}
}

func TestDecoderIsCopyable(t *testing.T) {
	var d Decoder
	first, _ := d.Decode([]byte{3, 5, 1})
	c := d
	if _, err := c.Decode([]byte{3, 5, 2}); err != nil {
		t.Fatal(err)
	}
	if rc := first.(*ConnAck).ReturnCode; rc != 1 {
		t.Errorf("the copy decoded into the original: %v", rc)
	}
}

// Slices alias the datagram, and appending to one leaves its surroundings
// alone.
func TestAliasing(t *testing.T) {
	buffer := []byte("\x09\x0c\x00\x00\x01\x00\x00hi" + "next")
	var d Decoder
	m, err := d.Decode(buffer[:9])
	if err != nil {
		t.Fatal(err)
	}
	p := m.(*Publish)
	buffer[7] = 'H'
	if string(p.Data) != "Hi" {
		t.Errorf("Data = %q, a copy", p.Data)
	}
	_ = append(p.Data, '!')
	if string(buffer[9:]) != "next" {
		t.Errorf("append wrote over %q", buffer[9:])
	}
}

// Every type, cut anywhere, with its Length corrected, is decoded or has a
// body that is too short; with an octet added it is decoded or too long.
func TestBodySizes(t *testing.T) {
	fixed := map[MsgType]int{
		TypeAdvertise: 3, TypeSearchGw: 1, TypeConnAck: 1, TypeWillTopicReq: 0,
		TypeWillMsgReq: 0, TypeRegAck: 5, TypePubAck: 5, TypePubComp: 2,
		TypePubRec: 2, TypePubRel: 2, TypeSubAck: 6, TypeUnsubAck: 2,
		TypePingResp: 0, TypeWillTopicResp: 1, TypeWillMsgResp: 1,
	}
	least := map[MsgType]int{
		TypeGwInfo: 1, TypeAuth: 2, TypeConnect: 4, TypeWillTopic: 2, TypeWillMsg: 0,
		TypeRegister: 4, TypePublish: 5, TypeSubscribe: 3, TypeUnsubscribe: 3,
		TypePingReq: 0, TypeDisconnect: 2, TypeWillTopicUpd: 2, TypeWillMsgUpd: 0,
	}
	var d Decoder
	for i, slot := range slots {
		typ := MsgType(i)
		n, isFixed := fixed[typ]
		low, isOpen := least[typ]
		if isFixed == isOpen && slot != nil {
			t.Fatalf("%v: say how long its body is", typ)
		}
		if slot == nil {
			continue
		}
		for size := range 12 {
			b := make([]byte, 2+size)
			b[0], b[1] = byte(len(b)), byte(i)
			var want error
			switch {
			case isFixed && size < n, isOpen && size < low:
				want = ErrBodyShort
			case isFixed && size > n, typ == TypeDisconnect && size > 2:
				want = ErrBodyLong
			}
			// Three types may be without a body, and else need a whole one.
			if size == 0 && isOpen && (typ == TypeWillTopic || typ == TypeWillTopicUpd || typ == TypeDisconnect) {
				want = nil
			}
			if _, err := d.Decode(b); err != want {
				t.Errorf("%v with a body of %d: %v, want %v", typ, size, err, want)
			}
		}
	}
}

func TestLengthBoundaries(t *testing.T) {
	for _, c := range []struct {
		body, total int
	}{
		{5, 7}, {252, 254}, {253, 255}, {254, 258}, {255, 259}, {256, 260},
		{65531, 65535}, {65532, 0}, {70000, 0},
	} {
		m := &Publish{TopicID: 1, Data: make([]byte, c.body-5)}
		b, err := m.AppendBinary(nil)
		if c.total == 0 {
			if !errors.Is(err, ErrTooLong) || len(b) != 0 {
				t.Errorf("body %d: %d octets and error %v, want ErrTooLong", c.body, len(b), err)
			}
			continue
		}
		if err != nil || len(b) != c.total {
			t.Errorf("body %d: %d octets and error %v, want %d", c.body, len(b), err, c.total)
			continue
		}
		if long := b[0] == 1; long != (c.total > 255) {
			t.Errorf("body %d: long form %v", c.body, long)
		}
		if got, err := new(Decoder).Decode(b); err != nil || !same(got, m) {
			t.Errorf("body %d: decoded %v, %v", c.body, got, err)
		}
	}
}

// Every message with a variable part refuses to be longer than its Length
// can say, and returns what it was given.
func TestTooLong(t *testing.T) {
	big := make([]byte, MaxLength)
	for _, m := range []Message{
		&GwInfo{GwAdd: big}, &Connect{ClientID: big}, &WillTopic{WillTopic: big},
		&WillMsg{WillMsg: big}, &Register{TopicName: big}, &Publish{Data: big},
		&Subscribe{TopicName: big}, &Unsubscribe{TopicName: big},
		&PingReq{ClientID: big}, &WillTopicUpd{WillTopic: big}, &WillMsgUpd{WillMsg: big},
	} {
		b, err := m.AppendBinary([]byte("before"))
		if !errors.Is(err, ErrTooLong) || string(b) != "before" {
			t.Errorf("%v: %d octets, error %v", m.Type(), len(b), err)
		}
	}
}

// Values that no decoded message can have.
func TestBadFields(t *testing.T) {
	for _, m := range []Message{
		&Publish{QoS: 4},
		&Publish{TopicIDType: 4},
		&PubAck{ReturnCode: 4},
		&Subscribe{QoS: 4, TopicName: []byte("a")},
		&Subscribe{TopicIDType: 4},
		&Unsubscribe{TopicIDType: 4},
		&SubAck{QoS: 4},
		&WillTopic{QoS: 4, WillTopic: []byte("a")},
		&WillTopicResp{ReturnCode: 4},
		&WillMsgResp{ReturnCode: 4},
	} {
		if b, err := m.AppendBinary(nil); !errors.Is(err, ErrField) || b != nil {
			t.Errorf("%+v: % X, error %v", m, b, err)
		}
	}
}

// What a field does not apply to is not written.
func TestUnusedFields(t *testing.T) {
	for _, c := range []struct {
		m    Message
		want string
	}{
		{&WillTopic{QoS: QoSMinusOne, Retain: true}, "\x02\x07"},
		{&Subscribe{TopicID: 7, TopicName: []byte("a")}, "\x06\x12\x00\x00\x00a"},
		{&Subscribe{TopicIDType: TopicShort, TopicID: 0x6162, TopicName: []byte("xyz")}, "\x07\x12\x02\x00\x00ab"},
		{&Unsubscribe{TopicIDType: TopicPredefined, TopicID: 7, TopicName: []byte("xyz")}, "\x07\x14\x01\x00\x00\x00\x07"},
	} {
		if b, err := c.m.AppendBinary(nil); string(b) != c.want || err != nil {
			t.Errorf("%+v: % X, error %v, want % X", c.m, b, err, c.want)
		}
	}
}
