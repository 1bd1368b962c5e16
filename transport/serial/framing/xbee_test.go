package framing

import (
	"bytes"
	"errors"
	"testing"
)

// api makes an API frame by hand.
func api(data ...byte) []byte {
	f := newFrame(nil, len(data), true)
	f.octets(data)
	return f.end()
}

// The modem's answers, its own affairs, and the frames of other firmware.
func TestXBeeFrames(t *testing.T) {
	address := []byte{0, 0x13, 0xA2, 0, 1, 2, 3, 4}
	join := func(parts ...[]byte) []byte { return api(bytes.Join(parts, nil)...) }
	for _, tc := range []struct {
		name string
		line []byte
		want []found
	}{
		{"delivered", api(0x8B, 1, 0xFF, 0xFE, 0, 0, 0), []found{{kind: Answer}}},
		{"not delivered", api(0x8B, 1, 0xFF, 0xFE, 0, 0x24, 0), []found{{kind: Answer, err: ErrUndelivered}}},
		{"not delivered, 802.15.4", api(0x89, 1, 4), []found{{kind: Answer, err: ErrUndelivered}}},
		{"modem status", api(0x8A, 6), nil},
		{"node identification", api(0x95, 1, 2, 3), nil},
		{"explicit", join([]byte{0x91}, address, []byte{0x4A, 0x81, 0xE8, 0xE8, 0, 0x11, 0xC1, 5, 1}, []byte("m")),
			[]found{{kind: Message, node: string(address), data: "m"}}},
		{"802.15.4", join([]byte{0x80}, address, []byte{40, 0}, []byte("m")), []found{{kind: Message, node: string(address), data: "m"}}},
		{"802.15.4 short", api(0x81, 0x12, 0x34, 40, 0, 'm'), []found{{kind: Message, node: "\x12\x34", data: "m"}}},
		{"too short", api(0x90, 1, 2), []found{{kind: Noise, data: "\x90\x01\x02", err: ErrLength}}},
	} {
		got := feed(t, framing(t, "xbee", Options{}), tc.line, 3)
		if len(got) != len(tc.want) {
			t.Errorf("%s: got %+v", tc.name, got)
			continue
		}
		for i, w := range tc.want {
			if g := got[i]; g.kind != w.kind || g.node != w.node || g.data != w.data || !errors.Is(g.err, w.err) {
				t.Errorf("%s: got %+v, want %+v", tc.name, g, w)
			}
		}
	}
}

// 802.15.4 firmware does not know 10 frames: answers are in its own.
func TestXBeeAnswersInKind(t *testing.T) {
	address := string([]byte{0, 0x13, 0xA2, 0, 1, 2, 3, 4})
	f := framing(t, "xbee", Options{})
	kind := func(node string) byte {
		b, err := f.Append(nil, node, []byte("m"))
		if err != nil {
			t.Fatal(err)
		}
		return b[3]
	}
	if k := kind(address); k != xbeeTx {
		t.Errorf("%02X before anything was heard", k)
	}
	feed(t, f, api(append(append([]byte{0x80}, address...), 40, 0, 'm')...), 99)
	if k := kind(address); k != xbeeTx64 {
		t.Errorf("%02X to 802.15.4 firmware", k)
	}
	if k := kind("\x12\x34"); k != xbeeTx16 {
		t.Errorf("%02X to a short address", k)
	}
	if _, err := f.Append(nil, "\x01", nil); !errors.Is(err, ErrNode) {
		t.Errorf("got %v", err)
	}
}
