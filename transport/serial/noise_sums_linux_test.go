package serial

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"snbroker/mqttsn"
	"snbroker/mqttsn/client"
	"snbroker/transport"
)

// sums are the framings whose checksum is one of 8 bits. Of frames with more than
// one damaged octet it lets one of 256 pass, so the wire itself is asked what may
// arrive.
var sums = map[string]struct {
	beyond  int // octets of a frame that its length does not count
	up      int // octets before the message, of what a modem tells the gateway
	isUp    func(data []byte) bool
	down    int // and of what the gateway tells its modem
	isDown  func(data []byte) bool
	patient time.Duration // for the device: the gateway waits as long for its modem
}{
	"xbee": {
		beyond: 4, patient: time.Second,
		up: 12, isUp: func(data []byte) bool { return data[0] == 0x90 },
		down: 14, isDown: func(data []byte) bool { return data[0] == 0x10 && string(data[2:10]) == own("xbee", 3) },
	},
	"loralink": {
		beyond: 3, patient: 11 * time.Second,
		up: 6, isUp: func(data []byte) bool { return data[5] == 0x40 },
		down: 2, isDown: func(data []byte) bool { return data[1] == 0x40 && string(data[:1]) == own("loralink", 3) },
	},
}

// held finds the frames of a wire whose sum holds: every 7E begins one, and what is
// in between is escaped. It returns what comes behind the header of those that is
// likes.
func held(wire []byte, beyond, header int, is func(data []byte) bool) (messages []string) {
	for _, piece := range bytes.Split(wire, []byte{0x7E}) {
		var frame []byte
		for i := 0; i < len(piece); i++ {
			c := piece[i]
			if c == 0x7D {
				if i++; i == len(piece) {
					break
				}
				c = piece[i] ^ 0x20
			}
			frame = append(frame, c)
		}
		if len(frame) < 3 {
			continue
		}
		n := int(frame[0])<<8 + int(frame[1]) + beyond - 1 // the 7E is not there
		if n < 4 || n > len(frame) {
			continue // no data, or cut off
		}
		data, sum := frame[2:n-1], frame[n-1]
		for _, c := range data {
			sum += c
		}
		if sum == 0xFF && len(data) >= header && is(data) {
			messages = append(messages, string(data[header:]))
		}
	}
	return messages
}

// delivered notes what a line hands over.
type delivered struct {
	mu  sync.Mutex
	all []string
}

func (d *delivered) note(b []byte) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.all = append(d.all, string(b))
}

// notedLink is a gateway's end of a line.
type notedLink struct {
	transport.Link
	delivered
}

func (l *notedLink) Serve(r transport.Receiver) error { return l.Link.Serve(notedReceiver{l, r}) }

type notedReceiver struct {
	l    *notedLink
	next transport.Receiver
}

func (r notedReceiver) Receive(_ transport.Link, batch []transport.Datagram) {
	for _, d := range batch {
		r.l.note(d.Data)
	}
	r.next.Receive(r.l, batch)
}

// notedConn is a device's end of a line.
type notedConn struct {
	net.Conn
	delivered
}

func (c *notedConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if n > 0 {
		c.note(b[:n])
	}
	return n, err
}

// One octet of a hundred is wrong, one frame of twenty is cut, both ways. What is
// handed over is what had a right sum on the wire, no more and no less; so that
// behind all damage the next whole frame is found. Each seed is one course of events.
func TestNoiseAndSums(t *testing.T) {
	for name := range sums {
		damaged := 0
		for seed := range uint64(40) {
			t.Run(fmt.Sprint(name, seed), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { damaged += throughNoise(t, name, seed) })
			})
		}
		if damaged == 0 {
			t.Errorf("%s: no damaged frame had a right sum: take other seeds", name)
		}
	}
}

// throughNoise has a device publish, and returns how many damaged frames had a right
// sum.
func throughNoise(t *testing.T, name string, seed uint64) (damaged int) {
	s := sums[name]
	near, far := memLine()
	ours := &noisy{Port: near, rnd: rand.New(rand.NewPCG(seed, 1))}
	theirs := &noisy{Port: far, rnd: rand.New(rand.NewPCG(seed, 2))}
	w := newWorld(t)
	line := opened(t, plain(name, ours))
	link := &notedLink{Link: line}
	w.serve(t, link)
	nc, err := Dial(t.Context(), plain(name, theirs), []byte(own(name, 3)))
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	conn := &notedConn{Conn: nc}
	d, err := client.NewConn(t.Context(), conn, client.Config{ClientID: "d", CleanSession: true, TRetry: s.patient, NRetry: 100})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 100 {
		if err := d.Publish(t.Context(), client.Named("a/b"), fmt.Appendf(nil, "message %d\x7e\x7d", i), mqttsn.QoS1, false); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
	defer cancel()
	d.Close(ctx)
	nc.Close()
	link.Close()
	synctest.Wait()
	upward := held(theirs.wire, s.beyond, s.up, s.isUp)
	whole := held(bytes.Join(theirs.whole, nil), s.beyond, s.up, s.isUp)
	compare(t, "gateway", link.all, upward, whole)
	downward := held(ours.wire, s.beyond, s.down, s.isDown)
	wholeDown := held(bytes.Join(ours.whole, nil), s.beyond, s.down, s.isDown)
	compare(t, "device", conn.all, downward, wholeDown)
	if len(whole) < 100 || link.Stats().ReceiveErrors < 10 {
		t.Errorf("%d whole frames, and %d damaged ones: that is no test", len(whole), link.Stats().ReceiveErrors)
	}
	n := line.LineStats()
	if all := n.WrongChecksum + n.WrongLength + n.WrongEscape + n.CutOff + n.Stray; all != link.Stats().ReceiveErrors || n.WrongChecksum == 0 || n.CutOff == 0 || n.Resynced < 10 || n.Resynced > all {
		t.Errorf("%+v, %+v", n, link.Stats())
	}
	return len(upward) - len(whole) + len(downward) - len(wholeDown)
}

// compare wants got to be held, and whole to be in it, in its order.
func compare(t *testing.T, who string, got, held, whole []string) {
	t.Helper()
	if !slices.Equal(got, held) {
		t.Errorf("%s: %d messages, and %d frames had a right sum:\n%q\n%q", who, len(got), len(held), got, held)
	}
	for _, m := range got {
		if len(whole) > 0 && m == whole[0] {
			whole = whole[1:]
		}
	}
	if len(whole) > 0 {
		t.Errorf("%s: %d whole frames were not found, from %q on", who, len(whole), whole[0])
	}
}
