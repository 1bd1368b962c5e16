package conformance

import (
	"bytes"
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"snbroker/internal/auth"
	"snbroker/internal/mqtt"
)

// Enhanced authentication, by SCRAM.

var authentication5 = []proof{
	{"MQTT-3.1.2-30", overTCP(onlyAuthBeforeConnack, known)},
	{"MQTT-3.15.1-1", ends(malformed, "f1 00", "f2 [ 18 [ 150001'm' ] ]", "f8 00")},
	{"MQTT-3.15.2-1", both(overTCP(authenticated, known), overTCP(authCodes, known))},
	{"MQTT-3.15.2-2", overTCP(bareAuth, known)},
	{"MQTT-3.15.2-3", overTCP(bareAuth, known)},
	{"MQTT-4.12.0-1", overTCP(unknownMethod, known)},
	{"MQTT-4.12.0-2", overTCP(authenticated, known)},
	{"MQTT-4.12.0-3", overTCP(authCodes, known)},
	{"MQTT-4.12.0-4", overTCP(wrongProof, known)},
	{"MQTT-4.12.0-5", both(overTCP(authenticated, known), overTCP(anotherMethod, known))},
	{"MQTT-4.12.0-6", overTCP(noMethod, known)},
	{"MQTT-4.12.0-7", both(overTCP(authUnasked, known), ends(wrong, "f0 [ 18 [ 150001'm' ] ]", "f0 [ 19 [ 150001'm' ] ]"))},
	{"MQTT-4.12.1-1", overTCP(authenticatedAgain, known)},
	{"MQTT-4.12.1-2", overTCP(wrongAgain, known)},
}

const (
	userName = "user"
	password = "pencil"
	method   = "SCRAM-SHA-256"
)

// known has the server know one user; bound has it hold users to their names.
func known(s *settings) { s.Auth = users(s.t, auth.BindOff) }
func bound(s *settings) { s.Auth = users(s.t, auth.BindEqual) }

// onlyKnown lets nobody else in.
func onlyKnown(s *settings) {
	known(s)
	s.Anonymous = false
}

func users(t *testing.T, bind auth.BindMode) *auth.Auth {
	file := filepath.Join(t.TempDir(), "passwords")
	must(t, auth.SetPassword(file, userName, password, auth.Options{Algorithm: auth.SCRAMSHA256, Iterations: 4096}))
	a, err := auth.Load(auth.Config{PasswordFile: file, BindClientID: bind})
	must(t, err)
	return a
}

// named gives the user's name and password.
func named(p *mqtt.Connect) {
	p.HasUsername, p.Username = true, []byte(userName)
	p.HasPassword, p.Password = true, []byte(password)
}

// The client's side of SCRAM, RFC 5802.
const firstBare = "n=" + userName + ",r=clientnonce"

func scram(p *mqtt.Connect) {
	p.Properties.AuthMethod = []byte(method)
	p.Properties.AuthData = []byte("n,," + firstBare)
}

func proofOf(t *testing.T, challenge []byte, password string) []byte {
	t.Helper()
	var nonce, salt64 string
	var iterations int
	for _, field := range strings.Split(string(challenge), ",") {
		name, value, _ := strings.Cut(field, "=")
		switch name {
		case "r":
			nonce = value
		case "s":
			salt64 = value
		case "i":
			fmt.Sscan(value, &iterations)
		}
	}
	salt, err := base64.StdEncoding.DecodeString(salt64)
	must(t, err)
	salted, err := pbkdf2.Key(sha256.New, password, salt, iterations, sha256.Size)
	must(t, err)
	sign := func(key []byte, text string) []byte {
		h := hmac.New(sha256.New, key)
		h.Write([]byte(text))
		return h.Sum(nil)
	}
	client := sign(salted, "Client Key")
	stored := sha256.Sum256(client)
	bare := "c=biws,r=" + nonce
	sum := make([]byte, sha256.Size)
	subtle.XORBytes(sum, client, sign(stored[:], firstBare+","+string(challenge)+","+bare))
	return []byte(bare + ",p=" + base64.StdEncoding.EncodeToString(sum))
}

// challenged begins, and returns what is to be proved.
func (c *client) challenged(options ...option) []byte {
	c.t.Helper()
	c.Say(c.Hello("c", append([]option{scram}, options...)...))
	return c.challenge()
}

func (c *client) challenge() []byte {
	c.t.Helper()
	p, ok := c.Next().(*mqtt.Auth)
	if !ok || p.ReasonCode != mqtt.ReasonContinueAuthentication || string(p.Properties.AuthMethod) != method {
		c.t.Fatalf("heard %+v", p)
	}
	return bytes.Clone(p.Properties.AuthData)
}

func (c *client) prove(challenge []byte, password string) {
	c.t.Helper()
	c.Say(&mqtt.Auth{ReasonCode: mqtt.ReasonContinueAuthentication, Properties: mqtt.AuthProperties{
		AuthMethod: []byte(method), AuthData: proofOf(c.t, challenge, password)}})
}

// admitted begins and ends as it should.
func (w *world) admitted() *client {
	w.t.Helper()
	c := w.dial()
	c.prove(c.challenged(), password)
	c.Welcome()
	if string(c.Connack.Properties.AuthMethod) != method {
		w.t.Errorf("CONNACK has method %q", c.Connack.Properties.AuthMethod)
	}
	return c
}

func authenticated(w *world) {
	c := w.admitted()
	c.Publish(pub("a", "x", 1, 1))
	c.Silence()
}

// authCodes has clients that answer with a code that is not for them to say, or
// not then.
func authCodes(w *world) {
	for _, code := range []string{"00", "19", "18 00", "80"} {
		c := w.dial()
		c.challenged()
		c.SendHex("f0 [ " + strings.Fields(code)[0] + " [ 15 000d'SCRAM-SHA-256' 16 0001'x' ] ]")
		c.refusedEntry()
	}
	c := w.dial()
	c.challenged()
	c.SendHex("f0 00") // an empty one means success, which is not a client's
	c.refusedEntry()
	w.settle(0)
	if n := w.broker.Stats().Sessions; n != 0 {
		w.t.Errorf("%d sessions were made", n)
	}
}

// refusedEntry wants a CONNACK that refuses, and the end.
func (c *client) refusedEntry() {
	c.t.Helper()
	if ack, ok := c.Next().(*mqtt.Connack); !ok || !ack.ReasonCode.IsError() {
		c.t.Fatalf("heard %+v", ack)
	}
	c.Closed()
}

func onlyAuthBeforeConnack(w *world) {
	watch := w.connect("watch")
	watch.Subscribe(filter("#", 0))
	for _, p := range []mqtt.Packet{pub("a", "x", 0, 0), pub("a", "x", 1, 1), &mqtt.Pingreq{},
		&mqtt.Subscribe{PacketID: 1, Filters: []mqtt.Filter{filter("a", 0)}}, &mqtt.Connect{Version: mqtt.V5, ClientID: []byte("c")}} {
		c := w.dial()
		c.challenged()
		c.Say(p)
		c.refusedEntry()
	}
	c := w.dial()
	c.challenged(willing)
	c.Say(&mqtt.Disconnect{}) // may be said at any time
	for b := c.Frame(); b != nil; b = c.Frame() {
		if b[0] != 0x20 {
			w.t.Errorf("heard %x", b)
		}
	}
	w.settle(1)
	watch.Silence()
}

// bareAuth has a client that takes an AUTH just as it is.
func bareAuth(w *world) {
	c := w.dial()
	c.Say(c.Hello("c", scram))
	whole := c.Frame()
	c.drop()
	c = w.dial()
	c.Say(c.Hello("c", scram, limited(len(whole))))
	p, ok := c.Next().(*mqtt.Auth)
	if !ok || p.Properties.ReasonString != nil || len(p.Properties.User) > 0 {
		w.t.Errorf("heard %+v", p)
	}
}

func unknownMethod(w *world) {
	for _, name := range []string{"unknown", "", "SCRAM-SHA-1", "scram-sha-256"} {
		c := w.dial()
		c.Say(c.Hello("c", named, func(p *mqtt.Connect) { p.Properties.AuthMethod = []byte(name) }), &mqtt.Pingreq{})
		c.Expect(&mqtt.Connack{ReasonCode: mqtt.ReasonBadAuthenticationMethod})
		c.Closed()
	}
}

func wrongProof(w *world) {
	c := w.dial()
	c.prove(c.challenged(), "not the password")
	c.refusedEntry()
	c = w.dial() // from the beginning on
	c.Say(c.Hello("c", scram, func(p *mqtt.Connect) { p.Properties.AuthData = []byte("nonsense") }))
	c.refusedEntry()
	c = w.dial() // a proof counts once
	challenge := c.challenged()
	c.prove(challenge, password)
	c.Welcome()
	again := w.dial()
	again.challenged()
	again.prove(challenge, password)
	again.refusedEntry()
}

func anotherMethod(w *world) {
	for _, name := range []string{"other", "", "SCRAM-SHA-25"} {
		c := w.dial()
		challenge := c.challenged()
		c.Say(&mqtt.Auth{ReasonCode: mqtt.ReasonContinueAuthentication, Properties: mqtt.AuthProperties{
			AuthMethod: []byte(name), AuthData: proofOf(w.t, challenge, password)}})
		c.refusedEntry()
	}
}

func noMethod(w *world) {
	for _, o := range []option{named, func(*mqtt.Connect) {}} {
		if c := w.connect("c", o); c.Connack.Properties.AuthMethod != nil || c.Connack.Properties.AuthData != nil {
			w.t.Errorf("CONNACK says %+v", c.Connack.Properties)
		}
	}
}

func authUnasked(w *world) {
	for _, code := range []mqtt.ReasonCode{mqtt.ReasonContinueAuthentication, mqtt.ReasonReAuthenticate} {
		c := w.connect("c", named)
		c.Say(&mqtt.Auth{ReasonCode: code, Properties: mqtt.AuthProperties{AuthMethod: []byte(method), AuthData: []byte("n,," + firstBare)}})
		c.Ended(wrong)
	}
}

func (c *client) askAgain(method string) {
	c.t.Helper()
	c.Say(&mqtt.Auth{ReasonCode: mqtt.ReasonReAuthenticate, Properties: mqtt.AuthProperties{
		AuthMethod: []byte(method), AuthData: []byte("n,," + firstBare)}})
}

func authenticatedAgain(w *world) {
	c := w.admitted()
	c.Subscribe(filter("a", 1))
	for range 2 {
		c.askAgain(method)
		challenge := c.challenge()
		c.Publish(pub("b", "meanwhile", 1, 1))
		c.prove(challenge, password)
		p, ok := c.Next().(*mqtt.Auth)
		if !ok || p.ReasonCode != mqtt.ReasonSuccess || string(p.Properties.AuthMethod) != method || len(p.Properties.AuthData) == 0 {
			w.t.Fatalf("heard %+v", p)
		}
		c.Silence()
	}
	c.askAgain("other")
	if d, ok := c.Next().(*mqtt.Disconnect); !ok || !d.ReasonCode.IsError() {
		w.t.Errorf("heard %+v", d)
	}
	c.Closed()
}

func wrongAgain(w *world) {
	c := w.admitted()
	c.askAgain(method)
	c.prove(c.challenge(), "not the password")
	d, ok := c.Next().(*mqtt.Disconnect)
	if !ok || d.ReasonCode != mqtt.ReasonNotAuthorized {
		w.t.Errorf("heard %+v", d)
	}
	c.Closed()
}
