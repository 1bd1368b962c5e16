package mqtttest

import (
	"testing"

	"snbroker/internal/mqtt"
	"snbroker/internal/mqtt/mqtttest/octets"
)

func TestBare(t *testing.T) {
	for said, want := range map[string]string{
		"20 [ 00 87 [ 1f 0001'x' ] ]":              "20 [ 00 87 00 ]",
		"20 [ 00 00 [ 21 0005 1f 0000 ] ]":         "20 [ 00 00 [ 21 0005 ] ]",
		"40 [ 0001 97 [ 1f 0001'x' ] ]":            "40 [ 0001 97 ]",
		"50 [ 0001 97 [ 1f 0001'x' ] ]":            "50 [ 0001 97 ]",
		"62 [ 0001 92 [ 1f 0001'x' ] ]":            "62 [ 0001 92 ]",
		"70 [ 0001 92 [ 1f 0001'x' ] ]":            "70 [ 0001 92 ]",
		"90 [ 0001 [ 1f 0001'x' ] 97 ]":            "90 [ 0001 00 97 ]",
		"b0 [ 0001 [ 1f 0001'x' ] 11 ]":            "b0 [ 0001 00 11 ]",
		"e0 [ 81 [ 1f 0001'x' ] ]":                 "e0 [ 81 ]",
		"e0 [ 81 ]":                                "e0 [ 81 ]",
		"f0 [ 18 [ 15 0001'm' 1f 0001'x' ] ]":      "f0 [ 18 [ 15 0001'm' 1f 0001'x' ] ]",
		"30 [ 0001'a' [ 26 0001'k' 0001'v' ]'x' ]": "30 [ 0001'a' [ 26 0001'k' 0001'v' ]'x' ]",
		"d000": "d000",
		"00":   "00",
	} {
		if got := Bare(octets.Read(t, said), mqtt.V5); string(got) != string(octets.Read(t, want)) {
			t.Errorf("%s is bared to %x, want %s", said, got, want)
		}
	}
}
