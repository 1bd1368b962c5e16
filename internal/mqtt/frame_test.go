package mqtt

import (
	"bytes"
	"testing"

	"snbroker/internal/mqtt/mqtttest/octets"
)

func TestPeekFrame(t *testing.T) {
	for _, c := range []struct {
		bytes string
		max   int
		total int
		err   error
	}{
		{"", MaxRemainingLength, 0, nil},
		{"30", MaxRemainingLength, 0, nil},
		{"30 80", MaxRemainingLength, 0, nil},
		{"30 ffffff", MaxRemainingLength, 0, nil},
		{"c0 00", 0, 2, nil},
		{"30 7f", 127, 129, nil},
		{"30 7f", 126, 0, ErrPacketTooLarge},
		{"30 8001", 128, 131, nil},
		{"30 8001 00", 127, 0, ErrPacketTooLarge},
		{"30 ff7f", 16383, 16386, nil},
		{"30 808001", 16384, 16388, nil},
		{"30 ffff7f", 2097151, 2097155, nil},
		{"30 80808001", 2097152, 2097157, nil},
		{"30 ffffff7f", MaxRemainingLength, 268435460, nil},
		{"30 ffffff7f", MaxRemainingLength - 1, 0, ErrPacketTooLarge},
		{"30 ffffffff", MaxRemainingLength, 0, ErrVarint},
		{"30 8080808001", MaxRemainingLength, 0, ErrVarint},
		{"30 8000", MaxRemainingLength, 0, ErrVarintNotMinimal},
		{"30 ff8000", MaxRemainingLength, 0, ErrVarintNotMinimal},
		{"30 80808000", MaxRemainingLength, 0, ErrVarintNotMinimal},
		{"c0 00 c0 00", MaxRemainingLength, 2, nil},
	} {
		total, err := PeekFrame(octets.Read(t, c.bytes), c.max)
		if total != c.total || err != c.err {
			t.Errorf("PeekFrame(%s, %d) = %d, %v; want %d, %v", c.bytes, c.max, total, err, c.total, c.err)
		}
	}
}

// Byte by byte, a packet must be announced once its length is in, and then
// always the same.
func TestPeekFrameGrows(t *testing.T) {
	for _, size := range []int{0, 1, 127, 128, 16383, 16384, 2097151, 2097152} {
		whole := append(appendVarint([]byte{0x30}, size), make([]byte, min(size, 10))...)
		head := 1 + varintSize(size)
		for n := range len(whole) + 1 {
			want := 0
			if n >= head {
				want = head + size
			}
			if total, err := PeekFrame(whole[:n], MaxRemainingLength); total != want || err != nil {
				t.Fatalf("size %d, %d bytes: %d, %v", size, n, total, err)
			}
		}
	}
}

func TestVarint(t *testing.T) {
	for _, c := range []struct {
		n     int
		bytes string
	}{
		{0, "00"}, {127, "7f"}, {128, "8001"}, {16383, "ff7f"}, {16384, "808001"},
		{2097151, "ffff7f"}, {2097152, "80808001"}, {268435455, "ffffff7f"},
	} {
		want := octets.Read(t, c.bytes)
		if got := appendVarint(nil, c.n); !bytes.Equal(got, want) {
			t.Errorf("%d: %x, want %x", c.n, got, want)
		}
		if n, size, err := varint(append(want, 0xff)); n != c.n || size != len(want) || err != nil {
			t.Errorf("%x: %d, %d, %v", want, n, size, err)
		}
		if varintSize(c.n) != len(want) {
			t.Errorf("varintSize(%d) = %d", c.n, varintSize(c.n))
		}
	}
}

// The writer makes room for lengths after the fact; every size of that room.
func TestWriterClose(t *testing.T) {
	for _, size := range []int{0, 1, 127, 128, 129, 16383, 16384, 16385, 2097151, 2097152} {
		content := bytes.Repeat([]byte{0xab}, size)
		w := writer{b: []byte{1}}
		mark := w.open()
		w.raw(content)
		w.close(mark)
		want := append(appendVarint([]byte{1}, size), content...)
		if !bytes.Equal(w.b, want) || w.err != nil {
			t.Errorf("size %d: %d bytes, want %d", size, len(w.b), len(want))
		}
	}
}
