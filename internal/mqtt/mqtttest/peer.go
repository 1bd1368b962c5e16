package mqtttest

import (
	"bytes"
	"errors"
	"net"
	"testing"
	"time"

	"snbroker/internal/mqtt"
	"snbroker/internal/mqtt/mqtttest/octets"
)

// Peer is the client's end of a connection. One goroutine at a time may read
// from it, and one may write.
type Peer struct {
	net.Conn
	Version mqtt.Version // that packets are written and read in
	Exact   bool         // reason strings count
	Connack mqtt.Connack // that Welcome heard, to be kept

	t   testing.TB
	in  []byte // came, and was not asked for yet
	dec mqtt.Decoder
}

// NewPeer has said nothing yet. The connection is closed with the test.
func NewPeer(t testing.TB, nc net.Conn, v mqtt.Version) *Peer {
	t.Cleanup(func() { nc.Close() })
	return &Peer{Conn: nc, Version: v, t: t, dec: mqtt.Decoder{From: mqtt.FromServer}}
}

// Send writes octets. A server that has closed is not an error: what it said
// before is still to be read.
func (p *Peer) Send(b []byte) {
	p.t.Helper()
	p.SetWriteDeadline(time.Now().Add(Patience))
	if _, err := p.Write(b); timedOut(err) {
		p.t.Fatal("the server does not read")
	}
}

// SendHex writes octets as octets.Read reads them.
func (p *Peer) SendHex(s string) {
	p.t.Helper()
	p.Send(octets.Read(p.t, s))
}

// Say sends packets in one write.
func (p *Peer) Say(packets ...mqtt.Packet) {
	p.t.Helper()
	p.Send(Encode(p.t, p.Version, packets...))
}

// Frame returns the next packet's octets; nil at the connection's end.
func (p *Peer) Frame() []byte {
	p.t.Helper()
	p.SetReadDeadline(time.Now().Add(Patience))
	for {
		n, err := mqtt.PeekFrame(p.in, mqtt.MaxRemainingLength)
		Must(p.t, err)
		if n > 0 && len(p.in) >= n {
			out := p.in[:n:n]
			p.in = p.in[n:]
			return out
		}
		more := make([]byte, 16<<10)
		got, err := p.Read(more)
		p.in = append(p.in, more[:got]...)
		switch {
		case got > 0: // an error is told again
		case timedOut(err):
			p.t.Fatalf("nothing came; %x is there", p.in)
		case err != nil && len(p.in) > 0:
			p.t.Fatalf("the connection ended within a packet: %x", p.in)
		case err != nil:
			return nil
		}
	}
}

// Next returns the next packet, valid until the one after it is read; nil at
// the connection's end.
func (p *Peer) Next() mqtt.Packet {
	p.t.Helper()
	b := p.Frame()
	if b == nil {
		return nil
	}
	p.dec.Version = p.Version
	packet, err := p.dec.Decode(b)
	if err != nil {
		p.t.Fatalf("heard %x: %v", b, err)
	}
	return packet
}

// Message returns the next packet, which must be a PUBLISH, to be kept.
func (p *Peer) Message() *mqtt.Publish {
	p.t.Helper()
	m, ok := p.Next().(*mqtt.Publish)
	if !ok {
		p.t.Fatalf("heard %+v, want a PUBLISH", m)
	}
	out := *m
	out.Topic, out.Payload = bytes.Clone(m.Topic), bytes.Clone(m.Payload)
	out.Properties.SubscriptionIDs = append([]uint32(nil), m.Properties.SubscriptionIDs...)
	out.Properties.Forward = bytes.Clone(m.Properties.Forward)
	return &out
}

// timedOut tells a deadline that passed, whichever layer says so.
func timedOut(err error) bool {
	var e net.Error
	return errors.As(err, &e) && e.Timeout()
}
