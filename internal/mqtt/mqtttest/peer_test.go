package mqtttest

import (
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"testing/synctest"

	"snbroker/internal/mqtt"
	"snbroker/internal/mqtt/mqtttest/octets"
)

// failing notes why a test fails, in place of the test that it is for.
type failing struct {
	testing.TB
	why string
}

var failed = errors.New("the story ends here")

func (f *failing) Helper() {}

func (f *failing) Fatal(args ...any) { f.Fatalf("%s", fmt.Sprint(args...)) }

func (f *failing) Fatalf(format string, args ...any) {
	f.why = fmt.Sprintf(format, args...)
	panic(failed)
}

// tell tells a story to a server that says these octets and closes, or says no
// more; it returns why the story fails.
func tell(t *testing.T, v mqtt.Version, said string, closes bool, story func(*Peer)) (why string) {
	t.Helper()
	f := &failing{TB: t}
	synctest.Test(t, func(t *testing.T) {
		f.TB = t
		ours, theirs := net.Pipe()
		written := make(chan struct{})
		go func() {
			defer close(written)
			theirs.Write(octets.Read(t, said))
			if closes {
				theirs.Close()
			}
		}()
		drained := make(chan struct{})
		go func() {
			defer close(drained)
			for b := make([]byte, 64); ; {
				if _, err := theirs.Read(b); err != nil {
					return
				}
			}
		}()
		defer func() {
			if r := recover(); r != nil && r != failed {
				panic(r)
			}
			ours.Close()
			theirs.Close()
			<-written
			<-drained
		}()
		story(NewPeer(f, ours, v))
	})
	return f.why
}

// A peer that does not notice would make every story true.
func TestPeerNotices(t *testing.T) {
	ping := func(p *Peer) { p.Expect(&mqtt.Pingresp{}) }
	closed := (*Peer).Closed
	silence := (*Peer).Silence
	ended := func(p *Peer) { p.Ended(mqtt.ReasonMalformedPacket) }
	connect := func(p *Peer) { p.Connect("c") }
	subscribe := func(p *Peer) { p.Subscribe(Filter("a", 1)) }
	exact := func(p *Peer) { p.Exact = true; ended(p) }
	publish := func(qos mqtt.QoS) func(*Peer) { return func(p *Peer) { p.Publish(Pub("a", "x", qos, uint16(qos))) } }
	for _, c := range []struct {
		name   string
		v      mqtt.Version
		said   string
		closes bool
		story  func(*Peer)
		why    string // "": it is as it should be
	}{
		{"as wanted", mqtt.V5, "d000", false, ping, ""},
		{"nothing", mqtt.V5, "", false, ping, "nothing came"},
		{"the end", mqtt.V5, "", true, ping, "want"},
		{"another", mqtt.V5, "40 [ 0001 ]", false, ping, "want"},
		{"half", mqtt.V5, "d0", true, ping, "within a packet"},
		{"not a packet", mqtt.V5, "40 [ 00 ]", true, func(p *Peer) { p.Next() }, "heard"},
		{"not a message", mqtt.V5, "d000", false, func(p *Peer) { p.Message() }, "want a PUBLISH"},
		{"octets", mqtt.V5, "d000 d000", false, func(p *Peer) { p.ExpectHex("d000 d000") }, ""},
		{"other octets", mqtt.V5, "d000 c000", false, func(p *Peer) { p.ExpectHex("d000 d000") }, "want"},
		{"closed", mqtt.V5, "", true, closed, ""},
		{"open", mqtt.V5, "", false, closed, "nothing came"},
		{"closed late", mqtt.V5, "d000", true, closed, "want the connection's end"},
		{"for a reason", mqtt.V5, "e0 [ 81 ]", true, ended, ""},
		{"for another", mqtt.V5, "e0 [ 82 ]", true, ended, "want"},
		{"for no reason", mqtt.V5, "", true, ended, "want"},
		{"in words", mqtt.V5, "e0 [ 81 [ 1f 0001'x' ] ]", true, ended, ""},
		{"in words that count", mqtt.V5, "e0 [ 81 [ 1f 0001'x' ] ]", true, exact, "want"},
		{"which 3.1.1 does not tell", mqtt.V311, "", true, ended, ""},
		{"silence", mqtt.V5, "d000 d000", false, silence, ""},
		{"broken at once", mqtt.V5, "30 [ 0001'a' 00 ] d000 d000", false, silence, "want"},
		{"broken later", mqtt.V5, "d000 30 [ 0001'a' 00 ] d000", false, silence, "want"},
		{"let in", mqtt.V5, "20 [ 00 00 00 ]", false, connect, ""},
		{"refused", mqtt.V5, "20 [ 00 87 00 ]", false, connect, "CONNECT was answered"},
		{"not clean", mqtt.V5, "20 [ 01 00 00 ]", false, connect, "its session was present"},
		{"granted", mqtt.V5, "90 [ 01f4 00 01 ]", false, subscribe, ""},
		{"granted less", mqtt.V5, "90 [ 01f4 00 00 ]", false, subscribe, "want"},
		{"taken, QoS 0", mqtt.V5, "d000 d000", false, publish(0), ""},
		{"taken, QoS 1", mqtt.V5, "40 [ 0001 ]", false, publish(1), ""},
		{"taken, QoS 2", mqtt.V5, "50 [ 0002 ] 70 [ 0002 ]", false, publish(2), ""},
		{"not taken, QoS 1", mqtt.V5, "40 [ 0001 97 ]", false, publish(1), "PUBLISH was answered"},
		{"not taken, QoS 2", mqtt.V5, "50 [ 0002 97 ]", false, publish(2), "PUBLISH was answered"},
		{"another is taken", mqtt.V5, "40 [ 0002 ]", false, publish(1), "PUBLISH was answered"},
		{"not to the end", mqtt.V5, "50 [ 0002 ] 70 [ 0002 92 ]", false, publish(2), "want"},
	} {
		t.Run(c.name, func(t *testing.T) {
			why := tell(t, c.v, c.said, c.closes, c.story)
			if (why == "") != (c.why == "") || !strings.Contains(why, c.why) {
				t.Errorf("it fails for %q, want %q", why, c.why)
			}
		})
	}
}
