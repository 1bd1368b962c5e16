package listener

import (
	"crypto/tls"
	"crypto/x509"

	"snbroker/internal/auth"
)

// Config is what the files hold at present, for links that are not TLS over TCP.
// It is not to be changed.
func (t *TLS) Config() *tls.Config { return t.current.Load().Config }

// Verify judges the chain of a client that Config's ClientCAs have verified, its
// own certificate first: whether one of it is revoked.
func (t *TLS) Verify(chain []*x509.Certificate) error {
	verify := t.Config().VerifyConnection
	if verify == nil {
		return nil
	}
	return verify(tls.ConnectionState{PeerCertificates: chain, VerifiedChains: [][]*x509.Certificate{chain}})
}

// Proof is what a client's verified certificate is worth, by the files as they are
// when it is asked.
func (t *TLS) Proof(c *x509.Certificate) auth.Proof { return proof{t, c} }

type proof struct {
	files *TLS
	own   *x509.Certificate
}

// Good implements auth.Proof. Who is let in stays until the certificate is revoked:
// that a list or a certificate has expired since says nothing about the client.
func (p proof) Good() bool {
	revoked := p.files.current.Load().revoked
	return revoked == nil || !revoked.has(p.own)
}

// Name is what a client's verified certificate says that the client is called;
// "" if it says nothing.
func (t *TLS) Name(c *x509.Certificate) string { return t.cfg.Identity.of(c) }
