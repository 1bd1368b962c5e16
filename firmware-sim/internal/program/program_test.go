package program

import (
	"bytes"
	"errors"
	"testing"
)

func TestCut(t *testing.T) {
	for _, c := range []struct {
		in         string
		head       byte
		body, rest string
		err        error
	}{
		{"", 0, "", "", errIncomplete},
		{"\xd0", 0, "", "", errIncomplete},
		{"\xd0\x00", 0xD0, "", "", nil},
		{"\x40\x02\x00\x07\xd0", 0x40, "\x00\x07", "\xd0", nil},
		{"\x40\x02\x00", 0, "", "", errIncomplete},
		{"\x30\x80", 0, "", "", errIncomplete},
		{"\x30\xff\xff\xff\xff\x01", 0, "", "", errMalformed},
		{"\x30\xff\xff\xff\x7f", 0, "", "", errTooLong},
		{"\x30\x81\x00x", 0x30, "x", "", nil},
	} {
		head, body, rest, err := cut([]byte(c.in))
		if head != c.head || string(body) != c.body || string(rest) != c.rest || err != c.err {
			t.Errorf("%q: %x %q %q %v", c.in, head, body, rest, err)
		}
	}
}

func TestDecodePublish(t *testing.T) {
	m, id, err := decodePublish(0x3D, []byte("\x00\x03a/b\x01\x02hi"))
	if err != nil || id != 0x102 || string(m.Topic) != "a/b" || string(m.Payload) != "hi" || m.QoS != 2 || !m.Retain || !m.Dup {
		t.Errorf("%+v %d %v", m, id, err)
	}
	for _, bad := range []struct {
		head byte
		body string
	}{{0x30, ""}, {0x30, "\x00"}, {0x30, "\x00\x02a"}, {0x36, "\x00\x01a\x00\x01"}, {0x32, "\x00\x01a\x00"}, {0x32, "\x00\x01a\x00\x00"}} {
		if _, _, err := decodePublish(bad.head, []byte(bad.body)); !errors.Is(err, errMalformed) {
			t.Errorf("%x %q: %v", bad.head, bad.body, err)
		}
	}
}

type sink struct{ messages, acked int }

func (s *sink) Messages(m []Message)    { s.messages += len(m) }
func (s *sink) Acknowledged(i []uint16) { s.acked += len(i) }

func quiet(s *sink) *Client {
	return &Client{handler: s, wake: make(chan struct{}, 1), busy: make(map[uint16][]byte)}
}

// QoS 2 is delivered once between PUBLISH and PUBREL, and what is published
// waits for its turn.
func TestExchanges(t *testing.T) {
	var s sink
	c := quiet(&s)
	var in batch
	twice := []byte("\x34\x06\x00\x01a\x00\x07x\x3c\x06\x00\x01a\x00\x07x\x62\x02\x00\x07\x34\x06\x00\x01a\x00\x07y")
	if rest, err := c.take(&in, twice); err != nil || len(rest) > 0 || s.messages != 2 {
		t.Error(rest, err, s)
	}
	want := []byte("\x50\x02\x00\x07\x50\x02\x00\x07\x70\x02\x00\x07\x50\x02\x00\x07")
	if !bytes.Equal(c.out, want) {
		t.Errorf("% x", c.out)
	}
	c.out = nil
	for range maxBusy + 1 {
		if _, err := c.Publish("t", []byte("x"), 1, false); err != nil {
			t.Fatal(err)
		}
	}
	one := len(c.out) / maxBusy
	if len(c.queue) != 1 {
		t.Errorf("%d wait", len(c.queue))
	}
	c.out = nil
	if _, err := c.take(&in, []byte("\x40\x02\x00\x01\x40\x02\x7f\x7f")); err != nil || s.acked != 1 || len(c.out) != one || len(c.queue) != 0 {
		t.Error(err, s, len(c.out), len(c.queue))
	}
	for range maxWaiting {
		c.Publish("t", nil, 2, false)
	}
	if _, err := c.Publish("t", nil, 2, false); err != ErrBusy {
		t.Error(err)
	}
}

func FuzzTake(f *testing.F) {
	f.Add([]byte("\x34\x06\x00\x01a\x00\x07x\x62\x02\x00\x07\x90\x03\x00\x01\x00\xd0\x00"))
	f.Add([]byte("\x40\x02\x00\x01\x50\x02\x00\x01\x70\x02\x00\x01\x30\x80\x80"))
	f.Fuzz(func(t *testing.T, b []byte) {
		var s sink
		var in batch
		c := quiet(&s)
		c.Publish("t", nil, 2, false)
		rest, err := c.take(&in, b)
		if err != nil {
			return
		}
		if !bytes.HasSuffix(b, rest) {
			t.Error("what is left is not the end")
		}
		if _, _, _, err := cut(rest); err != errIncomplete {
			t.Errorf("a packet is left: %v", err)
		}
	})
}
