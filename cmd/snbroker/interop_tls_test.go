//go:build unix

package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TLS with clients that others wrote, and the program's signals.

// authority signs certificates for a test.
type authority struct {
	t    *testing.T
	dir  string
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	last int64
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{t: t, dir: t.TempDir()}
	a.sign("ca", func(c *x509.Certificate) {
		c.IsCA, c.BasicConstraintsValid, c.KeyUsage = true, true, x509.KeyUsageCertSign|x509.KeyUsageCRLSign
	})
	return a
}

func (a *authority) path(name string) string { return filepath.Join(a.dir, name) }

// sign writes name.crt and name.key. The first one is the authority's own.
func (a *authority) sign(name string, change func(*x509.Certificate)) {
	a.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		a.t.Fatal(err)
	}
	a.last++
	template := &x509.Certificate{
		SerialNumber: big.NewInt(a.last), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	if change != nil {
		change(template)
	}
	if a.cert == nil {
		a.cert, a.key = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, key.Public(), a.key)
	if err != nil {
		a.t.Fatal(err)
	}
	if template == a.cert {
		if a.cert, err = x509.ParseCertificate(der); err != nil {
			a.t.Fatal(err)
		}
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		a.t.Fatal(err)
	}
	rewrite(a.t, a.path(name+".crt"), string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})))
	rewrite(a.t, a.path(name+".key"), string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})))
}

// config is a listener with TLS, and more settings for it.
func (a *authority) config(more string) string {
	return "mqttsn.listener = []\n[[mqtt.listener]]\ntype = \"tls\"\naddress = \"127.0.0.1:0\"\n" +
		"cert_file = \"" + a.path("server.crt") + "\"\nkey_file = \"" + a.path("server.key") + "\"\n" + more
}

func TestMosquittoTLS(t *testing.T) {
	a := newAuthority(t)
	a.sign("server", nil)
	p := launch(t, nil, "-config", file(t, a.config("")))
	p.until("ready")
	at := p.address("tls")
	trust := []string{"--cafile", a.path("ca.crt")}
	for _, version := range []string{"tlsv1.2", "tlsv1.3"} {
		sub := subscribe(t, at, append(trust, "-t", "#", "-q", "2", "--tls-version", version)...)
		for _, qos := range []string{"0", "1", "2"} {
			for _, protocol := range []string{"31", "311", "5"} {
				publish(t, at, nil, append(trust, "-t", "a/b", "-m", version+qos, "-q", qos, "-V", protocol, "-i", "pub")...)
				sub.expect("a/b " + version + qos + " " + qos + " 0")
			}
		}
		big := strings.Repeat("x", 200_000)
		publish(t, at, strings.NewReader(big), append(trust, "-t", "big", "-s", "-q", "1")...)
		sub.expect("big " + big + " 1 0")
	}
}

func TestMosquittoClientCertificate(t *testing.T) {
	a := newAuthority(t)
	a.sign("server", nil)
	a.sign("client", func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth} })
	stranger := newAuthority(t)
	stranger.sign("client", nil)
	p := launch(t, nil, "-config", file(t, a.config("client_ca_file = \""+a.path("ca.crt")+"\"\nrequire_client_cert = true\n")))
	p.until("ready")
	at := p.address("tls")
	trust := []string{"--cafile", a.path("ca.crt"), "-t", "a", "-m", "x", "-q", "1"}
	publish(t, at, nil, append(trust, "--cert", a.path("client.crt"), "--key", a.path("client.key"))...)
	for _, args := range [][]string{trust, append(trust, "--cert", stranger.path("client.crt"), "--key", stranger.path("client.key"))} {
		if out, err := mosquitto(t, "mosquitto_pub", at, args...).CombinedOutput(); err == nil {
			t.Errorf("let in: %s", out)
		}
	}
	p.until("TLS handshake failed")
}

// SIGHUP has the files read again. A bad one changes nothing, and is named.
func TestReloadCertificates(t *testing.T) {
	a := newAuthority(t)
	a.sign("server", func(c *x509.Certificate) { c.DNSNames = []string{"first.example"} })
	p := launch(t, nil, "-config", file(t, a.config("")))
	p.until("certificate loaded")
	p.until("ready")
	at := p.address("tls")
	trust := x509.NewCertPool()
	trust.AddCert(a.cert)
	name := func() string {
		t.Helper()
		c, err := tls.Dial("tcp", at, &tls.Config{RootCAs: trust})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		return c.ConnectionState().PeerCertificates[0].DNSNames[0]
	}
	stays, err := tls.Dial("tcp", at, &tls.Config{RootCAs: trust})
	if err != nil {
		t.Fatal(err)
	}
	defer stays.Close()
	old := peer{t, stays}
	old.ask(mqttConnect, mqttConnack)

	key, err := os.ReadFile(a.path("server.key"))
	if err != nil {
		t.Fatal(err)
	}
	rewrite(t, a.path("server.key"), "nonsense")
	p.signal(syscall.SIGHUP)
	if line := p.until("certificates not reloaded"); !strings.Contains(line, a.path("server.key")) {
		t.Errorf("it does not say which file: %s", line)
	}
	if got := name(); got != "first.example" {
		t.Errorf("after a bad key it is %s", got)
	}
	rewrite(t, a.path("server.key"), string(key))
	a.sign("server", func(c *x509.Certificate) { c.DNSNames = []string{"second.example"} })
	p.signal(syscall.SIGHUP)
	if line := p.until("certificate loaded"); !strings.Contains(line, "second.example") {
		t.Errorf("got %s", line)
	}
	if got := name(); got != "second.example" {
		t.Errorf("after the reload it is %s", got)
	}
	old.ask("\xc0\x00", "\xd0\x00")
	p.signal(syscall.SIGTERM)
	if code := p.end(); code != exitOK {
		t.Errorf("exit code %d", code)
	}
}

// What is wrong with files is told at the start and by check, with the line.
func TestBadCertificates(t *testing.T) {
	a := newAuthority(t)
	a.sign("server", nil)
	rewrite(t, a.path("server.key"), "nonsense")
	path := file(t, a.config(""))
	for _, args := range [][]string{{"-config", path}, {"check", "-config", path}} {
		p := launch(t, nil, args...)
		if code := p.end(); code != exitFailed {
			t.Errorf("%q: exit code %d", args, code)
		}
		p.mustSay("[[mqtt.listener]] ("+path+":2): ", a.path("server.key"))
	}
	a.sign("server", func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Minute) })
	p := launch(t, nil, "-config", path)
	p.until("certificate has expired")
	p.until("ready")
}
