package framing

import (
	"encoding/hex"
	"strings"
	"testing"
)

// wire is octets in hexadecimal between two flags of SLIP.
func wire(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return append(appendSLIP([]byte{slipEnd}, b), slipEnd)
}

// A packet by hand: fe80::2, port 1883, to the group ff02::1. The answer comes from
// the gateway's own address, for a group has none to answer from.
func TestSLIPIPv6Group(t *testing.T) {
	f := framing(t, "slip-ip", Options{})
	got := feed(t, f, wire(t, "60000000 000B 11 FF fe800000000000000000000000000002 ff020000000000000000000000000001"+
		"075B 075B 000B F09A 030100"), 5)
	if len(got) != 1 || got[0].data != "\x03\x01\x00" {
		t.Fatalf("got %+v", got)
	}
	b, err := f.Append(nil, got[0].node, []byte{3, 2, 1})
	if err != nil {
		t.Fatal(err)
	}
	want := "\xfe\x80\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\xfe\x80\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02"
	if !strings.Contains(string(b), want) {
		t.Errorf("answered from elsewhere: % X", b)
	}
}

// What is no UDP, a fragment, CoAP of slipmux: not for us, and no error.
func TestSLIPIPOthers(t *testing.T) {
	for name, s := range map[string]string{
		"TCP":      "45000014 00000000 4006 7AE6 C0000201 C0000202",
		"CoAP":     "A9 40 01 00 01",
		"unknown":  "01 02 03",
		"fragment": "45000014 00002000 4011 96D6 C0000201 C0000202",
	} {
		if got := feed(t, framing(t, "slip-ip", Options{}), wire(t, s), 3); len(got) > 0 && got[0].kind == Message {
			t.Errorf("%s: %+v", name, got)
		}
	}
	got := feed(t, framing(t, "slip-ip", Options{}), wire(t, "0A 68656C6C6F"), 3)
	if len(got) != 1 || got[0].data != "hello" || !IsText([]byte(got[0].data)) {
		t.Errorf("text: %+v", got)
	}
}
