package octets

import (
	"strings"
	"testing"
)

func TestRead(t *testing.T) {
	for s, want := range map[string]string{
		"":                                       "",
		"c0 00":                                  "\xc0\x00",
		"30 [ 0001'a' ]":                         "\x30\x03\x00\x01a",
		"30[0001'a''b']":                         "\x30\x04\x00\x01ab",
		"10 [ 00 [ 0102 ] ff ]":                  "\x10\x05\x00\x02\x01\x02\xff",
		"'[0 ]'":                                 "[0 ]",
		"[ '" + strings.Repeat("x", 127) + "' ]": "\x7f" + strings.Repeat("x", 127),
	} {
		if got := string(Read(t, s)); got != want {
			t.Errorf("%s is % x, want % x", s, got, want)
		}
	}
}

func TestNonsense(t *testing.T) {
	for _, s := range []string{"0", "0g", "'a", "[ 00", "00 ]", "[ '" + strings.Repeat("x", 128) + "' ]"} {
		if b, err := parse(s); err == nil {
			t.Errorf("%s is % x", s, b)
		}
	}
}
