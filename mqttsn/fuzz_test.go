package mqttsn

import (
	"bytes"
	"errors"
	"strings"
	"testing"
)

func seed(f *testing.F) {
	for _, v := range load(f, vectorFiles...) {
		f.Add(v.wire)
	}
}

// refusable says whether AppendBinary may refuse a message that Decode
// returned; written from the standard, apart from both.
func refusable(m Message) bool {
	switch m := m.(type) {
	case *Connect:
		return len(m.ClientID) == 0
	case *ConnAck:
		return m.ReturnCode > 3
	case *WillTopic:
		return m.QoS == 3
	case *WillTopicUpd:
		return m.QoS == 3
	case *WillTopicResp:
		return m.ReturnCode > 3
	case *WillMsgResp:
		return m.ReturnCode > 3
	case *Register:
		return len(m.TopicName) == 0
	case *RegAck:
		return m.ReturnCode > 3
	case *Publish:
		return m.TopicIDType == 3
	case *PubAck:
		return m.ReturnCode > 3
	case *Subscribe:
		return m.QoS == 3 || m.TopicIDType == 3 || m.TopicIDType == 0 && len(m.TopicName) == 0
	case *SubAck:
		return m.QoS == 3 || m.ReturnCode > 3
	case *Unsubscribe:
		return m.TopicIDType == 3 || m.TopicIDType == 0 && len(m.TopicName) == 0
	}
	return false
}

// What is decoded can be appended, is then no longer than it came, and is
// decoded to the same again; appended once more it has the same octets.
func FuzzDecode(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		before := bytes.Clone(b)
		var d Decoder
		decoded, err := d.Decode(b)
		if !bytes.Equal(b, before) {
			t.Fatal("Decode wrote to the datagram")
		}
		if err != nil {
			if e, ok := err.(Error); !ok || int(e) >= NumErrors || decoded != nil {
				t.Fatalf("%v, %#v", decoded, err)
			}
			return
		}
		m := clone(decoded)
		wire, err := m.AppendBinary(nil)
		if refusable(m) {
			if !errors.Is(err, ErrField) {
				t.Fatalf("%v: error %v, want ErrField", m, err)
			}
			return
		}
		if err != nil {
			t.Fatalf("%v: %v", m, err)
		}
		if len(wire) > len(b) {
			t.Fatalf("%d octets became %d", len(b), len(wire))
		}
		again, err := d.Decode(wire)
		if err != nil {
			t.Fatalf("%v: % X: %v", m, wire, err)
		}
		if !same(again, m) {
			t.Fatalf("%v became %v", m, again)
		}
		if twice, err := again.AppendBinary(nil); err != nil || !bytes.Equal(twice, wire) {
			t.Fatalf("% X became % X, error %v", wire, twice, err)
		}
	})
}

// Encapsulation that is taken off and put on again is as it was, but for
// the reserved bits.
func FuzzDecodeEncapsulated(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		e, err := DecodeEncapsulated(b)
		if err != nil {
			if e, ok := err.(Error); !ok || int(e) >= NumErrors {
				t.Fatalf("%#v", err)
			}
			return
		}
		if _, err := new(Decoder).Decode(e.Message); err == ErrLength || err == ErrTruncated ||
			err == ErrLengthMin || err == ErrEmpty || err == ErrEncapsulation {
			t.Fatalf("inner message: %v", err)
		}
		wire, err := AppendEncapsulation(nil, e.Radius, e.NodeID)
		if err != nil {
			t.Fatal(err)
		}
		wire = append(wire, e.Message...)
		want := bytes.Clone(b)
		want[2] &= 3
		if !bytes.Equal(wire, want) {
			t.Fatalf("% X became % X", want, wire)
		}
	})
}

// Any datagram is described in one printable line of bounded length, which
// says "malformed" if and only if it cannot be decoded.
func FuzzDescribe(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		s := Describe(b)
		for _, c := range []byte(s) {
			if c < ' ' || c > '~' {
				t.Fatalf("octet %#x in %q", c, s)
			}
		}
		// A quoted octet is four characters at most, and there are at most
		// two such fields.
		if s == "" || len(s) > 2*4*maxTraced+128 {
			t.Fatalf("%d characters", len(s))
		}
		inner := b
		e, encErr := DecodeEncapsulated(b)
		if encErr == nil {
			inner = e.Message
		}
		_, err := new(Decoder).Decode(inner)
		if encErr == nil {
			_, s, _ = strings.Cut(s, ": ") // what comes before is digits
		}
		if said := strings.HasPrefix(s, "malformed"); said != (err != nil) {
			t.Fatalf("%v: %s", err, s)
		}
	})
}
