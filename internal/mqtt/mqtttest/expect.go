package mqtttest

import (
	"bytes"

	"snbroker/internal/mqtt"
	"snbroker/internal/mqtt/mqtttest/octets"
)

// Expect wants these packets next, to the octet, but for reason strings unless
// the peer is Exact.
func (p *Peer) Expect(want ...mqtt.Packet) {
	p.t.Helper()
	for _, packet := range want {
		b := Encode(p.t, p.Version, packet)
		if got := p.seen(); !bytes.Equal(got, b) {
			p.t.Fatalf("heard %s\nwant  %s", mqtt.Describe(got, p.Version), mqtt.Describe(b, p.Version))
		}
	}
}

// ExpectHex is Expect, of octets as octets.Read reads them.
func (p *Peer) ExpectHex(s string) {
	p.t.Helper()
	want := octets.Read(p.t, s)
	for len(want) > 0 {
		got := p.seen()
		if len(got) == 0 || !bytes.HasPrefix(want, got) {
			p.t.Fatalf("heard %x (%s)\nwant  %x", got, mqtt.Describe(got, p.Version), want)
		}
		want = want[len(got):]
	}
}

// seen returns the next packet's octets as they count.
func (p *Peer) seen() []byte {
	p.t.Helper()
	frame := p.Frame()
	if p.Exact || frame == nil {
		return frame
	}
	return Bare(frame, max(p.Version, mqtt.V311))
}

// Closed wants the connection's end, and nothing before it.
func (p *Peer) Closed() {
	p.t.Helper()
	if got := p.Frame(); got != nil {
		p.t.Fatalf("heard %s, want the connection's end", mqtt.Describe(got, p.Version))
	}
}

// Ended wants the connection's end for a reason, which only MQTT 5 tells.
func (p *Peer) Ended(why mqtt.ReasonCode) {
	p.t.Helper()
	if p.Version == mqtt.V5 {
		p.Expect(&mqtt.Disconnect{ReasonCode: why})
	}
	p.Closed()
}

// Silence wants nothing to be on its way, and the connection to be alive. What
// was ready before the first PINGRESP was written is there before the second.
func (p *Peer) Silence() {
	p.t.Helper()
	for range 2 {
		p.Say(&mqtt.Pingreq{})
		p.Expect(&mqtt.Pingresp{})
	}
}
