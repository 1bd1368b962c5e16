//go:build unix

package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"syscall"
	"testing"
	"time"

	"github.com/pion/dtls/v3"

	"snbroker/mqttsn"
	"snbroker/mqttsn/client"
)

// One ACL file for whatever a device proves, and for those who prove nothing.

// deviceKind is a way to be somebody.
type deviceKind struct {
	name     string
	listener string // its settings
	clientID string
	user     string // "": it is nobody
	dial     func(t *testing.T, p *process) net.Conn
}

// introducing is a device made for bisquitt: AUTH follows its CONNECT.
type introducing struct {
	net.Conn
	auth []byte
}

func (c introducing) Write(b []byte) (int, error) {
	n, err := c.Conn.Write(b)
	if kind, ok := mqttsn.PeekType(b); ok && kind == mqttsn.TypeConnect && err == nil {
		_, err = c.Conn.Write(c.auth)
	}
	return n, err
}

func introduce(t *testing.T, nc net.Conn) net.Conn {
	t.Helper()
	auth, err := (&mqttsn.Auth{Method: []byte(mqttsn.AuthPlain), Data: mqttsn.AppendPlain(nil, "dev", "secret")}).AppendBinary(nil)
	if err != nil {
		t.Fatal(err)
	}
	return introducing{nc, auth}
}

func deviceKinds(t *testing.T) []deviceKind {
	a := newAuthority(t)
	a.sign("server", nil)
	a.sign("dev", nil)
	a.sign("another name", func(c *x509.Certificate) { c.DNSNames = []string{"dev"} })
	own := fmt.Sprintf("cert_file = %q\nkey_file = %q\n", a.path("server.crt"), a.path("server.key"))
	cas := own + fmt.Sprintf("client_ca_file = %q\n", a.path("ca.crt"))
	over := func(o ...dtls.ClientOption) func(*testing.T, *process) net.Conn {
		return func(t *testing.T, p *process) net.Conn { return secured(t, newRoaming(t), p.address("dtls"), o...) }
	}
	with := func(name string) func(*testing.T, *process) net.Conn {
		pair, err := tls.LoadX509KeyPair(a.path(name+".crt"), a.path(name+".key"))
		if err != nil {
			t.Fatal(err)
		}
		return over(dtls.WithCertificates(pair), dtls.WithInsecureSkipVerify(true))
	}
	plain := func(t *testing.T, p *process) net.Conn { return dial(t, "udp", p.address("udp")).Conn }
	return []deviceKind{
		{"psk", `type = "dtls"`, "dev-1", "dev", over(withKey("dev", meterKey)...)},
		{"certificate's common name", "type = \"dtls\"\n" + cas, "dev-1", "dev", with("dev")},
		{"certificate's alternative name", "type = \"dtls\"\ncertificate_identity = \"san\"\n" + cas, "dev-1", "dev", with("another name")},
		{"password in DTLS", "type = \"dtls\"\n" + own, "dev-1", "dev", func(t *testing.T, p *process) net.Conn {
			return introduce(t, over(dtls.WithInsecureSkipVerify(true))(t, p))
		}},
		{"password in the clear", "allow_plain_auth = true", "dev-1", "dev", func(t *testing.T, p *process) net.Conn {
			return introduce(t, plain(t, p))
		}},
		{"ClientID alone", "", "thing-1", "", plain},
	}
}

// rules let everybody, and the user dev, write own/# and read in/#, and what more says.
func rules(more string) string {
	same := "topic write own/#\ntopic read in/#\n" + more
	return same + "user dev\n" + same + "user bob\ntopic #\n" + "pattern write u/%u/#\npattern readwrite c/%c/#\n"
}

// guest is a device of a kind, and what it is told.
type guest struct {
	*client.Conn
	nc  net.Conn
	t   *testing.T
	ctx context.Context
	got chan string
}

func (k *deviceKind) enter(t *testing.T, p *process, cfg client.Config) (*guest, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 25*time.Second)
	t.Cleanup(cancel)
	g := &guest{nc: k.dial(t, p), t: t, ctx: ctx, got: make(chan string, 100)}
	cfg.OnMessage = g.note
	var err error
	g.Conn, err = attach(t, g.nc, cfg)
	return g, err
}

func (g *guest) note(m *client.Message) { g.got <- m.Topic.String() + " " + string(m.Payload) }

func (g *guest) expect(want string) {
	g.t.Helper()
	select {
	case got := <-g.got:
		if got != want {
			g.t.Errorf("the device got %q, want %q", got, want)
		}
	case <-g.ctx.Done():
		g.t.Errorf("the device did not get %q", want)
	}
}

// may checks what becomes of a request.
func may(t *testing.T, what string, allowed bool, err error) {
	t.Helper()
	var refusal *client.ReturnError
	switch {
	case allowed && err != nil:
		t.Errorf("%s: %v", what, err)
	case !allowed && (!errors.As(err, &refusal) || refusal.ReturnCode != mqttsn.ReturnNotSupported):
		t.Errorf("%s: got %v, want \"not supported\"", what, err)
	}
}

func TestRightsByIdentity(t *testing.T) {
	for _, k := range deviceKinds(t) {
		t.Run(k.name, func(t *testing.T) {
			f := newFolder(t, map[string]string{"acl": rules("topic read later/#\ntopic read night/#\ntopic write own-for-now/#\n"), "keys": "dev:" + meterKey + "\n",
				"config.toml": "[[mqtt.listener]]\naddress = \"127.0.0.1:0\"\nallow_anonymous = false\n[[mqttsn.listener]]\naddress = \"127.0.0.1:0\"\n" +
					fmt.Sprintf("allow_anonymous = %v\n", k.user == "") + k.listener + `
[auth]
password_file = "passwords"
acl_file = "acl"
psk_file = "keys"
bind_client_id = "prefix"
[mqttsn.predefined]
1 = "own/minus"
2 = "other/minus"
[admin]
address = "127.0.0.1:0"
`})
			f.passwd("secret", "-c", f.at("passwords"), "bob")
			f.passwd("secret", f.at("passwords"), "dev")
			k.story(t, f, f.run())
		})
	}
}

func (k *deviceKind) story(t *testing.T, f folder, p *process) {
	bob := func(args ...string) []string {
		return append([]string{"-u", "bob", "-P", "secret", "-q", "1"}, args...)
	}
	all := subscribe(t, p.address("tcp"), bob("-i", "bob-watch", "-t", "#")...)
	tell := func(topics ...string) {
		t.Helper()
		for _, topic := range topics {
			publish(t, p.address("tcp"), nil, bob("-i", "bob", "-t", topic, "-m", "x")...)
			all.expect(topic + " x 1 0")
		}
	}
	reload := func(acl string) {
		t.Helper()
		f.write("acl", acl)
		p.signal(syscall.SIGHUP)
		p.until("msg=reloaded")
	}
	// The ClientID belongs to who may have it.
	stranger := map[bool]string{true: "dev-1", false: "thing-1"}[k.user == ""]
	_, err := k.enter(t, p, client.Config{ClientID: stranger})
	may(t, "another's ClientID", false, err)
	// A will where it may not publish.
	_, err = k.enter(t, p, client.Config{ClientID: k.clientID, Will: &client.Will{Topic: "other/will", Message: []byte("gone")}})
	may(t, "a will", false, err)

	publish(t, p.address("tcp"), nil, bob("-i", "bob", "-t", "other/kept", "-m", "x", "-r")...)
	publish(t, p.address("tcp"), nil, bob("-i", "bob", "-t", "in/kept", "-m", "x", "-r")...)
	all.expect("other/kept x 1 0")
	all.expect("in/kept x 1 0")

	d, err := k.enter(t, p, client.Config{ClientID: k.clientID, Will: &client.Will{Topic: "own/will", Message: []byte("gone"), QoS: mqttsn.QoS1}})
	if err != nil {
		t.Fatal(err)
	}
	for topic, allowed := range map[string]bool{"own/1": true, "in/1": false, "other/1": false, "u/dev/1": k.user != "", "u/bob/1": false,
		"c/" + k.clientID + "/1": true, "c/bob/1": false, "$x": false} {
		for qos := mqttsn.QoS0; qos <= mqttsn.QoS2; qos++ {
			if qos == mqttsn.QoS0 && !allowed {
				continue // there is no answer; the next that all gets is another
			}
			may(t, fmt.Sprintf("publishing to %s at QoS %v", topic, qos), allowed, d.Publish(d.ctx, client.Named(topic), []byte("x"), qos, false))
			if allowed {
				all.expect(fmt.Sprintf("%s x %d 0", topic, min(qos, 1)))
			}
		}
	}
	for _, s := range []struct {
		filter  string
		allowed bool
	}{{"other/#", false}, {"own/#", false}, {"u/dev/#", false}, {"c/bob/#", false}, {"$x/#", false}, {"#", true}, {"later/#", true}} {
		_, err := d.Subscribe(d.ctx, client.Named(s.filter), mqttsn.QoS1, d.note)
		may(t, "subscribing to "+s.filter, s.allowed, err)
		if s.filter == "#" {
			d.expect("in/kept x") // retained: what it may read
		}
	}
	tell("other/2", "in/2", "later/2")
	d.expect("in/2 x")
	d.expect("later/2 x")
	may(t, "a will elsewhere", false, d.UpdateWill(d.ctx, &client.Will{Topic: "other/will", Message: []byte("gone")}))
	// QoS -1, by the topic ids that all devices know.
	for _, id := range []mqttsn.TopicID{2, 1} {
		if err := client.PublishMinusOne(d.nc, client.Predefined(id), []byte("x"), false); err != nil {
			t.Fatal(err)
		}
	}
	all.expect("own/minus x 0 0")

	// Rights that are taken away, from who is here and from who sleeps.
	if err := d.Sleep(d.ctx, time.Hour); err != nil {
		t.Fatal(err)
	}
	tell("later/3", "night/3", "in/3")
	reload(rules("topic read night/#\n"))
	tell("later/4", "night/4", "in/4")
	if err := d.Wake(d.ctx); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"night/3 x", "in/3 x", "night/4 x", "in/4 x"} {
		d.expect(want)
	}
	if err := d.Connect(d.ctx); err != nil {
		t.Fatal(err)
	}
	reload(rules(""))
	tell("night/5", "later/5", "in/5")
	d.expect("in/5 x")
	may(t, "publishing what it could before", false, d.Publish(d.ctx, client.Named("own-for-now/1"), []byte("x"), mqttsn.QoS1, false))

	k.told(t, p)
}

// told checks that every refusal was counted, and is in the log.
func (k *deviceKind) told(t *testing.T, p *process) {
	r, err := http.Get(p.adminURL() + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	metrics, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`acl_denied_total{action="publish"} [1-9]`, `acl_denied_total{action="subscribe"} 5`, `acl_denied_total{action="receive"} [1-9]`,
		`messages_dropped_total{reason="not_authorized"} [1-9]`, `mqttsn_connects_refused_total{code="not_supported"} 2`, `auth_refused_total{reason="client_id"} 1`} {
		if !regexp.MustCompile(want).Match(metrics) {
			t.Errorf("no %s in the metrics", want)
		}
	}
	p.signal(syscall.SIGTERM)
	p.end()
	who := fmt.Sprintf("client=%s user=%s topic=", k.clientID, map[bool]string{true: `""`, false: k.user}[k.user == ""])
	p.mustSay(who+"other/will", "CONNECT refused", "will refused", `msg="not published: the client may not write this topic; acl_file has who may" `+who,
		`msg="not subscribed: the client may read nothing of this filter; acl_file has who may" `+who+"other/#",
		`msg="not delivered: the client may not read this topic; acl_file has who may" `+who+"other/kept")
}
