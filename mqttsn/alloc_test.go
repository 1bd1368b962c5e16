package mqttsn

import (
	"bytes"
	"testing"
)

func wantAllocs(t *testing.T, what string, want float64, f func()) {
	t.Helper()
	if n := testing.AllocsPerRun(20, f); n != want {
		t.Errorf("%s: %v allocations, want %v", what, n, want)
	}
}

func TestDecodeDoesNotAllocate(t *testing.T) {
	var d Decoder
	for _, v := range load(t, vectorFiles...) {
		wantAllocs(t, "Decode "+v.id, 0, func() { d.Decode(v.wire) })
		wantAllocs(t, "DecodeEncapsulated "+v.id, 0, func() { DecodeEncapsulated(v.wire) })
		wantAllocs(t, "PeekType "+v.id, 0, func() { PeekType(v.wire) })
	}
}

func TestErrorDoesNotAllocate(t *testing.T) {
	var counts [NumErrors]int
	var d Decoder
	reserved := []byte{2, 0x11}
	wantAllocs(t, "counting", 0, func() {
		_, err := d.Decode(reserved)
		if e, ok := err.(Error); ok {
			counts[e]++
			_ = e.Reason()
			_ = e.Error()
		}
	})
	if counts[ErrType] == 0 {
		t.Error("not counted")
	}
}

func TestAppendDoesNotAllocate(t *testing.T) {
	buffer := make([]byte, 0, MaxLength)
	for _, v := range load(t, "short.txt", "long.txt") {
		m := parseStruct(t, v.rest[0]).(Message)
		wantAllocs(t, "AppendBinary "+v.id, 0, func() {
			if _, err := m.AppendBinary(buffer); err != nil {
				t.Fatal(err)
			}
		})
	}
	node := "node"
	wantAllocs(t, "AppendEncapsulation", 0, func() {
		if _, err := AppendEncapsulation(buffer, 0, node); err != nil {
			t.Fatal(err)
		}
	})
}

var sink string

func TestShortAllocatesOnlyToKeep(t *testing.T) {
	id, _ := ShortTopic("ab")
	names := map[string]int{"ab": 1}
	wantAllocs(t, "lookup", 0, func() {
		if names[id.Short()] != 1 {
			t.Fatal("not found")
		}
	})
	wantAllocs(t, "kept", 1, func() { sink = id.Short() })
}

// An owner can make a Decoder forget the datagrams it decoded.
func TestDecodeLetsGo(t *testing.T) {
	var d Decoder
	if _, err := d.Decode([]byte("\x04\x16c1")); err != nil {
		t.Fatal(err)
	}
	d = Decoder{}
	if d.pingReq.ClientID != nil {
		t.Error("still holds the datagram")
	}
	m, err := d.Decode([]byte("\x04\x16c2"))
	if err != nil || !bytes.Equal(m.(*PingReq).ClientID, []byte("c2")) {
		t.Errorf("%v, %v", m, err)
	}
}
