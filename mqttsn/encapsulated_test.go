package mqttsn

import (
	"bytes"
	"errors"
	"strings"
	"testing"
)

func TestEncapsulated(t *testing.T) {
	each(t, func(t *testing.T, v vector) {
		want := parseStruct(t, v.rest[0]).(*Encapsulated)
		e, err := DecodeEncapsulated(v.wire)
		if err != nil {
			t.Fatal(err)
		}
		if !same(&e, want) {
			t.Errorf("decoded %+v, want %+v", e, want)
		}
		got, err := AppendEncapsulation([]byte("before"), e.Radius, e.NodeID)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, e.Message...)
		if after := append([]byte("before"), v.wire...); !bytes.Equal(got, after) {
			t.Errorf("appended % X, want % X", got, after)
		}
		if got := Describe(v.wire); got != v.rest[1] {
			t.Errorf("Describe:\n got %s\nwant %s", got, v.rest[1])
		}
	}, "encapsulated.txt")
}

func TestEncapsulatedRejected(t *testing.T) {
	each(t, func(t *testing.T, v vector) {
		e, err := DecodeEncapsulated(v.wire)
		if got, ok := err.(Error); !ok || got.Reason() != v.rest[0] {
			t.Errorf("error %#v (%v), want %s", err, err, v.rest[0])
		}
		if e.NodeID != nil || e.Message != nil {
			t.Errorf("decoded %+v", e)
		}
	}, "encapsulated_rejected.txt")
}

// Reserved bits of Ctrl are not the radius.
func TestEncapsulatedReservedBits(t *testing.T) {
	e, err := DecodeEncapsulated([]byte{4, 0xFE, 0xFE, 1, 2, 0x16})
	if err != nil || e.Radius != 2 {
		t.Errorf("Radius = %d, error %v", e.Radius, err)
	}
}

func TestAppendEncapsulationRefuses(t *testing.T) {
	for _, c := range []struct {
		radius uint8
		nodeID string
	}{{4, "n"}, {0, ""}, {0, strings.Repeat("n", 253)}} {
		b, err := AppendEncapsulation([]byte("before"), c.radius, c.nodeID)
		if !errors.Is(err, ErrField) || string(b) != "before" {
			t.Errorf("radius %d, node id of %d: %q, %v", c.radius, len(c.nodeID), b, err)
		}
	}
}
