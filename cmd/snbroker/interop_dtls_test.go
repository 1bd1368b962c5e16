//go:build unix

package main

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/pion/dtls/v3"

	"snbroker/mqttsn"
	"snbroker/mqttsn/client"
	"snbroker/transport/transporttest"
)

// Devices with DTLS, by OpenSSL's client and by pion's, against the program.

const (
	meterKey = "00112233445566778899aabbccddeeff"
	pumpKey  = "ffeeddccbbaa99887766554433221100"
	twoKeys  = "# devices\nmeter:" + meterKey + "\npump:" + pumpKey + "\n"

	dtlsPort = `[[mqtt.listener]]
address = "127.0.0.1:0"
allow_anonymous = true
[[mqttsn.listener]]
type = "dtls"
address = "127.0.0.1:0"
allow_anonymous = false
`
	dtlsKeys = dtlsPort + "[auth]\npsk_file = \"keys\"\n"
)

// openssl connects and speaks; what comes back is read from it.
func openssl(t *testing.T, to string, args ...string) (io.Writer, *bufio.Reader) {
	t.Helper()
	cmd := exec.Command("openssl", append([]string{"s_client", "-dtls1_2", "-quiet", "-connect", to}, args...)...)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var errs strings.Builder
	cmd.Stderr = &errs
	if err := cmd.Start(); err != nil {
		t.Fatalf("%v: make test installs openssl", err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("openssl: %s", errs.String())
		}
	})
	return in, bufio.NewReader(out)
}

const (
	connectC = "\x07\x04\x04\x01\x00\x3cc" // CONNECT of "c", CleanSession, 60 s
	connAck  = "\x03\x05\x00"
)

func asks(t *testing.T, in io.Writer, out io.Reader, question, answer string) {
	t.Helper()
	if _, err := io.WriteString(in, question); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, len(answer))
	timer := time.AfterFunc(10*time.Second, func() { t.Error("no answer"); in.(io.Closer).Close() })
	defer timer.Stop()
	if _, err := io.ReadFull(out, got); err != nil || string(got) != answer {
		t.Fatalf("%x: got %x, %v; want %x", question, got, err, answer)
	}
}

// OpenSSL's client gets in with a key and with a certificate, at the same port,
// in every cipher suite that both have.
func TestOpenSSLDevice(t *testing.T) {
	a := newAuthority(t)
	a.sign("server", nil)
	a.sign("device", nil)
	f := newFolder(t, map[string]string{"keys": twoKeys, "config.toml": dtlsPort + fmt.Sprintf(
		"cert_file = %q\nkey_file = %q\nclient_ca_file = %q\n[auth]\npsk_file = \"keys\"\n", a.path("server.crt"), a.path("server.key"), a.path("ca.crt"))})
	p := f.run()
	for _, suite := range []string{"PSK-AES128-CCM8", "PSK-AES128-CCM", "PSK-AES128-GCM-SHA256", "PSK-CHACHA20-POLY1305", "ECDHE-PSK-CHACHA20-POLY1305"} {
		t.Run(suite, func(t *testing.T) {
			in, out := openssl(t, p.address("dtls"), "-psk_identity", "meter", "-psk", meterKey, "-cipher", suite+":@SECLEVEL=0")
			asks(t, in, out, connectC, connAck)
		})
	}
	for _, suite := range []string{"ECDHE-ECDSA-AES128-CCM8", "ECDHE-ECDSA-AES128-CCM", "ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-CHACHA20-POLY1305"} {
		t.Run(suite, func(t *testing.T) {
			in, out := openssl(t, p.address("dtls"), "-CAfile", a.path("ca.crt"), "-verify_return_error", "-cert", a.path("device.crt"), "-key", a.path("device.key"), "-cipher", suite+":@SECLEVEL=0")
			asks(t, in, out, connectC, connAck)
		})
	}
	t.Run("no certificate", func(t *testing.T) {
		in, out := openssl(t, p.address("dtls"), "-CAfile", a.path("ca.crt"), "-cipher", "ECDHE-ECDSA-AES128-GCM-SHA256")
		asks(t, in, out, connectC, "\x03\x05\x03") // it is nobody
	})
}

// newRoaming is a UDP socket whose port can change.
func newRoaming(t *testing.T) *transporttest.Roamer { return transporttest.NewRoamer(t, "127.0.0.1:0") }

// secured is a DTLS session to the program, with a Connection ID towards it.
func secured(t *testing.T, socket net.PacketConn, to string, o ...dtls.ClientOption) *dtls.Conn {
	t.Helper()
	at, err := net.ResolveUDPAddr("udp", to)
	if err != nil {
		t.Fatal(err)
	}
	c, err := dtls.ClientWithOptions(socket, at, append(o, dtls.WithConnectionIDGenerator(dtls.OnlySendCIDGenerator()))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := c.HandshakeContext(ctx); err != nil {
		t.Fatal(err)
	}
	return c
}

func withKey(identity, key string) []dtls.ClientOption {
	k, _ := hex.DecodeString(key)
	return []dtls.ClientOption{
		dtls.WithPSK(func([]byte) ([]byte, error) { return k, nil }), dtls.WithPSKIdentityHint([]byte(identity)),
		dtls.WithCipherSuites(dtls.TLS_PSK_WITH_AES_128_CCM_8),
	}
}

func attach(t *testing.T, nc net.Conn, cfg client.Config) (*client.Conn, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	cfg.CleanSession, cfg.KeepAlive = true, time.Minute
	return client.NewConn(ctx, nc, cfg)
}

// A device that sleeps behind a NAT wakes at another port: no handshake, no
// CONNECT, and what was kept for it comes.
func TestSleeperWithDTLSRoams(t *testing.T) {
	p := newFolder(t, map[string]string{"config.toml": dtlsKeys, "keys": twoKeys}).run()
	at := newRoaming(t)
	nc := secured(t, at, p.address("dtls"), withKey("meter", meterKey)...)
	d, err := attach(t, nc, client.Config{ClientID: "meter-1"})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	got := make(chan string, 10)
	if _, err := d.Subscribe(ctx, client.Named("set"), mqttsn.QoS1, func(m *client.Message) { got <- string(m.Payload) }); err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		if err := d.Sleep(ctx, time.Hour); err != nil {
			t.Fatal(err)
		}
		text := fmt.Sprint("on ", i)
		publish(t, p.address("tcp"), nil, "-t", "set", "-m", text, "-q", "1")
		at.Roam(t)
		if err := d.Wake(ctx); err != nil {
			t.Fatal(err)
		}
		select {
		case m := <-got:
			if m != text {
				t.Errorf("got %q, want %q", m, text)
			}
		default:
			t.Errorf("awake, and %q is not there", text)
		}
	}
}

// One without a Connection ID shakes hands anew, and its PINGREQ finds its session:
// it is the same identity.
func TestSleeperShakesHandsAnew(t *testing.T) {
	p := newFolder(t, map[string]string{"config.toml": dtlsKeys, "keys": twoKeys}).run()
	c := secured(t, newRoaming(t), p.address("dtls"), withKey("meter", meterKey)...)
	asks(t, c, c, connectC, connAck)
	asks(t, c, c, "\x08\x12\x20\x00\x01set", "\x08\x13\x20\x00\x01\x00\x01\x00") // SUBSCRIBE, SUBACK
	asks(t, c, c, "\x04\x18\x00\x64", "\x02\x18")                                // DISCONNECT for 100 s
	publish(t, p.address("tcp"), nil, "-t", "set", "-m", "on", "-q", "1")
	again := secured(t, newRoaming(t), p.address("dtls"), withKey("meter", meterKey)...)
	asks(t, again, again, "\x03\x16c", "\x09\x0c\x20\x00\x01\x00\x01on") // PINGREQ, PUBLISH
	asks(t, again, again, "\x07\x0d\x00\x01\x00\x01\x00", "\x02\x17")    // PUBACK, PINGRESP
}

const rightsOfDevices = `pattern readwrite devices/%u/#
user pump
topic read all/#
`

// A device's identity has the rights of a user: to publish, to read, to leave a
// will, and without a connection.
func TestRightsOfDevices(t *testing.T) {
	f := newFolder(t, map[string]string{"keys": twoKeys, "acl": rightsOfDevices + "user bob\ntopic #\n",
		"config.toml": strings.Replace(dtlsKeys, "allow_anonymous = true", "allow_anonymous = false", 1) +
			"acl_file = \"acl\"\npassword_file = \"passwords\"\n[mqttsn.predefined]\n1 = \"devices/meter/one\"\n2 = \"devices/pump/one\"\n"})
	f.passwd("secret", "-c", f.at("passwords"), "bob")
	p := f.run()
	bob := []string{"-u", "bob", "-P", "secret"}
	all := subscribe(t, p.address("tcp"), append(bob, "-t", "#", "-q", "1")...)
	nc := secured(t, newRoaming(t), p.address("dtls"), withKey("meter", meterKey)...)
	d, err := attach(t, nc, client.Config{ClientID: "m", Will: &client.Will{Topic: "devices/meter/will", Message: []byte("gone")}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	for topic, allowed := range map[string]bool{"devices/meter/a": true, "devices/pump/a": false, "devices/m/a": false, "all/a": false} {
		if err := d.Publish(ctx, client.Named(topic), []byte("x"), mqttsn.QoS1, false); (err == nil) != allowed {
			t.Errorf("publishing to %s: %v", topic, err)
		}
		if allowed {
			all.expect(topic + " x 1 0")
		}
		if _, err := d.Subscribe(ctx, client.Named(topic), mqttsn.QoS1, func(*client.Message) {}); (err == nil) != allowed {
			t.Errorf("subscribing to %s: %v", topic, err)
		}
	}
	// QoS -1, from a session without CONNECT: one to a topic of another first.
	for _, id := range []byte{1, 2} {
		other := secured(t, newRoaming(t), p.address("dtls"), withKey("pump", pumpKey)...)
		if _, err := other.Write([]byte{8, 0x0C, 0x61, 0, id, 0, 0, '0' + id}); err != nil {
			t.Fatal(err)
		}
	}
	all.expect("devices/pump/one 2 0 0")
}

// lastWords is what a session still brings, and how it ends. It is read from now
// on: pion forgets what nobody has read when it ends.
func lastWords(c *dtls.Conn) <-chan string {
	last := make(chan string, 1)
	c.SetReadDeadline(time.Now().Add(10 * time.Second))
	go func() {
		var words strings.Builder
		b := make([]byte, 100)
		for {
			n, err := c.Read(b)
			if err != nil {
				last <- words.String() + ", " + err.Error()
				return
			}
			words.Write(b[:n])
		}
	}()
	return last
}

// An identity that is taken away ends its sessions, and is not let in again. A
// broken file changes nothing.
func TestReloadKeys(t *testing.T) {
	f := newFolder(t, map[string]string{"config.toml": dtlsKeys, "keys": twoKeys})
	p := f.run()
	meter := secured(t, newRoaming(t), p.address("dtls"), withKey("meter", meterKey)...)
	pump := secured(t, newRoaming(t), p.address("dtls"), withKey("pump", pumpKey)...)
	for _, c := range []*dtls.Conn{meter, pump} {
		asks(t, c, c, strings.Replace(connectC, "c", string(rune('a'+slices.Index([]*dtls.Conn{meter, pump}, c))), 1), connAck)
	}
	f.write("keys", "meter:no key\n")
	p.signal(syscall.SIGHUP)
	if line := p.until("users and rights not reloaded"); !strings.Contains(line, f.at("keys")+":1: ") {
		t.Errorf("it does not say where: %s", line)
	}
	p.until("reloaded in part")
	last := lastWords(meter)
	f.write("keys", "pump:"+pumpKey+"\n")
	p.signal(syscall.SIGHUP)
	if line := p.until("identities are not there any more"); !strings.Contains(line, "devices=1") {
		t.Errorf("got %s", line)
	}
	if got := <-last; got != "\x02\x18, EOF" {
		t.Errorf("got %q, want DISCONNECT and the session's end", got)
	}
	asks(t, pump, pump, "\x02\x16", "\x02\x17") // PINGREQ: it is still there

	last = lastWords(pump)
	f.write("keys", "pump:"+meterKey+"\n") // another key: whoever has the old one is not pump
	p.signal(syscall.SIGHUP)
	p.until("identities are not there any more")
	if got := <-last; got != "\x02\x18, EOF" {
		t.Errorf("got %q, want DISCONNECT and the session's end", got)
	}
}

// bind_client_id holds for devices: nobody connects, wakes or publishes as another.
func TestDeviceBoundToIdentity(t *testing.T) {
	p := newFolder(t, map[string]string{"config.toml": dtlsKeys + "bind_client_id = \"prefix\"\n", "keys": twoKeys}).run()
	for id, allowed := range map[string]bool{"meter": true, "meter-1": true, "pump": false, "pump-1": false, "other": false} {
		_, err := attach(t, secured(t, newRoaming(t), p.address("dtls"), withKey("meter", meterKey)...), client.Config{ClientID: id})
		if (err == nil) != allowed {
			t.Errorf("%s: %v", id, err)
		}
	}
	sleeper, err := attach(t, secured(t, newRoaming(t), p.address("dtls"), withKey("pump", pumpKey)...), client.Config{ClientID: "pump-7"})
	if err != nil {
		t.Fatal(err)
	}
	if err := sleeper.Sleep(context.Background(), time.Hour); err != nil {
		t.Fatal(err)
	}
	thief := secured(t, newRoaming(t), p.address("dtls"), withKey("meter", meterKey)...)
	asks(t, thief, thief, "\x08\x16pump-7", "\x02\x18") // PINGREQ of another's ClientID: DISCONNECT
}

// Only the ClientIDs that a listener lists are let in.
func TestClientIDsOfListener(t *testing.T) {
	p := newFolder(t, map[string]string{"keys": twoKeys,
		"config.toml": strings.Replace(dtlsKeys, "[auth]", "client_ids = [\"meter-*\", \"*/boiler\"]\n[auth]", 1)}).run()
	for id, allowed := range map[string]bool{"meter-1": true, "a/boiler": true, "meter": false, "boiler": false} {
		_, err := attach(t, secured(t, newRoaming(t), p.address("dtls"), withKey("meter", meterKey)...), client.Config{ClientID: id})
		if (err == nil) != allowed {
			t.Errorf("%s: %v", id, err)
		}
	}
}

// SIGTERM tells devices that their session is over.
func TestDTLSEnds(t *testing.T) {
	p := newFolder(t, map[string]string{"config.toml": dtlsKeys, "keys": twoKeys}).run()
	c := secured(t, newRoaming(t), p.address("dtls"), withKey("meter", meterKey)...)
	asks(t, c, c, connectC, connAck)
	last := lastWords(c)
	p.signal(syscall.SIGTERM)
	if got := <-last; got != "\x02\x18, EOF" {
		t.Errorf("got %q, want DISCONNECT and close_notify", got)
	}
	if code := p.end(); code != exitOK {
		t.Errorf("exit code %d", code)
	}
}

// A certificate's common name is the device's username; a revoked one is not let
// in, and the files are read again.
func TestDeviceCertificates(t *testing.T) {
	a := newAuthority(t)
	a.sign("server", nil)
	a.sign("boiler", nil)
	f := newFolder(t, map[string]string{"acl": "user boiler\ntopic write heat/#\n", "config.toml": dtlsPort + fmt.Sprintf(
		"require_client_cert = true\ncert_file = %q\nkey_file = %q\nclient_ca_file = %q\n[auth]\nacl_file = \"acl\"\n", a.path("server.crt"), a.path("server.key"), a.path("ca.crt"))})
	p := f.run()
	own, err := tls.LoadX509KeyPair(a.path("boiler.crt"), a.path("boiler.key"))
	if err != nil {
		t.Fatal(err)
	}
	c := secured(t, newRoaming(t), p.address("dtls"), dtls.WithCertificates(own), dtls.WithInsecureSkipVerify(true))
	d, err := attach(t, c, client.Config{ClientID: "b"})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	for topic, allowed := range map[string]bool{"heat/1": true, "water/1": false} {
		if err := d.Publish(ctx, client.Named(topic), []byte("x"), mqttsn.QoS1, false); (err == nil) != allowed {
			t.Errorf("publishing to %s: %v", topic, err)
		}
	}
	a.sign("server", nil)
	p.signal(syscall.SIGHUP)
	p.until("certificate loaded")
	again := secured(t, newRoaming(t), p.address("dtls"), dtls.WithCertificates(own), dtls.WithInsecureSkipVerify(true))
	before, _ := c.ConnectionState()
	after, _ := again.ConnectionState()
	if string(before.PeerCertificates[0]) == string(after.PeerCertificates[0]) {
		t.Error("the gateway's certificate is still the old one")
	}
}

// Devices made for bisquitt send a username and a password after CONNECT. Where
// anybody could read them they are only taken if somebody has said so.
func TestDevicePasswords(t *testing.T) {
	a := newAuthority(t)
	a.sign("server", nil)
	f := newFolder(t, map[string]string{"acl": "user bob\ntopic write heat/#\n", "config.toml": dtlsPort +
		fmt.Sprintf("cert_file = %q\nkey_file = %q\n", a.path("server.crt"), a.path("server.key")) + `
[[mqttsn.listener]]
address = "127.0.0.1:0"
allow_plain_auth = true
[auth]
password_file = "passwords"
acl_file = "acl"
`})
	f.passwd("secret", "-c", f.at("passwords"), "bob")
	p := f.run()
	for name, dial := range map[string]func() net.Conn{
		"DTLS": func() net.Conn {
			return secured(t, newRoaming(t), p.address("dtls"), dtls.WithInsecureSkipVerify(true))
		},
		"UDP": func() net.Conn {
			nc, err := net.Dial("udp", p.address("udp"))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { nc.Close() })
			return nc
		},
	} {
		for password, answer := range map[string]string{"secret": connAck, "guess": "\x03\x05\x03"} {
			t.Run(name+" "+password, func(t *testing.T) {
				nc := dial()
				if _, err := io.WriteString(nc, connectC); err != nil {
					t.Fatal(err)
				}
				auth, err := (&mqttsn.Auth{Method: []byte(mqttsn.AuthPlain), Data: mqttsn.AppendPlain(nil, "bob", password)}).AppendBinary(nil)
				if err != nil {
					t.Fatal(err)
				}
				asks(t, nc, nc, string(auth), answer)
				if password != "secret" {
					return
				}
				asks(t, nc, nc, "\x0c\x0a\x00\x00\x00\x01heat/1", "\x07\x0b\x00\x01\x00\x01\x00")
				asks(t, nc, nc, "\x08\x0c\x20\x00\x01\x00\x02x", "\x07\x0d\x00\x01\x00\x02\x00") // PUBLISH, PUBACK: accepted
				asks(t, nc, nc, "\x08\x0c\x22ot\x00\x03x", "\x07\x0dot\x00\x03\x03")             // a short topic: not allowed
			})
		}
	}
}
