package tap

import (
	"bytes"
	"fmt"
	"testing"

	"snbroker/internal/mqtt"
)

func TestNobodyWatches(t *testing.T) {
	var none *Tap
	if none.On() || new(Tap).On() {
		t.Error("somebody does")
	}
	tap := new(Tap)
	if n := testing.AllocsPerRun(100, func() { _ = tap.On() }); n != 0 {
		t.Errorf("asking allocates %v", n)
	}
}

func TestFilter(t *testing.T) {
	p := Packet{ClientID: "boiler", Topic: "boiler/7/set", Peer: "192.0.2.1:4000", Octets: []byte{2, 0x16}}
	v6 := p
	v6.Peer = "[fe80::1%wpan0]:1883"
	for _, c := range []struct {
		f    Filter
		p    Packet
		want bool
	}{
		{Filter{}, p, true},
		{Filter{ClientID: "boiler"}, p, true},
		{Filter{ClientID: "boil"}, p, false},
		{Filter{Peer: "192.0.2.1"}, p, true},
		{Filter{Peer: "192.0.2.1:4000"}, p, true},
		{Filter{Peer: "192.0.2.10"}, p, false},
		{Filter{Peer: "fe80::1%wpan0"}, v6, true},
		{Filter{Topic: func(s string) bool { return s == "boiler/7/set" }}, p, true},
		{Filter{Topic: func(s string) bool { return false }}, p, false},
		{Filter{Topic: func(s string) bool { return true }}, Packet{}, false},
	} {
		tap := new(Tap)
		w := tap.Watch(c.f)
		if tap.Pass(c.p); (len(w.Packets()) == 1) != c.want {
			t.Errorf("%+v: want %v", c.f, c.want)
		}
		if w.Close(); tap.On() {
			t.Error("it watches after its end")
		}
	}
}

// A watcher that does not keep up loses packets, counted, and holds up nobody.
func TestSlowWatcher(t *testing.T) {
	tap := new(Tap)
	slow, other := tap.Watch(Filter{}), tap.Watch(Filter{ClientID: "other"})
	defer other.Close()
	for range waiting + 5 {
		tap.Pass(Packet{ClientID: "one"})
	}
	if n := slow.Lost(); n != 5 || slow.Lost() != 0 || other.Lost() != 0 {
		t.Errorf("%d were lost", n)
	}
	slow.Close()
	slow.Close()
	if !tap.On() {
		t.Error("the other one watches still")
	}
}

const secret = "correct horse"

func connects() (out [][]byte) {
	for _, v := range []mqtt.Version{mqtt.V31, mqtt.V311, mqtt.V5} {
		c := &mqtt.Connect{Version: v, ClientID: []byte("c"), HasUsername: true, Username: []byte("alice"), HasPassword: true, Password: []byte(secret), CleanStart: true,
			Will: &mqtt.Will{Topic: []byte("w"), Payload: []byte("gone")}}
		if v == mqtt.V5 {
			c.Properties.AuthMethod, c.Properties.AuthData = []byte("SCRAM"), []byte(secret)
		}
		b, err := c.AppendTo(nil, v)
		if err != nil {
			panic(err)
		}
		out = append(out, b)
	}
	a := &mqtt.Auth{ReasonCode: mqtt.ReasonContinueAuthentication, Properties: mqtt.AuthProperties{AuthMethod: []byte("SCRAM"), AuthData: []byte(secret)}}
	b, err := a.AppendTo(nil, mqtt.V5)
	if err != nil {
		panic(err)
	}
	return append(out, b)
}

func TestNoPasswords(t *testing.T) {
	for _, b := range connects() {
		got := blot(MQTT, b)
		if bytes.Contains(got, []byte(secret)) || !bytes.Contains(b, []byte(secret)) || len(got) != len(b) {
			t.Errorf("%q", got)
		}
		if b[0]>>4 == packetConnect && !bytes.Contains(got, []byte("alice")) {
			t.Errorf("the username is gone: %q", got)
		}
	}
	auth := append([]byte{0, snAuth, 0, 5}, "PLAIN\x00alice\x00"+secret...)
	auth[0] = byte(len(auth))
	for _, b := range [][]byte{auth, append([]byte{5, snEncapsulated, 0, 1, 2}, auth...),
		append([]byte{1, 0, byte(len(auth) + 2), snAuth, 0, 5}, auth[4:]...), append([]byte{1, 0, 7, snEncapsulated, 0, 1, 2}, auth...)} {
		if got := blot(MQTTSN, b); bytes.Contains(got, []byte("horse")) {
			t.Errorf("%q", got)
		}
	}
	publish := []byte{9, 0x0C, 0, 0, 1, 0, 0, 'h', 'i'}
	if got := blot(MQTTSN, publish); !bytes.Equal(got, publish) {
		t.Errorf("a PUBLISH became %x", got)
	}
}

// Whatever is broken off, or turned, of a CONNECT: its password is not shown, and
// what is shown is as long as it was.
func FuzzBlot(f *testing.F) {
	for _, b := range connects() {
		f.Add(uint8(0), b)
		for i := range b {
			f.Add(uint8(0), b[:i])
		}
	}
	f.Add(uint8(1), []byte{9, snAuth, 0, 1, 'x', 's', 's', 's', 's'})
	f.Fuzz(func(t *testing.T, p uint8, b []byte) {
		before := fmt.Sprintf("%x", b)
		if got := blot(Protocol(p&1), b); len(got) != len(b) {
			t.Errorf("%d octets became %d", len(b), len(got))
		}
		if fmt.Sprintf("%x", b) != before {
			t.Error("it wrote to what it was given")
		}
	})
}
