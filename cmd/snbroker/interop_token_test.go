//go:build unix

package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/pion/dtls/v3"

	"snbroker/mqttsn"
)

const tokenSecret = "0123456789abcdef0123456789abcdef"

// token is a JWT with HS256.
func token(secret, subject string, life time.Duration) string {
	part := func(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }
	text := part([]byte(`{"alg":"HS256"}`)) + "." + part(fmt.Appendf(nil, `{"sub":%q,"exp":%d}`, subject, time.Now().Add(life).Unix()))
	m := hmac.New(sha256.New, []byte(secret))
	m.Write([]byte(text))
	return text + "." + part(m.Sum(nil))
}

// leeway is how long a token is taken after its end.
const leeway = 30 * time.Second

// A token lets a device in as it does a program: with the same rights, for the same
// time, and nowhere in the clear unless somebody has said so.
func TestDeviceTokens(t *testing.T) {
	a := newAuthority(t)
	a.sign("server", nil)
	f := newFolder(t, map[string]string{"secret": tokenSecret, "acl": "user meter\ntopic write heat/#\nuser watch\ntopic read #\n",
		"config.toml": strings.Replace(dtlsPort, "allow_anonymous = true", "allow_anonymous = false", 1) +
			fmt.Sprintf("cert_file = %q\nkey_file = %q\n", a.path("server.crt"), a.path("server.key")) + `
[[mqttsn.listener]]
address = "127.0.0.1:0"
allow_anonymous = false
[auth]
jwt_secret_file = "secret"
acl_file = "acl"
`})
	p := f.run()
	watch := subscribe(t, p.address("tcp"), "-t", "#", "-q", "1", "-u", "any", "-P", token(tokenSecret, "watch", time.Hour))
	publish(t, p.address("tcp"), nil, "-u", "any", "-P", token(tokenSecret, "meter", time.Hour), "-t", "heat/tcp", "-m", "x", "-q", "1")
	watch.expect("heat/tcp x 1 0")
	enter := func(token, answer string) net.Conn {
		t.Helper()
		nc := secured(t, newRoaming(t), p.address("dtls"), dtls.WithInsecureSkipVerify(true))
		if _, err := io.WriteString(nc, connectC); err != nil {
			t.Fatal(err)
		}
		auth, err := (&mqttsn.Auth{Method: []byte(mqttsn.AuthPlain), Data: mqttsn.AppendPlain(nil, "any", token)}).AppendBinary(nil)
		if err != nil {
			t.Fatal(err)
		}
		asks(t, nc, nc, string(auth), answer)
		return nc
	}
	const notSupported = "\x03\x05\x03"
	for why, bad := range map[string]string{
		"bad_credentials": token(strings.Repeat("x", 32), "meter", time.Hour),
		"expired":         token(tokenSecret, "meter", -leeway-time.Second),
	} {
		enter(bad, notSupported)
		p.until("CONNECT refused: username and password, or token: " + why)
	}
	nc := enter(token(tokenSecret, "meter", time.Hour), connAck)
	asks(t, nc, nc, "\x0c\x0a\x00\x00\x00\x01heat/1", "\x07\x0b\x00\x01\x00\x01\x00")
	asks(t, nc, nc, "\x08\x0c\x20\x00\x01\x00\x02x", "\x07\x0d\x00\x01\x00\x02\x00")
	watch.expect("heat/1 x 1 0")
	asks(t, nc, nc, "\x08\x0c\x22ot\x00\x03x", "\x07\x0dot\x00\x03\x03") // another topic
	long := strings.Repeat("a", 1000)                                    // what RS256 and many claims come to
	enter(token(tokenSecret, long, time.Hour), connAck)

	short := enter(token(tokenSecret, "meter", 2*time.Second-leeway), connAck)
	asks(t, short, short, "\x02\x16", "\x02\x17") // PINGREQ
	asks(t, short, short, "", "\x02\x18")         // DISCONNECT
	p.until("its token has expired")

	plain := dial(t, "udp", p.address("udp"))
	plain.ask(connectC, notSupported)
	p.until("anonymous devices are not allowed")
}
