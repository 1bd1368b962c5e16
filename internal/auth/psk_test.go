package auth

import (
	"bytes"
	"encoding/hex"
	"strings"
	"testing"
)

func TestPSK(t *testing.T) {
	a := mustLoad(t, Config{PSKFile: write(t, "psk", "# devices\nsensor 1:00112233445566778899AABBccddeeff\r\n\nold:c0ffee\n")})
	key, known := a.PSK("sensor 1")
	if !known || hex.EncodeToString(key) != "00112233445566778899aabbccddeeff" {
		t.Errorf("sensor 1: %x %t", key, known)
	}
	fake, known := a.PSK("nobody")
	again, _ := a.PSK("nobody")
	other, _ := a.PSK("somebody")
	if known || len(fake) != 16 || !bytes.Equal(fake, again) || bytes.Equal(fake, other) {
		t.Errorf("unknown: %x %x %x %t", fake, again, other, known)
	}
	if w := strings.Join(a.Warnings(), "\n"); !strings.Contains(w, `:4: identity "old" has a key of 24 bits`) {
		t.Errorf("warnings: %s", w)
	}
	if key, known := new(Auth).PSK("sensor 1"); key != nil || known {
		t.Error("a zero Auth has a key")
	}
}

func TestPSKErrors(t *testing.T) {
	for text, want := range map[string]string{
		"sensor":                                 ":1: expected identity:hexkey",
		"\nsensor:":                              ":2: identity \"sensor\": the key is empty",
		"sensor:deadbee":                         "not pairs of hexadecimal digits",
		"sensor:beefzz":                          "not pairs of hexadecimal digits",
		":00":                                    "the name is empty",
		"sensor:" + strings.Repeat("beef", 1000): "longer than",
	} {
		_, err := Load(Config{PSKFile: write(t, "psk", text)})
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "beef") {
			t.Errorf("%q: %v", text, err)
		}
	}
}
