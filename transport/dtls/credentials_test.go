package dtls

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"math/big"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pion/dtls/v3"

	"snbroker/transport/transporttest"
)

// issuer is a certificate authority of a test.
type issuer struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	pool *x509.CertPool
}

func newIssuer(t testing.TB) *issuer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	ca := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "ca"},
		NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	raw, err := x509.CreateCertificate(rand.Reader, ca, ca, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(raw)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(cert)
	return &issuer{cert, key, pool}
}

func (i *issuer) issue(t testing.TB, name string, rsaKey bool) tls.Certificate {
	t.Helper()
	own, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	var key, public any = own, own.Public()
	if rsaKey {
		own, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			t.Fatal(err)
		}
		key, public = own, own.Public()
	}
	raw, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name}, NotAfter: time.Now().Add(time.Hour),
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}, i.cert, public, i.key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{raw}, PrivateKey: key}
}

func certificates(ca *issuer, suite dtls.CipherSuiteID, own ...tls.Certificate) clientOptions {
	o := clientOptions{dtls.WithRootCAs(ca.pool), dtls.WithServerName("gateway"), dtls.WithLoggerFactory(quiet), dtls.WithCipherSuites(suite)}
	if len(own) > 0 {
		o = append(o, dtls.WithCertificates(own...))
	}
	return o
}

// Every cipher suite serves on one port, keys and certificates side by side.
func TestSuites(t *testing.T) {
	ca := newIssuer(t)
	for _, kind := range []bool{false, true} {
		own := ca.issue(t, "gateway", kind)
		l := listen(t, func(c *Config) { c.Credentials = func() Credentials { return Credentials{Certificate: own} } })
		in := serving(t, l)
		for _, suite := range suites {
			name := dtls.CipherSuiteName(suite)
			var o clientOptions
			if isPSK(suite) {
				o = psk("meter", dtls.WithCipherSuites(suite))
			} else {
				o = certificates(ca, suite)
				if name[:15] == "TLS_ECDHE_ECDSA" == kind {
					continue // of the other kind of certificate
				}
			}
			for _, more := range []clientOptions{nil, {withCID}} {
				d := dial(t, l, append(o[:len(o):len(o)], more...))
				d.say(t, name)
				answer(l, hears(t, in, name), "yes")
				d.hear(t, "yes")
			}
		}
	}
}

func TestProofs(t *testing.T) {
	ca, other := newIssuer(t), newIssuer(t)
	own := ca.issue(t, "gateway", false)
	const suite = dtls.TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8
	revoked := errors.New("revoked")
	for _, tc := range []struct {
		name   string
		change func(*Credentials)
		client clientOptions
		want   string // "": refused
	}{
		{"key", nil, psk("meter"), "psk meter"},
		{"no certificate", nil, certificates(ca, suite), "nobody"},
		{"certificate", nil, certificates(ca, suite, ca.issue(t, "device", false)), "certificate device"},
		{"certificate of a stranger", nil, certificates(ca, suite, other.issue(t, "device", false)), ""},
		{"certificate required", func(c *Credentials) { c.RequireClientCert = true }, certificates(ca, suite), ""},
		{"certificate required, key", func(c *Credentials) { c.RequireClientCert = true }, psk("meter"), "psk meter"},
		{"certificate revoked", func(c *Credentials) { c.Verify = func([]*x509.Certificate) error { return revoked } },
			certificates(ca, suite, ca.issue(t, "device", false)), ""},
		{"refused by name", nil, psk("banned"), "refused"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			l := listen(t, func(c *Config) {
				c.Credentials = func() Credentials {
					have := Credentials{Certificate: own, ClientCAs: ca.pool}
					if tc.change != nil {
						tc.change(&have)
					}
					return have
				}
				c.Identify = func(p Proof) (any, error) {
					switch {
					case p.PSKIdentity == "banned":
						return nil, errors.New("banned")
					case p.Certificate != nil:
						return "certificate " + p.Certificate.Subject.CommonName, nil
					case p.PSKIdentity != "":
						return "psk " + p.PSKIdentity, nil
					}
					return "nobody", nil
				}
			})
			in := serving(t, l)
			d, err := try(t, transporttest.NewRoamer(t, "127.0.0.1:0"), net.UDPAddrFromAddrPort(l.LocalAddr()), tc.client)
			switch {
			case tc.want == "":
				eventually(t, "the failure is counted", func() bool { return l.SessionStats().Failed == 1 })
				if s := l.SessionStats(); s.Handshakes != 0 || s.Sessions != 0 {
					t.Errorf("%+v", s)
				}
			case tc.want == "refused":
				eventually(t, "the refusal is counted", func() bool { return l.SessionStats().Unknown == 1 })
			case err != nil:
				t.Fatal(err)
			default:
				d.say(t, "who am I?")
				if who := l.Identity(hears(t, in, "who am I?").From); who != tc.want {
					t.Errorf("it is %v, want %v", who, tc.want)
				}
			}
		})
	}
}

// A certificate that was renewed serves the next handshake, and another word of
// Verify counts at once.
func TestCredentialsChange(t *testing.T) {
	ca := newIssuer(t)
	const suite = dtls.TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8
	old, renewed := ca.issue(t, "gateway", false), ca.issue(t, "gateway", false)
	var now atomic.Pointer[Credentials]
	now.Store(&Credentials{Certificate: old})
	l := listen(t, func(c *Config) { c.Credentials = func() Credentials { return *now.Load() } })
	serving(t, l)
	shows := func(want tls.Certificate) {
		t.Helper()
		state, _ := dial(t, l, certificates(ca, suite)).ConnectionState()
		if !bytes.Equal(state.PeerCertificates[0], want.Certificate[0]) {
			t.Error("the gateway shows another certificate")
		}
	}
	shows(old)
	shows(old)
	now.Store(&Credentials{Certificate: renewed})
	shows(renewed)

	own := certificates(ca, suite, ca.issue(t, "device", false))
	now.Store(&Credentials{Certificate: renewed, ClientCAs: ca.pool})
	dial(t, l, own)
	now.Store(&Credentials{Certificate: renewed, ClientCAs: ca.pool, Verify: func([]*x509.Certificate) error { return errors.New("revoked") }})
	_, _ = try(t, transporttest.NewRoamer(t, "127.0.0.1:0"), net.UDPAddrFromAddrPort(l.LocalAddr()), own) // has its last flight out before the alert comes
	eventually(t, "the revoked one is refused", func() bool { return l.SessionStats().Failed == 1 })
}
