package conformance

import (
	"strings"
	"testing"

	"snbroker/internal/mqtt"
)

// Client identifiers.

func identifiesState(w *world) {
	one, two := w.connect("one", anew), w.connect("two", anew)
	one.Subscribe(filter("a", 1))
	two.Subscribe(filter("b", 1))
	one.leave()
	two.leave()
	p := w.connect("p")
	p.Publish(pub("a", "for one", 1, 1))
	p.Publish(pub("b", "for two", 1, 2))
	w.connect("two", lasting).Expect(pub("b", "for two", 1, 1))
	w.connect("one", lasting).Expect(pub("a", "for one", 1, 1))
	if three := w.connect("three", lasting); three.Connack.SessionPresent {
		w.t.Error("a session that nobody had is present")
	}
}

func plainIdentifiers(w *world) {
	const letters = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	for n := 1; n <= 23; n++ {
		w.connect(letters[n : 2*n]).leave()
	}
	for i := range letters {
		w.connect(letters[i : i+1]).leave()
	}
	w.connect(letters[:23]).leave()
	w.connect(letters[len(letters)-23:]).leave()
}

// noIdentifier is for clients that give none: each is somebody else.
func noIdentifier(w *world) {
	var all []*client
	for range 5 {
		c := w.connect("")
		c.Subscribe(filter("a", 1))
		all = append(all, c)
	}
	all[0].Publish(pub("b", "x", 1, 1))
	w.connect("p").Publish(pub("a", "x", 1, 1))
	for _, c := range all {
		c.Expect(pub("a", "x", 1, 1))
	}
	if n := w.broker.Stats().Sessions; n != 6 {
		w.t.Errorf("%d sessions, want 6", n)
	}
}

func noIdentifierNotClean(w *world) {
	c := w.dial()
	c.SendHex("10 [ 0004'MQTT' 04 00 003c 0000 ] 30 [ 0001'a' 'x' ]")
	c.ExpectHex("20 [ 00 02 ]")
	c.Closed()
	w.settle(0)
	if s := w.broker.Stats(); s.Sessions != 0 || s.Published != 0 {
		w.t.Errorf("%d sessions were made and %d messages taken", s.Sessions, s.Published)
	}
}

// assigned is MQTT 5's way: the client is told who it is, and may come back.
func assigned(w *world) {
	seen := map[string]bool{"": true}
	for range 20 {
		c := w.connect("", anew)
		id := string(c.Connack.Properties.AssignedClientID)
		if seen[id] {
			w.t.Fatalf("%q was assigned", id)
		}
		seen[id] = true
		c.Subscribe(filter("a/"+id, 1))
		c.leave()
		if c = w.connect(id, lasting); !c.Connack.SessionPresent || c.Connack.Properties.AssignedClientID != nil {
			w.t.Fatalf("%s came back: %+v", id, c.Connack)
		}
		c.leave()
	}
	if c := w.connect("named"); c.Connack.Properties.AssignedClientID != nil {
		w.t.Error("a client with a name was given another")
	}
}

// identifierOfAnother has clients that must be called what their user is.
func identifierOfAnother(w *world) {
	c := w.dial()
	c.Say(c.Hello("somebody", named))
	c.Expect(&mqtt.Connack{ReasonCode: mqtt.ReasonClientIDNotValid})
	c.Closed()
	w.connect(userName, named)
}

// Every client ID that the old standard lets a client have is one here, and so
// are longer ones.
func TestLongIdentifiers(t *testing.T) {
	for _, v := range []mqtt.Version{mqtt.V311, mqtt.V5} {
		overTCP(func(w *world) {
			w.connect(strings.Repeat("é", 30000)).leave()
			w.connect("with / and # and ☃").leave()
		})(t, v)
	}
}
