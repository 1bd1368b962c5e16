// Package octets lets tests write what goes over the wire so that it can be
// read. It stands apart from package mqtttest because that one imports the
// codec, whose own tests need this one.
package octets

import (
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
)

// Read returns the octets that s describes: hex digits, in groups of whole
// octets, text between single quotes, and brackets around what the octet in
// place of the first one counts, so that 30 [ 0001'a' ] is 30 03 00 01 61. It
// ends the test where s makes no sense.
func Read(t testing.TB, s string) []byte {
	t.Helper()
	b, err := parse(s)
	if err != nil {
		t.Fatalf("%q: %v", s, err)
	}
	return b
}

var spaced = strings.NewReplacer("[", " [ ", "]", " ] ")

func parse(s string) (b []byte, err error) {
	var open []int // where the counts are
	parts := strings.Split(s, "'")
	if len(parts)%2 == 0 {
		return nil, fmt.Errorf("the text %q has no end", parts[len(parts)-1])
	}
	for i, part := range parts {
		if i%2 == 1 {
			b = append(b, part...)
			continue
		}
		for _, word := range strings.Fields(spaced.Replace(part)) {
			switch word {
			case "[":
				open = append(open, len(b))
				b = append(b, 0)
			case "]":
				if len(open) == 0 {
					return nil, fmt.Errorf("a bracket closes that was not open")
				}
				at := open[len(open)-1]
				open = open[:len(open)-1]
				n := len(b) - at - 1
				if n > 127 {
					return nil, fmt.Errorf("%d octets are in brackets, and 127 is the most that one octet counts", n)
				}
				b[at] = byte(n)
			default:
				x, err := hex.DecodeString(word)
				if err != nil {
					return nil, err
				}
				b = append(b, x...)
			}
		}
	}
	if len(open) > 0 {
		return nil, fmt.Errorf("%d brackets are left open", len(open))
	}
	return b, nil
}
