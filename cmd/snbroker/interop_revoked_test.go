//go:build unix

package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/pion/dtls/v3"
)

// Certificates that OpenSSL makes and revokes.

const openSSLConfig = `[ca]
default_ca = devices
[devices]
database = index.txt
serial = serial
crlnumber = crlnumber
new_certs_dir = .
certificate = ca.crt
private_key = ca.key
default_md = sha256
default_days = 1
default_crl_days = 1
policy = any
[any]
commonName = supplied
[ca_extensions]
basicConstraints = critical,CA:true
keyUsage = critical,keyCertSign,cRLSign
`

// openSSL is an authority, in a folder.
type openSSL struct {
	t   *testing.T
	dir string
}

func newOpenSSL(t *testing.T) openSSL {
	t.Helper()
	o := openSSL{t, t.TempDir()}
	for name, text := range map[string]string{"openssl.cnf": openSSLConfig, "index.txt": "", "serial": "01\n", "crlnumber": "01\n"} {
		rewrite(t, o.at(name), text)
	}
	o.run("req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 -subj /CN=devices-ca -extensions ca_extensions -keyout ca.key -out ca.crt -config openssl.cnf")
	o.list()
	return o
}

func (o openSSL) at(name string) string { return filepath.Join(o.dir, name) }

func (o openSSL) run(line string) {
	o.t.Helper()
	cmd := exec.Command("openssl", strings.Fields(line)...)
	cmd.Dir = o.dir
	if out, err := cmd.CombinedOutput(); err != nil {
		o.t.Fatalf("openssl %s: %v: make test installs it\n%s", line, err, out)
	}
}

// issue makes name.crt and name.key.
func (o openSSL) issue(name string) tls.Certificate {
	o.t.Helper()
	o.run("req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=" + name + " -keyout " + name + ".key -out " + name + ".csr -config openssl.cnf")
	o.run("ca -batch -notext -config openssl.cnf -in " + name + ".csr -out " + name + ".crt")
	pair, err := tls.LoadX509KeyPair(o.at(name+".crt"), o.at(name+".key"))
	if err != nil {
		o.t.Fatal(err)
	}
	return pair
}

func (o openSSL) revoke(name string) {
	o.run("ca -config openssl.cnf -revoke " + name + ".crt")
	o.list()
}

func (o openSSL) list() { o.run("ca -gencrl -config openssl.cnf -out crl.pem") }

// A revoked certificate ends its sessions, DTLS and TLS, and begins none: SIGHUP is
// enough.
func TestRevokedDevice(t *testing.T) {
	o := newOpenSSL(t)
	o.issue("server")
	meter, pump := o.issue("meter"), o.issue("pump")
	files := fmt.Sprintf("address = \"127.0.0.1:0\"\ncert_file = %q\nkey_file = %q\nclient_ca_file = %q\ncrl_file = %q\nrequire_client_cert = true\n",
		o.at("server.crt"), o.at("server.key"), o.at("ca.crt"), o.at("crl.pem"))
	for _, naming := range []string{"cn", "off"} {
		t.Run("certificate_identity "+naming, func(t *testing.T) {
			o := openSSL{t, o.dir}
			named := files + "certificate_identity = \"" + naming + "\"\nallow_anonymous = " + fmt.Sprint(naming == "off") + "\n"
			p := newFolder(t, map[string]string{"config.toml": "[admin]\naddress = \"\"\n[[mqtt.listener]]\ntype = \"tls\"\n" + named + "[[mqttsn.listener]]\ntype = \"dtls\"\n" + named}).run()
			shake := func(with tls.Certificate) (*dtls.Conn, error) {
				t.Helper()
				at, err := net.ResolveUDPAddr("udp", p.address("dtls"))
				if err != nil {
					t.Fatal(err)
				}
				c, err := dtls.ClientWithOptions(newRoaming(t), at, dtls.WithCertificates(with), dtls.WithInsecureSkipVerify(true))
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { c.Close() })
				ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
				defer cancel()
				return c, c.HandshakeContext(ctx)
			}
			client := func(with tls.Certificate) peer {
				t.Helper()
				nc, err := tls.Dial("tcp", p.address("tls"), &tls.Config{Certificates: []tls.Certificate{with}, InsecureSkipVerify: true})
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { nc.Close() })
				nc.SetDeadline(time.Now().Add(20 * time.Second))
				return peer{t, nc}
			}
			var devices []*dtls.Conn
			var clients []peer
			for i, with := range []tls.Certificate{meter, pump} {
				c, err := shake(with)
				if err != nil {
					t.Fatal(err)
				}
				asks(t, c, c, strings.Replace(connectC, "c", fmt.Sprint(i), 1), connAck)
				k := client(with)
				k.ask(strings.TrimSuffix(mqttConnect, "c")+string(rune('x'+i)), mqttConnack)
				devices, clients = append(devices, c), append(clients, k)
			}
			// A list that cannot be read changes nothing.
			good, err := os.ReadFile(o.at("crl.pem"))
			if err != nil {
				t.Fatal(err)
			}
			rewrite(t, o.at("crl.pem"), "no list")
			p.signal(syscall.SIGHUP)
			p.until("certificates not reloaded")
			p.until("reloaded in part")
			asks(t, devices[0], devices[0], "\x02\x16", "\x02\x17") // PINGREQ
			rewrite(t, o.at("crl.pem"), string(good))

			last := lastWords(devices[0])
			o.revoke("meter")
			p.signal(syscall.SIGHUP)
			p.until("clients disconnected: their users are not there any more")
			p.until("devices disconnected: their identities are not there any more")
			p.until("msg=reloaded")
			want := "\x02\x18, EOF"
			if naming == "off" {
				want = ", EOF" // the gateway does not know whose it was
			}
			if got := <-last; got != want {
				t.Errorf("got %q, want %q", got, want)
			}
			clients[0].ends()
			asks(t, devices[1], devices[1], "\x02\x16", "\x02\x17")
			clients[1].ask("\xc0\x00", "\xd0\x00")

			if _, err := shake(meter); err == nil {
				t.Error("the revoked device is let in again")
			}
			if line := p.until("DTLS handshake failed"); !strings.Contains(line, "revoked") {
				t.Errorf("the log does not say why: %s", line)
			}
			if _, err := shake(pump); err != nil {
				t.Errorf("another device: %v", err)
			}
			// For the next round it has a new one.
			meter = o.issue("meter")
		})
	}
}
