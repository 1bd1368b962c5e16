package mqtt

import (
	"encoding/hex"
	"reflect"
	"strings"
	"testing"
)

// bin reads bytes as the tables write them: hex digits, grouped at will, text
// between single quotes, and brackets around what the byte in their place
// counts, so that 30 [ 0001'a' ] is 30 03 00 01 61.
func bin(t testing.TB, s string) []byte {
	t.Helper()
	var b []byte
	var open []int
	for i, part := range strings.Split(s, "'") {
		if i%2 == 1 {
			b = append(b, part...)
			continue
		}
		for _, word := range strings.Fields(strings.NewReplacer("[", " [ ", "]", " ] ").Replace(part)) {
			switch word {
			case "[":
				b = append(b, 0)
				open = append(open, len(b))
			case "]":
				mark := open[len(open)-1]
				open = open[:len(open)-1]
				if len(b)-mark > 127 {
					t.Fatalf("%q: more than a byte can count", s)
				}
				b[mark-1] = byte(len(b) - mark)
			default:
				x, err := hex.DecodeString(word)
				if err != nil {
					t.Fatalf("%q: %v", s, err)
				}
				b = append(b, x...)
			}
		}
	}
	return b
}

// equal compares what packets say: exported fields, with no difference
// between a nil and an empty slice.
func equal(a, b Packet) bool {
	return equalValue(reflect.ValueOf(a), reflect.ValueOf(b))
}

func equalValue(a, b reflect.Value) bool {
	if a.Type() != b.Type() {
		return false
	}
	switch a.Kind() {
	case reflect.Pointer:
		if a.IsNil() || b.IsNil() {
			return a.IsNil() == b.IsNil()
		}
		return equalValue(a.Elem(), b.Elem())
	case reflect.Struct:
		for i := range a.NumField() {
			if a.Type().Field(i).IsExported() && !equalValue(a.Field(i), b.Field(i)) {
				return false
			}
		}
		return true
	case reflect.Slice:
		if a.Len() != b.Len() {
			return false
		}
		for i := range a.Len() {
			if !equalValue(a.Index(i), b.Index(i)) {
				return false
			}
		}
		return true
	}
	return a.Interface() == b.Interface()
}

func decoderFor(v Version, p Packet) *Decoder {
	d := &Decoder{Version: v}
	if p.Type() == TypeConnect {
		d.Version = 0
	}
	return d
}
