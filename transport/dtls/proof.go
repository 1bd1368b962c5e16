package dtls

import (
	"crypto/x509"

	"github.com/pion/dtls/v3"
)

// Proof is what a handshake has proved of a peer: one of the two, or nothing.
type Proof struct {
	PSKIdentity string
	Certificate *x509.Certificate // verified
}

// proofOf is what the handshake has proved.
func proofOf(state *dtls.State) (p Proof, err error) {
	switch {
	case len(state.PeerCertificates) > 0:
		p.Certificate, err = x509.ParseCertificate(state.PeerCertificates[0])
	case isPSK(state.CipherSuiteID):
		p.PSKIdentity = string(state.IdentityHint)
	}
	return p, err
}

// name is different for different proofs; "" for none.
func (p Proof) name() string {
	switch {
	case p.Certificate != nil:
		return "certificate " + string(p.Certificate.RawSubjectPublicKeyInfo)
	case p.PSKIdentity != "":
		return "psk " + p.PSKIdentity
	}
	return ""
}
