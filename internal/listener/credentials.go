package listener

import (
	"crypto/tls"
	"crypto/x509"
)

// Config is what the files hold at present, for links that are not TLS over TCP.
// It is not to be changed.
func (t *TLS) Config() *tls.Config { return t.current.Load() }

// Verify judges the chain of a client that Config's ClientCAs have verified, its
// own certificate first: whether one of it is revoked.
func (t *TLS) Verify(chain []*x509.Certificate) error {
	verify := t.Config().VerifyConnection
	if verify == nil {
		return nil
	}
	return verify(tls.ConnectionState{PeerCertificates: chain, VerifiedChains: [][]*x509.Certificate{chain}})
}

// Name is what a client's verified certificate says that the client is called;
// "" if it says nothing.
func (t *TLS) Name(c *x509.Certificate) string { return t.cfg.Identity.of(c) }
