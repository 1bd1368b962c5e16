package framing

import (
	"bytes"
	"testing"
)

// Any octets, in any pieces, are taken without harm; then a message gets through
// whole, and what comes of a message is the message.
func fuzz(f *testing.F, name string, unescaped bool) {
	for _, v := range vectors(f) {
		if v.framing == name {
			f.Add(v.wire, v.message, 3)
		}
	}
	f.Add([]byte("boot\r\n\x00\xff\x7e\x7d\xc0\xdb\x10\x02\x10\x10\x10\x03"), publish(30), 1)
	f.Fuzz(func(t *testing.T, noise, message []byte, chunk int) {
		chunk = max(1, chunk%64)
		p := pairOf(t, name, 0, unescaped)
		for _, end := range []*Framing{p.gateway, p.device} {
			found := feed(t, end, noise, chunk)
			found = append(found, silence(t, end)...)
			for _, e := range found {
				if e.kind == Message && len(e.data) > end.MTU {
					t.Fatalf("a message of %d octets", len(e.data))
				}
				if len(e.data) > max(mostStrays, end.MTU+64+end.MTU/254) {
					t.Fatalf("%d octets kept", len(e.data))
				}
			}
		}
		if readsAsText(name, message) {
			return
		}
		frame, err := p.device.Append(nil, p.to(), message)
		if err != nil {
			return
		}
		want := string(p.wrapped(message))
		if !p.resynchronises(unescaped) {
			p = pairOf(t, name, 0, unescaped)
		}
		got := feed(t, p.gateway, bytes.Repeat(frame, 2), chunk)
		got = append(got, silence(t, p.gateway)...)
		all := messages(got)
		if len(all) == 0 || all[len(all)-1] != want {
			t.Fatalf("message %x as % X: got %+v", message, frame, got)
		}
	})
}

// readsAsText tells of a message that no device sends and a line of text may
// begin like: no type of a message is printable, and the topic id of a device's
// REGISTER, whose type is a line end, is 0.
func readsAsText(framing string, message []byte) bool {
	if len(message) < 2 || ' ' <= message[1] && message[1] <= '~' {
		return true
	}
	return framing == "raw" && message[1] == register && IsText(message[:1]) &&
		(len(message) < 4 || IsText(message[2:4]))
}

// resynchronises tells whether noise before a frame costs at most that frame.
func (p pair) resynchronises(unescaped bool) bool { return p.gateway.Name != "raw" && !unescaped }

func FuzzHDLC(f *testing.F)          { fuzz(f, "hdlc", false) }
func FuzzRaw(f *testing.F)           { fuzz(f, "raw", false) }
func FuzzSLIP(f *testing.F)          { fuzz(f, "slip", false) }
func FuzzSLIPCRC(f *testing.F)       { fuzz(f, "slip-crc", false) }
func FuzzCOBS(f *testing.F)          { fuzz(f, "cobs", false) }
func FuzzXBee(f *testing.F)          { fuzz(f, "xbee", false) }
func FuzzXBeeUnescaped(f *testing.F) { fuzz(f, "xbee", true) }
func FuzzRadioHead(f *testing.F)     { fuzz(f, "radiohead", false) }
func FuzzLoRaLink(f *testing.F)      { fuzz(f, "loralink", false) }
func FuzzAquila(f *testing.F)        { fuzz(f, "aquila", false) }
func FuzzSLIPIP(f *testing.F)        { fuzz(f, "slip-ip", false) }
