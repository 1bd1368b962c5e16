package framing

import (
	"bytes"
	"errors"
	"slices"
	"testing"
)

// pair is the two ends of a line, and the node that the gateway sends to.
type pair struct {
	gateway, device *Framing
	node            string
}

// pairOf makes both ends of a framing.
func pairOf(t testing.TB, name string, mtu int, unescaped bool) pair {
	t.Helper()
	p := pair{}
	address := map[string]string{"xbee": "\x00\x13\xa2\x00\x7e\x7d\x11\x13", "radiohead": "\x10", "loralink": "\x7e", "aquila": "\xc0\xdb"}[name]
	p.gateway = framing(t, name, Options{MTU: mtu, Unescaped: unescaped})
	p.device = framing(t, name, Options{MTU: mtu, Device: true, Address: []byte(address), Unescaped: unescaped})
	switch name {
	case "xbee", "radiohead", "loralink":
		p.node = address
	case "slip-ip":
		p.node = "\xc0\xa8\xbe\x02\x07\x5b\xc0\xa8\xbe\x01\x07\x5b"
	}
	return p
}

// to is the node that a device sends to.
func (p pair) to() string {
	if p.gateway.Name == "radiohead" {
		return "\x00"
	}
	return ""
}

// wrapped is how a gateway sees a device's message, and wants its own.
func (p pair) wrapped(message []byte) []byte {
	if p.gateway.Name != "aquila" {
		return message
	}
	return append([]byte{5, encapsulated, 0, 0xC0, 0xDB}, message...)
}

func (p pair) up(t testing.TB, message []byte) []byte {
	t.Helper()
	b, err := p.device.Append(nil, p.to(), message)
	if err != nil {
		t.Fatalf("%s: device: %v", p.gateway.Name, err)
	}
	return b
}

func (p pair) down(t testing.TB, message []byte) []byte {
	t.Helper()
	b, err := p.gateway.Append(nil, p.node, p.wrapped(message))
	if err != nil {
		t.Fatalf("%s: gateway: %v", p.gateway.Name, err)
	}
	return b
}

// publish is a message of n octets, 7 at least, full of what framings escape.
func publish(n int) []byte {
	b := []byte{byte(n), 0x0C, 0x62, 'T', '1', 0, 0}
	if n > 255 {
		b = []byte{1, byte(n >> 8), byte(n), 0x0C, 0x62, 'T', '1', 0, 0}
	}
	for i := 0; len(b) < n; i++ {
		b = append(b, []byte{0xC0, 0xDB, 0x7E, 0x7D, 0x11, 0x13, 0x00, 0x10, 0x02, 0x03, 0x20}[i%11])
	}
	return b
}

// Messages of every length arrive, both ways, one after the other.
func TestRoundTrip(t *testing.T) {
	for _, name := range Names() {
		p := pairOf(t, name, 0, false)
		for n := 7; n <= min(p.gateway.MTU-5, 600); n++ {
			m := publish(n)
			got := feed(t, p.gateway, append(p.up(t, m), p.up(t, m)...), 97)
			if len(got) != 2 || got[0].data != string(p.wrapped(m)) || got[1].data != got[0].data || got[0].node != p.node {
				t.Fatalf("%s: %d octets up: got %+v", name, n, got)
			}
			if got := feed(t, p.device, p.down(t, m), 31); len(got) != 1 || got[0].data != string(m) {
				t.Fatalf("%s: %d octets down: got %+v", name, n, got)
			}
		}
	}
}

func TestLongest(t *testing.T) {
	for _, name := range Names() {
		p := pairOf(t, name, 0, false)
		m := publish(p.gateway.MTU)
		if name == "aquila" {
			m = p.wrapped(publish(p.gateway.MTU - 5))
		}
		b, err := p.gateway.Append(nil, p.node, m)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if b, err = p.gateway.Append([]byte("kept"), p.node, append(m, 0)); !errors.Is(err, ErrMTU) || string(b) != "kept" {
			t.Errorf("%s: one more octet: %q, %v", name, b, err)
		}
	}
}

// A frame that another end makes longer than the MTU is told once, and the next
// one is whole.
func TestTooLong(t *testing.T) {
	for _, name := range Names() {
		if name == "radiohead" || name == "loralink" || name == "raw" { // cannot be made, or told
			continue
		}
		p := pairOf(t, name, 60, false)
		long := pairOf(t, name, 250, false)
		line := append(long.up(t, publish(200)), p.up(t, publish(20))...)
		got := feed(t, p.gateway, line, len(line))
		if m := messages(got); len(m) != 1 || m[0] != string(p.wrapped(publish(20))) {
			t.Errorf("%s: got %+v", name, got)
		}
	}
}

// Whatever stands before a frame, the second one at the latest is whole.
func TestRecovers(t *testing.T) {
	for _, name := range Names() {
		p := pairOf(t, name, 0, false)
		a, b := publish(20), publish(33)
		frame := p.up(t, a)
		for cut := range len(frame) {
			line := append(slices.Clone(frame[:cut]), append(p.up(t, a), p.up(t, b)...)...)
			got := feed(t, p.gateway, line, 7)
			got = append(got, silence(t, p.gateway)...)
			if m := messages(got); len(m) == 0 || m[len(m)-1] != string(p.wrapped(b)) {
				if name == "raw" && cut > 0 { // a length that swallows what follows
					continue
				}
				t.Fatalf("%s: cut after %d: got %+v", name, cut, got)
			}
		}
	}
}

// A gap ends what a raw line has lost, and the message behind it is found.
func TestRawAfterSilence(t *testing.T) {
	p := pairOf(t, "raw", 0, false)
	m := publish(20)
	got := feed(t, p.gateway, append([]byte{0x30, 0x0C, 0x62}, m...), 5)
	if len(got) > 0 {
		t.Fatalf("got %+v before the silence", got)
	}
	got = silence(t, p.gateway)
	if m2 := messages(got); len(m2) != 1 || m2[0] != string(m) {
		t.Fatalf("got %+v", got)
	}
}

// API mode 1 escapes nothing: a false beginning must not cost the frame behind it.
func TestXBeeUnescaped(t *testing.T) {
	p := pairOf(t, "xbee", 0, true)
	m := publish(40)
	frame := p.up(t, m)
	if !bytes.Contains(frame, []byte("\x00\x13\xa2\x00\x7e\x7d\x11\x13")) {
		t.Fatalf("escaped: % X", frame)
	}
	line := append([]byte{0x7E, 0x00, 0x20, 'x'}, frame...)
	got := append(feed(t, p.gateway, line, 3), silence(t, p.gateway)...)
	if got := messages(got); len(got) != 1 || got[0] != string(m) {
		t.Fatalf("got %q", got)
	}
	if got := feed(t, p.device, p.down(t, m), 3); len(got) != 1 || got[0].data != string(m) {
		t.Fatalf("got %+v", got)
	}
}

// What firmware prints between frames is found whole, and costs no frame.
func TestText(t *testing.T) {
	for _, name := range Names() {
		p := pairOf(t, name, 0, false)
		a, b := publish(20), publish(33)
		line := append([]byte(nil), p.up(t, a)...)
		line = append(line, "boot: rev 2, reset by watchdog\r\n"...)
		line = append(line, p.up(t, b)...)
		line = append(line, "heap 1234"...)
		got := append(feed(t, p.gateway, line, 16), silence(t, p.gateway)...)
		var text string
		for _, f := range got {
			if f.kind == Noise && IsText([]byte(f.data)) {
				text += f.data
			}
		}
		if m := messages(got); len(m) != 2 || text != "boot: rev 2, reset by watchdog\r\nheap 1234" {
			t.Errorf("%s: got %+v", name, got)
		}
	}
}

// Text alone never becomes a message, and is not kept for ever.
func TestOnlyText(t *testing.T) {
	for _, name := range Names() {
		p := pairOf(t, name, 0, false)
		text := bytes.Repeat([]byte("I (1234) wifi: connected, channel 6\r\n"), 100)
		got := feed(t, p.gateway, text, 64)
		if m := messages(got); len(m) > 0 {
			t.Errorf("%s: messages %q", name, m)
		}
		if len(got) < 90 {
			t.Errorf("%s: only %d of 100 lines", name, len(got))
		}
	}
}

// Damage is found by every framing that has a checksum. Sums of 8 bits miss one
// of 256, which is why they are not counted here.
func TestDamage(t *testing.T) {
	for _, name := range Names() {
		p := pairOf(t, name, 0, false)
		if !p.gateway.Checked || name == "xbee" || name == "loralink" {
			continue
		}
		frame := p.up(t, publish(40))
		for i := range frame {
			for bit := range 8 {
				line := slices.Clone(frame)
				line[i] ^= 1 << bit
				line = append(line, p.up(t, publish(20))...)
				for _, m := range messages(feed(t, p.gateway, line, 9)) {
					if m != string(p.wrapped(publish(40))) && m != string(p.wrapped(publish(20))) {
						t.Fatalf("%s: octet %d, bit %d: %x", name, i, bit, m)
					}
				}
			}
		}
	}
}
