package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"snbroker/mqttsn"
	"snbroker/transport"
	"snbroker/transport/dtls"
	"snbroker/transport/transporttest"
)

// secure serves the polite gateway with DTLS.
func secure(t *testing.T, cfg dtls.Config) (gateway string) {
	t.Helper()
	g := newGateway(t)
	g.done = nil // it does not serve by itself
	cfg.Address = "127.0.0.1:0"
	l, err := dtls.Listen(cfg)
	if err != nil {
		t.Fatal(err)
	}
	var decoder mqttsn.Decoder
	ended := make(chan error)
	go func() {
		ended <- l.Serve(transporttest.Func(func(l transport.Link, batch []transport.Datagram) {
			for _, d := range batch {
				m, err := decoder.Decode(d.Data)
				if err != nil {
					t.Error(err)
					continue
				}
				for _, answer := range g.polite(m) {
					b, err := answer.AppendBinary(nil)
					if err != nil {
						t.Error(err)
					}
					l.Send(d.From, d.Local, b)
				}
			}
			l.Flush()
		}))
	}()
	t.Cleanup(func() {
		l.Close()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return l.LocalAddr().String()
}

func TestPubWithKey(t *testing.T) {
	cfg := dtls.DefaultConfig()
	cfg.PSK = func(identity string) []byte { return []byte("key of " + identity) }
	at := secure(t, cfg)
	const key = "6b6579206f66206d31" // key of m1
	for name, tc := range map[string]struct {
		args []string
		code int
		says string
	}{
		"right key":   {[]string{"-psk", "m1:" + key}, 0, ""},
		"no key":      {[]string{"-psk", "m1"}, 1, "-psk wants identity:hexkey"},
		"both":        {[]string{"-psk", "m1:" + key, "-ca", "x"}, 1, "-psk is instead of"},
		"half a pair": {[]string{"-cert", "x"}, 1, "-cert and -key go together"},
		"no file":     {[]string{"-ca", "nowhere"}, 1, "-ca: open nowhere"},
	} {
		t.Run(name, func(t *testing.T) {
			got := command(t.Context(), "", append([]string{"pub", "-gateway", at, "-t", "a/b", "-m", "x", "-q", "1"}, tc.args...)...)
			if got.code != tc.code || !strings.Contains(got.stderr, tc.says) {
				t.Errorf("exit code %d, %s", got.code, got.stderr)
			}
		})
	}
	if got := command(t.Context(), "", "ping", "-gateway", at, "-C", "2", "-interval", "1ms", "-W", "20s", "-psk", "m1:"+key); got.code != 0 || !strings.Contains(got.stdout, "PINGRESP") {
		t.Errorf("%+v", got)
	}
}

// pair writes a certificate for 127.0.0.1, signed by itself, and its key.
func pair(t *testing.T, name string) (cert, key string) {
	t.Helper()
	own, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, own.Public(), own)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(own)
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	cert, key = filepath.Join(folder, name+".crt"), filepath.Join(folder, name+".key")
	for file, block := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "PRIVATE KEY", Bytes: secret}} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return cert, key
}

func TestPubWithCertificate(t *testing.T) {
	serverCert, serverKey := pair(t, "gateway")
	cert, key := pair(t, "device")
	own, err := tls.LoadX509KeyPair(serverCert, serverKey)
	if err != nil {
		t.Fatal(err)
	}
	device, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		t.Fatal(err)
	}
	trust := x509.NewCertPool()
	trust.AddCert(device.Leaf)
	cfg := dtls.DefaultConfig()
	cfg.Credentials = func() dtls.Credentials {
		return dtls.Credentials{Certificate: own, ClientCAs: trust, RequireClientCert: true}
	}
	at := secure(t, cfg)
	pub := []string{"pub", "-gateway", at, "-t", "a/b", "-m", "x", "-q", "1", "-cert", cert, "-key", key}
	if got := command(t.Context(), "", append(pub, "-ca", serverCert)...); got.code != 0 {
		t.Errorf("%+v", got)
	}
	if got := command(t.Context(), "", append(pub, "-ca", cert)...); got.code != 1 || !strings.Contains(got.stderr, "no DTLS handshake with "+at+": ") {
		t.Errorf("the gateway is a stranger: %+v", got)
	}
}
