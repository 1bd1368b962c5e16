package listener

import (
	"crypto/tls"
	"crypto/x509"
	"sync"
	"sync/atomic"
)

// TLSConfig says how clients are met with TLS. DefaultTLSConfig fills it in.
type TLSConfig struct {
	// CertFile and KeyFile are the server's own, in PEM, the certificate with
	// those between it and its authority.
	CertFile, KeyFile string
	// ClientCAFile holds the authorities that clients' certificates may come
	// from; "": clients are not asked for one.
	ClientCAFile string
	// RequireClientCert refuses clients without a certificate.
	RequireClientCert bool
	// CRLFile lists certificates that are no longer good, for each authority
	// that issues to clients.
	CRLFile string
	// MinVersion is tls.VersionTLS12 or tls.VersionTLS13.
	MinVersion uint16
	// Identity says what in a certificate names the client.
	Identity Identity
	// MaxHandshakes is how many handshakes are computed at a time. Those that
	// wait for their client do not count: who stalls keeps nobody out.
	MaxHandshakes int
}

// DefaultTLSConfig returns the recommended settings; the files are missing.
func DefaultTLSConfig() TLSConfig {
	return TLSConfig{MinVersion: tls.VersionTLS12, MaxHandshakes: 16}
}

// TLS is what a TLSConfig's files hold, and can be read again. Several listeners
// may share it.
type TLS struct {
	cfg   TLSConfig
	slots chan struct{} // one for each handshake that is computed

	reload  sync.Mutex
	current atomic.Pointer[tlsFiles]
}

// tlsFiles is what the files hold. It is never changed.
type tlsFiles struct {
	*tls.Config
	revoked *revocations // nil without crl_file
}

// LoadTLS reads the files. An error names the setting and the file.
func LoadTLS(cfg TLSConfig) (*TLS, error) {
	t := &TLS{cfg: cfg, slots: make(chan struct{}, max(1, cfg.MaxHandshakes))}
	return t, t.Reload()
}

// Reload reads the files again, for handshakes from now on. On an error all
// stays as it was. Tickets of earlier sessions end with it, so that a client is
// judged by the new files when it comes back.
func (t *TLS) Reload() error {
	t.reload.Lock()
	defer t.reload.Unlock()
	c, err := t.cfg.load()
	if err == nil {
		t.current.Store(c)
	}
	return err
}

// Certificate is the server's present one.
func (t *TLS) Certificate() *x509.Certificate { return t.current.Load().Certificates[0].Leaf }

// suites12 are the cipher suites of TLS 1.2 with forward secrecy and
// authenticated encryption. Those of 1.3 all are such.
var suites12 = []uint16{
	tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
	tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
	tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
	tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
	tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
	tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
}

func (cfg *TLSConfig) load() (*tlsFiles, error) {
	own, err := loadPair(cfg.CertFile, cfg.KeyFile)
	if err != nil {
		return nil, err
	}
	c := &tlsFiles{Config: &tls.Config{
		Certificates: []tls.Certificate{own},
		MinVersion:   cfg.MinVersion,
		CipherSuites: suites12,
	}}
	if cfg.ClientCAFile == "" {
		return c, nil
	}
	authorities, err := loadAuthorities(cfg.ClientCAFile)
	if err != nil {
		return nil, err
	}
	c.ClientCAs = x509.NewCertPool()
	for _, a := range authorities {
		c.ClientCAs.AddCert(a)
	}
	c.ClientAuth = tls.VerifyClientCertIfGiven
	if cfg.RequireClientCert {
		c.ClientAuth = tls.RequireAndVerifyClientCert
	}
	if cfg.CRLFile != "" {
		if c.revoked, err = loadRevoked(cfg.CRLFile, authorities); err != nil {
			return nil, err
		}
		c.VerifyConnection = c.revoked.verify
	}
	return c, nil
}
