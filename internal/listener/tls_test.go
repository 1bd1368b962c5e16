package listener

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"snbroker/internal/mqtt"
	"snbroker/internal/mqtt/mqtttest"
)

// tryTLS dials, and has the server judge the client: with TLS 1.3 a dial
// succeeds before that.
func tryTLS(l *Listener, cfg *tls.Config) (*tls.Conn, error) {
	c, err := tls.Dial("tcp", l.Addr().String(), cfg)
	if err != nil {
		return nil, err
	}
	c.SetDeadline(time.Now().Add(20 * time.Second))
	if _, err := c.Write([]byte("\xc0\x00")); err == nil { // before CONNECT: the server ends it
		_, err = c.Read(make([]byte, 1))
		c.Close()
		return c, err
	}
	c.Close()
	return nil, err
}

func dialTLS(t testing.TB, l *Listener, cfg *tls.Config) *mqtttest.Peer {
	t.Helper()
	c, err := tls.Dial("tcp", l.Addr().String(), cfg)
	return talk(t, c, err)
}

// dialTLS is for a world in a bubble, whose authority is made in there too: it has
// another time.
func (w *world) dialTLS(ca *issuer) *mqtttest.Peer {
	w.t.Helper()
	nc, err := w.open()
	must(w.t, err)
	c := tls.Client(nc, &tls.Config{RootCAs: ca.pool, ServerName: "localhost"})
	return talk(w.t, c, c.Handshake())
}

func TestTLSVersions(t *testing.T) {
	ca, f := newIssuer(t, "ca"), newFolder(t)
	cfg := f.server(ca)
	any12 := layered(t, func(c *Config) { c.TLS = loaded(t, cfg) })
	cfg.MinVersion = tls.VersionTLS13
	only13 := layered(t, func(c *Config) { c.TLS = loaded(t, cfg) })
	for _, tc := range []struct {
		name string
		l    *Listener
		cfg  *tls.Config
		want uint16 // 0: refused
	}{
		{"1.3 is preferred", any12, &tls.Config{}, tls.VersionTLS13},
		{"1.2", any12, &tls.Config{MaxVersion: tls.VersionTLS12}, tls.VersionTLS12},
		{"1.1", any12, &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}, 0},
		{"1.2 with CBC", any12, &tls.Config{MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA}}, 0},
		{"1.3 is asked for", only13, &tls.Config{}, tls.VersionTLS13},
		{"1.2 is too low", only13, &tls.Config{MaxVersion: tls.VersionTLS12}, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			tc.cfg.RootCAs = ca.pool
			c, err := tls.Dial("tcp", tc.l.Addr().String(), tc.cfg)
			if tc.want == 0 {
				if err == nil {
					t.Error("it is let in")
				}
				return
			}
			k := talk(t, c, err).Connect("c")
			k.Silence()
			if got := c.ConnectionState().Version; got != tc.want {
				t.Errorf("got %s", tls.VersionName(got))
			}
		})
	}
	until(t, "refusals are counted", func() bool {
		return any12.Stats().HandshakeFailed == 2 && only13.Stats().HandshakeFailed == 1
	})
}

func TestTLSExchange(t *testing.T) {
	ca, f := newIssuer(t, "ca"), newFolder(t)
	l := layered(t, func(c *Config) { c.TLS = loaded(t, f.server(ca)) })
	exchange(t, func() *mqtttest.Peer { return dialTLS(t, l, &tls.Config{RootCAs: ca.pool}) })
}

func TestTLSKeepAlive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ca, f := newIssuer(t, "ca"), newFolder(t)
		w := overPipes(t, func(s *settings) { s.TLS = loaded(t, f.server(ca)) })
		staysWhileItPings(t, w.dialTLS(ca))
	})
}

func TestClientCertificates(t *testing.T) {
	ca, other, f := newIssuer(t, "ca"), newIssuer(t, "other"), newFolder(t)
	below := issuerBelow(t, "intermediate", ca)
	good, revoked := ca.issue("good", nil), ca.issue("revoked", nil)
	indirect := below.issue("indirect", nil)
	indirect.Certificate = append(indirect.Certificate, below.cert.Raw)
	old := ca.issue("old", func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Minute) })
	cfg := f.server(ca)
	cfg.ClientCAFile = f.write("ca.crt", ca.pem)
	optional := loaded(t, cfg)
	cfg.RequireClientCert = true
	required := loaded(t, cfg)
	cfg.CRLFile = f.write("crl", ca.revoke(time.Now().Add(time.Hour), revoked))
	listed := loaded(t, cfg)
	for _, tc := range []struct {
		name     string
		tls      *TLS
		cert     *tls.Certificate
		identity string
		refused  bool
	}{
		{"optional, none", optional, nil, "", false},
		{"optional, good", optional, &good, "good", false},
		{"optional, stranger", optional, ptr(other.issue("good", nil)), "", true},
		{"required, none", required, nil, "", true},
		{"required, good", required, &good, "good", false},
		{"required, stranger", required, ptr(other.issue("good", nil)), "", true},
		{"required, expired", required, &old, "", true},
		{"required, indirect", required, &indirect, "indirect", false},
		{"listed, good", listed, &good, "good", false},
		{"listed, revoked", listed, &revoked, "", true},
		{"listed, of an authority without a list", listed, &indirect, "", true},
	} {
		for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
			t.Run(tc.name+" "+tls.VersionName(version), func(t *testing.T) {
				l := layered(t, func(c *Config) { c.TLS = tc.tls })
				client := &tls.Config{RootCAs: ca.pool, MaxVersion: version}
				if tc.cert != nil { // also one that the server does not ask for
					client.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return tc.cert, nil }
				}
				if tc.refused {
					_, err := tryTLS(l, client)
					if err == nil || !strings.Contains(err.Error(), "remote error: tls:") {
						t.Errorf("got %v", err)
					}
					until(t, "it is counted", func() bool { return l.Stats().HandshakeFailed == 1 && l.Stats().Connections == 0 })
					return
				}
				dialTLS(t, l, client).Connect("c")
				if got := sole(t, l).identity; got != tc.identity {
					t.Errorf("identity %q, want %q", got, tc.identity)
				}
			})
		}
	}
}

func ptr[T any](v T) *T { return &v }

func TestIdentity(t *testing.T) {
	ca := newIssuer(t, "ca")
	device, err := url.Parse("urn:device:7")
	must(t, err)
	for _, tc := range []struct {
		name    string
		change  func(*x509.Certificate)
		cn, san string
	}{
		{"plain", nil, "plain", ""},
		{"dns", func(c *x509.Certificate) {
			c.DNSNames, c.EmailAddresses = []string{"a.example", "b.example"}, []string{"a@example"}
		}, "dns", "a.example"},
		{"mail", func(c *x509.Certificate) { c.EmailAddresses = []string{"a@example"}; c.URIs = []*url.URL{device} }, "mail", "a@example"},
		{"uri", func(c *x509.Certificate) { c.URIs = []*url.URL{device} }, "uri", "urn:device:7"},
		{"", nil, "", ""},
		{"a\x00b", nil, "", ""},
		{"a\nb", nil, "", ""},
		{strings.Repeat("x", maxIdentity+1), nil, "", ""},
	} {
		c := ca.issue(tc.name, tc.change).Leaf
		if cn, san, off := IdentityCN.of(c), IdentitySAN.of(c), IdentityOff.of(c); cn != tc.cn || san != tc.san || off != "" {
			t.Errorf("%.20q: %q, %q, %q", tc.name, cn, san, off)
		}
	}
}

// What is wrong with files is told, with the setting and the file.
func TestLoadTLSErrors(t *testing.T) {
	ca, other, f := newIssuer(t, "ca"), newIssuer(t, "other"), newFolder(t)
	good := f.server(ca)
	good.ClientCAFile = f.write("ca.crt", ca.pem)
	good.CRLFile = f.write("crl", ca.revoke(time.Now().Add(time.Hour)))
	f.pair("stranger", other.issue("stranger", nil))
	empty := f.write("empty", nil)
	for _, tc := range []struct {
		name   string
		change func(*TLSConfig)
		want   string
	}{
		{"no certificate", func(c *TLSConfig) { c.CertFile = f.path("none") }, "cert_file: open " + f.path("none") + ": no such file"},
		{"no key", func(c *TLSConfig) { c.KeyFile = f.path("none") }, "key_file: open " + f.path("none") + ": no such file"},
		{"empty certificate", func(c *TLSConfig) { c.CertFile = empty }, "cert_file: " + empty},
		{"another's key", func(c *TLSConfig) { c.KeyFile = f.path("stranger.key") }, "private key does not match public key"},
		{"locked key", func(c *TLSConfig) {
			c.KeyFile = f.write("locked", []byte("-----BEGIN ENCRYPTED PRIVATE KEY-----\n-----END ENCRYPTED PRIVATE KEY-----\n"))
		}, "locked: the key has a passphrase"},
		{"no authorities", func(c *TLSConfig) { c.ClientCAFile = f.path("none") }, "client_ca_file: open "},
		{"empty authorities", func(c *TLSConfig) { c.ClientCAFile = empty }, "client_ca_file: " + empty + ": no certificate in PEM"},
		{"bad authorities", func(c *TLSConfig) {
			c.ClientCAFile = f.write("bad", []byte(string(ca.pem)+"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"))
		}, "bad: certificate 2: x509:"},
		{"no CRL", func(c *TLSConfig) { c.CRLFile = f.path("none") }, "crl_file: open "},
		{"empty CRL", func(c *TLSConfig) { c.CRLFile = empty }, "crl_file: " + empty + ": list 1: x509:"},
		{"certificate for a CRL", func(c *TLSConfig) { c.CRLFile = c.ClientCAFile }, "ca.crt: no list"},
		{"another's CRL", func(c *TLSConfig) { c.CRLFile = f.write("crl2", other.revoke(time.Now().Add(time.Hour))) }, "no authority of client_ca_file has signed it (CN=other)"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			cfg := good
			tc.change(&cfg)
			if _, err := LoadTLS(cfg); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want %q", err, tc.want)
			}
		})
	}
}

// New files hold for new connections, tickets of old ones do not help, and bad
// files change nothing.
func TestReloadTLS(t *testing.T) {
	ca, f := newIssuer(t, "ca"), newFolder(t)
	cfg := f.server(ca)
	cfg.ClientCAFile = f.write("ca.crt", ca.pem)
	cfg.CRLFile = f.write("crl", ca.revoke(time.Now().Add(time.Hour)))
	files := loaded(t, cfg)
	l := layered(t, func(c *Config) { c.TLS = files })
	cert := ca.issue("client", nil)
	client := &tls.Config{RootCAs: ca.pool, Certificates: []tls.Certificate{cert}, ClientSessionCache: tls.NewLRUClientSessionCache(4), ServerName: "localhost"}
	serial := func() string { return files.Certificate().SerialNumber.String() }
	visit := func() (resumed bool, server string) {
		t.Helper()
		k := dialTLS(t, l, client).Connect("c")
		state := k.Conn.(*tls.Conn).ConnectionState()
		k.Close()
		return state.DidResume, state.PeerCertificates[0].SerialNumber.String()
	}
	visit()
	if resumed, _ := visit(); !resumed {
		t.Error("a ticket does not resume its session")
	}
	stays := dialTLS(t, l, client).Connect("stays")
	first := serial()
	for _, bad := range []string{"server.crt", "server.key", "ca.crt", "crl"} {
		must(t, os.Rename(f.path(bad), f.path("kept")))
		f.write(bad, []byte("nonsense"))
		if err := files.Reload(); err == nil || !strings.Contains(err.Error(), f.path(bad)) {
			t.Errorf("%s: %v", bad, err)
		}
		if resumed, server := visit(); !resumed || server != first {
			t.Errorf("%s: a bad file has changed something", bad)
		}
		must(t, os.Rename(f.path("kept"), f.path(bad)))
	}
	f.server(ca)
	if err := files.Reload(); err != nil || serial() == first {
		t.Errorf("%v, still %s", err, serial())
	}
	if resumed, server := visit(); resumed || server == first {
		t.Errorf("resumed %v, the server's certificate was %s and is %s", resumed, first, server)
	}
	f.write("crl", ca.revoke(time.Now().Add(time.Hour), cert))
	must(t, files.Reload())
	if _, err := tryTLS(l, client); err == nil || !strings.Contains(err.Error(), "remote error") {
		t.Errorf("revoked, with a ticket: %v", err)
	}
	f.write("crl", ca.revoke(time.Now().Add(-time.Hour)))
	must(t, files.Reload())
	if _, err := tryTLS(l, client); err == nil || !strings.Contains(err.Error(), "remote error") {
		t.Errorf("the list has expired: %v", err)
	}
	stays.Silence() // who is there stays there
}

// Clients that stall in the middle of a handshake keep nobody out, and are given
// up.
func TestStalledHandshakes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ca, f := newIssuer(t, "ca"), newFolder(t)
		cfg := f.server(ca)
		cfg.MaxHandshakes = 1
		w := overPipes(t, func(s *settings) { s.TLS = loaded(t, cfg) })
		const stalled = 8
		for i := range stalled {
			nc, err := w.open()
			must(t, err)
			defer nc.Close()
			if i%2 == 0 { // a ClientHello, and no answer to what comes back
				half := &mute{Conn: nc}
				go func() { _ = tls.Client(half, &tls.Config{RootCAs: ca.pool, ServerName: "localhost"}).Handshake() }()
			}
		}
		synctest.Wait()
		k := w.dialTLS(ca).Connect("c")
		if n := w.Stats().Connections; n != stalled+1 {
			t.Errorf("%d connections, want those that stall and another", n)
		}
		time.Sleep(w.cfg.ConnectTimeout)
		synctest.Wait()
		if s := w.Stats(); s.Connections != 1 || s.HandshakeFailed != stalled {
			t.Errorf("%d connections, %d handshakes failed; want those that stall given up", s.Connections, s.HandshakeFailed)
		}
		k.Silence()
	})
}

// mute reads and then sends no more.
type mute struct {
	net.Conn
	said bool
}

func (m *mute) Write(b []byte) (int, error) {
	if m.said {
		return len(b), nil
	}
	m.said = true
	return m.Conn.Write(b)
}

// connect_timeout includes the handshake.
func TestConnectTimeoutTLS(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ca, f := newIssuer(t, "ca"), newFolder(t)
		w := overPipes(t, func(s *settings) { s.TLS = loaded(t, f.server(ca)) })
		for _, dial := range []func() *mqtttest.Peer{w.dialLayers, func() *mqtttest.Peer { return w.dialTLS(ca) }} {
			k, start := dial(), time.Now()
			k.Closed()
			if took := time.Since(start); took != w.cfg.ConnectTimeout {
				t.Errorf("it takes %v", took)
			}
		}
	})
}

// A client without TLS is turned away, and so is one that speaks TLS to TCP.
func TestTLSMistaken(t *testing.T) {
	ca, f := newIssuer(t, "ca"), newFolder(t)
	l := layered(t, func(c *Config) { c.TLS = loaded(t, f.server(ca)) })
	k := dialPlain(t, l)
	k.Say(&mqtt.Connect{Version: mqtt.V311, CleanStart: true, ClientID: []byte("c")})
	k.Closed()
	if _, err := tls.Dial("tcp", layered(t, nil).Addr().String(), &tls.Config{RootCAs: ca.pool}); err == nil {
		t.Error("TLS over a listener without")
	}
}

func TestOpenSSL(t *testing.T) {
	ca, f := newIssuer(t, "ca"), newFolder(t)
	cfg := f.server(ca)
	cfg.ClientCAFile = f.write("ca.crt", ca.pem)
	cfg.RequireClientCert = true
	l := layered(t, func(c *Config) { c.TLS = loaded(t, cfg) })
	f.pair("client", ca.issue("client", nil))
	for _, tc := range []struct {
		name string
		args []string
		want []string
	}{
		{"1.3", nil, []string{"Verify return code: 0 (ok)", "TLSv1.3", "CONNECTED"}},
		{"1.2", []string{"-tls1_2"}, []string{"Verify return code: 0 (ok)", "TLSv1.2", "-GCM-"}},
		{"resumed", []string{"-tls1_2", "-reconnect"}, []string{"Reused, TLSv1.2"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			cmd := exec.CommandContext(t.Context(), "openssl", append([]string{"s_client", "-connect", l.Addr().String(), "-CAfile", cfg.ClientCAFile,
				"-verify_return_error", "-verify_hostname", "localhost", "-cert", f.path("client.crt"), "-key", f.path("client.key")}, tc.args...)...)
			cmd.Stdin = strings.NewReader("") // it leaves at the end of its input
			out, err := cmd.CombinedOutput()
			for _, want := range tc.want {
				if !strings.Contains(string(out), want) {
					t.Errorf("no %q: %v\n%s", want, err, out)
				}
			}
		})
	}
	cmd := exec.CommandContext(t.Context(), "openssl", "s_client", "-connect", l.Addr().String(), "-CAfile", cfg.ClientCAFile, "-tls1_2")
	cmd.Stdin = strings.NewReader("")
	if out, err := cmd.CombinedOutput(); err == nil {
		t.Errorf("without a certificate:\n%s", out)
	}
}
