package listener

import (
	"crypto/tls"
	"crypto/x509"

	"snbroker/internal/auth"
)

// Config is what the files hold at present, for links that are not TLS over TCP.
// It is not to be changed.
func (t *TLS) Config() *tls.Config { return t.current.Load().Config }

// Settings are what LoadTLS was given.
func (t *TLS) Settings() TLSConfig { return t.cfg }

// Verify judges the chain of a client that Config's ClientCAs have verified, its
// own certificate first: whether one of it is revoked.
func (t *TLS) Verify(chain []*x509.Certificate) error {
	verify := t.Config().VerifyConnection
	if verify == nil {
		return nil
	}
	return verify(tls.ConnectionState{PeerCertificates: chain, VerifiedChains: [][]*x509.Certificate{chain}})
}

// Proof is what a client's verified certificate is worth, by the files that now
// returns when it is asked, as they are then; by nil it is good.
func Proof(c *x509.Certificate, now func() *TLS) auth.Proof { return proof{c, now} }

type proof struct {
	own *x509.Certificate
	now func() *TLS
}

// Good implements auth.Proof. Who is let in stays until the certificate is revoked:
// that a list or a certificate has expired since says nothing about the client.
func (p proof) Good() bool {
	files := p.now()
	if files == nil {
		return true
	}
	revoked := files.current.Load().revoked
	return revoked == nil || !revoked.has(p.own)
}

// Name is what a client's verified certificate says that the client is called;
// "" if it says nothing.
func (t *TLS) Name(c *x509.Certificate) string { return t.cfg.Identity.of(c) }
