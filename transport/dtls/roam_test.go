package dtls

import (
	"testing"

	"snbroker/transport"
	"snbroker/transport/transporttest"
)

// A device that sleeps behind a NAT wakes at another port. With a Connection ID
// its session goes on, without a handshake and under the same address.
func TestWakeAtAnotherPort(t *testing.T) {
	l := listen(t)
	in := serving(t, l)
	at := transporttest.NewRoamer(t, "127.0.0.1:0")
	d := dialFrom(t, l, at, psk("meter", withCID))
	d.say(t, "going to sleep")
	before := hears(t, in, "going to sleep")
	for range 3 {
		old := d.addr()
		at.Roam(t)
		d.say(t, "awake")
		if now := hears(t, in, "awake"); now.From != before.From {
			t.Errorf("the peer was %v, and is %v", before.From, now.From)
		}
		answer(l, before, "welcome back") // to where it is now
		d.hear(t, "welcome back")
		if where := l.Whereabouts(before.From).IP; where != d.addr() || where == old {
			t.Errorf("it is at %v, and said to be at %v", d.addr(), where)
		}
	}
	if s := l.SessionStats(); s.Handshakes != 1 || s.Sessions != 1 || s.Moved != 3 {
		t.Errorf("%+v: want one handshake, one session, moved three times", s)
	}
}

// The same right after its handshake: its first word comes from another port.
func TestFirstWordFromAnotherPort(t *testing.T) {
	l := listen(t)
	in := serving(t, l)
	for range 30 {
		at := transporttest.NewRoamer(t, "127.0.0.1:0")
		d := dialFrom(t, l, at, psk("meter", withCID))
		at.Roam(t)
		d.say(t, "here")
		heard := hears(t, in, "here")
		answer(l, heard, "there")
		d.hear(t, "there")
		if where := l.Whereabouts(heard.From).IP; where != d.addr() {
			t.Errorf("it is at %v, and said to be at %v", d.addr(), where)
		}
	}
}

// Without a Connection ID nothing leads from the new port to the session, and
// nobody answers. A new handshake does.
func TestWakeWithoutConnectionID(t *testing.T) {
	l := listen(t)
	in := serving(t, l)
	at := transporttest.NewRoamer(t, "127.0.0.1:0")
	d := dialFrom(t, l, at, psk("meter"))
	d.say(t, "first")
	hears(t, in, "first")
	at.Roam(t)
	d.say(t, "lost")
	eventually(t, "the datagram is counted", func() bool { return l.SessionStats().Stray == 1 })
	dial(t, l, psk("meter")).say(t, "second")
	hears(t, in, "second")
}

// A device loses its power and shakes hands anew from the same port, without a
// word to the old session.
func TestRebootAtTheSamePort(t *testing.T) {
	for name, more := range map[string]clientOptions{"no Connection ID": nil, "Connection ID": {withCID}} {
		t.Run(name, func(t *testing.T) {
			l := listen(t)
			in := serving(t, l)
			at := transporttest.NewRoamer(t, "127.0.0.1:0")
			first := dialFrom(t, l, at, psk("meter", more...))
			first.say(t, "first")
			one := hears(t, in, "first")
			at = transporttest.NewRoamer(t, at.Cut())
			second := dialFrom(t, l, at, psk("meter", more...))
			second.say(t, "second")
			two := hears(t, in, "second")
			if one.From == two.From {
				t.Error("two sessions have the same address")
			}
			answer(l, two, "hello")
			second.hear(t, "hello")
			eventually(t, "the old session ends", func() bool { s := l.SessionStats(); return s.Sessions == 1 && s.Replaced == 1 })
			if id := l.Identity(one.From); id != nil {
				t.Errorf("%v: the old session is still there", id)
			}
		})
	}
}

// A NAT gives a sleeper's port to another device. Both keep their sessions.
func TestPortOfAnother(t *testing.T) {
	l := listen(t)
	in := serving(t, l)
	at := transporttest.NewRoamer(t, "127.0.0.1:0")
	one := dialFrom(t, l, at, psk("one", withCID))
	one.say(t, "one")
	first := hears(t, in, "one")
	port := at.Roam(t) // and is given to somebody else
	two := dialFrom(t, l, transporttest.NewRoamer(t, port), psk("two", withCID))
	two.say(t, "two")
	hears(t, in, "two")
	one.say(t, "one again")
	if again := hears(t, in, "one again"); again.From != first.From {
		t.Error("the sleeper has lost its session")
	}
	if s := l.SessionStats(); s.Sessions != 2 {
		t.Errorf("%+v: want two sessions", s)
	}
}

// Who has no session is nobody.
func TestNobody(t *testing.T) {
	l := listen(t)
	for _, a := range []transport.Addr{{}, {Node: "nobody's"}, {Node: "x"}} {
		if l.Identity(a) != nil || l.Whereabouts(a) != (transport.Addr{}) {
			t.Errorf("%v is somebody", a)
		}
	}
}

// What a device says at once after its handshake is not lost.
func TestSpeaksAtOnce(t *testing.T) {
	l := listen(t)
	in := serving(t, l)
	for range 100 {
		d := dial(t, l, psk("meter", withCID))
		for _, text := range []string{"one", "two", "three"} {
			d.say(t, text)
		}
		for _, text := range []string{"one", "two", "three"} {
			hears(t, in, text)
		}
	}
}
