package mqtt

import (
	"bytes"
	"reflect"
	"strings"
	"testing"

	"snbroker/internal/mqtt/mqtttest/octets"
)

func TestForward(t *testing.T) {
	want := ForwardProperties{HasPayloadFormat: true, PayloadFormat: 1, ContentType: b("text/plain"),
		ResponseTopic: b("reply/to"), CorrelationData: []byte{0, 1}}
	block := want.Append(nil)
	block = AppendUserProperty(block, "k", "v1")
	block = AppendUserProperty(block, b("k"), b("v2"))
	if !ValidForward(block) {
		t.Fatalf("%x is not valid", block)
	}
	if got := ParseForward(block); !reflect.DeepEqual(got, want) {
		t.Errorf("parsed %+v, want %+v", got, want)
	}
	var users []string
	for name, value := range UserProperties(block) {
		users = append(users, string(name)+"="+string(value))
	}
	if got := strings.Join(users, " "); got != "k=v1 k=v2" {
		t.Errorf("user properties %s", got)
	}
	for range UserProperties(block) {
		break // must stop there
	}

	single := AppendCorrelationData(AppendResponseTopic(AppendContentType(AppendPayloadFormat(nil, 1), "text/plain"), "reply/to"), "\x00\x01")
	if !bytes.Equal(single, want.Append(nil)) {
		t.Errorf("%x, want %x", single, want.Append(nil))
	}

	// And through a packet, unaltered.
	p := Publish{Topic: b("a"), Properties: PublishProperties{Forward: block}}
	frame, err := p.AppendTo(nil, V5)
	if err != nil {
		t.Fatal(err)
	}
	d := Decoder{Version: V5}
	got, err := d.Decode(frame)
	if err != nil || !bytes.Equal(got.(*Publish).Properties.Forward, block) {
		t.Errorf("%v, %v", got, err)
	}
}

func TestValidForward(t *testing.T) {
	for s, want := range map[string]bool{
		"":                        true,
		"0101":                    true,
		"0102":                    false,
		"0101 0101":               false,
		"260000 0000 260000 0000": true,
		"260000 00":               false,
		"0200000001":              false,
		"230001":                  false,
		"0b01":                    false,
		"1f0000":                  false,
		"080001'#'":               false,
		"ff":                      false,
	} {
		if got := ValidForward(octets.Read(t, s)); got != want {
			t.Errorf("ValidForward(%s) = %v", s, got)
		}
	}
}

// The aliasing contract: a Forward block of neighbours is a piece of the
// frame, and nothing that is returned has room to append into the frame.
func TestAliasing(t *testing.T) {
	frame := octets.Read(t, "32 [ 0001'a' 0001 [ 0200000001 0101 260001'k'0001'v' 230001 ] 'payload' ]")
	before := bytes.Clone(frame)
	d := Decoder{Version: V5}
	got, err := d.Decode(frame)
	if err != nil {
		t.Fatal(err)
	}
	p := got.(*Publish)
	if &p.Properties.Forward[0] != &frame[13] {
		t.Error("Forward was copied")
	}
	for _, s := range [][]byte{p.Topic, p.Properties.Forward, p.Payload} {
		_ = append(s, "overwritten"...)
	}
	if !bytes.Equal(frame, before) {
		t.Error("an append reached the frame")
	}
}

func TestAppendTextCut(t *testing.T) {
	long := strings.Repeat("x", 70000)
	if got := AppendContentType(nil, long); len(got) != 3+65535 || !ValidForward(got) {
		t.Errorf("%d bytes", len(got))
	}
}
