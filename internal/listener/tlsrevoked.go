package listener

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"time"
)

// revocations are lists of revoked certificates.
type revocations struct {
	lists map[string]*revoked // by the authority that issued them
	lost  []*x509.Certificate // authorities that are revoked themselves, or whose own is
}

type revoked struct {
	issuer  *x509.Certificate
	serials map[string]bool
	until   time.Time // a newer list should be there; zero: none is promised
}

var (
	errRevoked = errors.New("the client's certificate is revoked")
	errNoCRL   = errors.New("crl_file has no list of the authority that issued the client's certificate")
	errOldCRL  = errors.New("crl_file's list of the authority that issued the client's certificate has expired")
)

// authority names an authority: its name and its key, since both may be
// followed by another.
func authority(c *x509.Certificate) string {
	return string(c.RawSubject) + string(c.RawSubjectPublicKeyInfo)
}

// loadRevoked reads the lists of a file, PEM or DER, each signed by one of the
// authorities.
func loadRevoked(file string, authorities []*x509.Certificate) (*revocations, error) {
	text, err := read("crl_file", file)
	if err != nil {
		return nil, err
	}
	wrong := func(n int, err error) (*revocations, error) {
		return nil, fmt.Errorf("crl_file: %s: list %d: %w", file, n, err)
	}
	r := &revocations{lists: make(map[string]*revoked)}
	for i, der := range crlBlocks(text) {
		list, err := x509.ParseRevocationList(der)
		if err != nil {
			return wrong(i+1, err)
		}
		if err := plain(list); err != nil {
			return wrong(i+1, err)
		}
		signed := slices.IndexFunc(authorities, func(c *x509.Certificate) bool {
			return bytes.Equal(c.RawSubject, list.RawIssuer) && list.CheckSignatureFrom(c) == nil
		})
		if signed < 0 {
			return wrong(i+1, fmt.Errorf("no authority of client_ca_file has signed it (%s)", list.Issuer))
		}
		r.add(authorities[signed], list)
	}
	if len(r.lists) == 0 {
		return nil, fmt.Errorf("crl_file: %s: no list", file)
	}
	r.loseAuthorities(authorities)
	return r, nil
}

func crlBlocks(text []byte) (out [][]byte) {
	if !bytes.Contains(text, []byte("-----BEGIN ")) {
		return [][]byte{text}
	}
	for {
		var block *pem.Block
		if block, text = pem.Decode(text); block == nil {
			return out
		}
		if block.Type == "X509 CRL" {
			out = append(out, block.Bytes)
		}
	}
}

// plain refuses lists that are not the whole truth by themselves: differences to
// an earlier one, and lists of a part.
func plain(list *x509.RevocationList) error {
	for _, e := range list.Extensions {
		if e.Critical {
			return fmt.Errorf("critical extension %v is not understood", e.Id)
		}
	}
	return nil
}

func (r *revocations) add(issuer *x509.Certificate, list *x509.RevocationList) {
	one := r.lists[authority(issuer)]
	if one == nil {
		one = &revoked{issuer: issuer, serials: make(map[string]bool, len(list.RevokedCertificateEntries))}
		r.lists[authority(issuer)] = one
	}
	for i := range list.RevokedCertificateEntries {
		one.serials[string(list.RevokedCertificateEntries[i].SerialNumber.Bytes())] = true
	}
	if list.NextUpdate.After(one.until) {
		one.until = list.NextUpdate
	}
}

// loseAuthorities finds those that are revoked. A chain may end with one of them,
// because all of client_ca_file are trusted, so that nothing above it is looked at.
func (r *revocations) loseAuthorities(all []*x509.Certificate) {
	for found := true; found; { // those below follow
		found = false
		for _, c := range all {
			if !slices.Contains(r.lost, c) && r.has(c) {
				r.lost = append(r.lost, c)
				found = true
			}
		}
	}
}

// has reports whether a certificate is revoked, or the authority that issued it.
func (r *revocations) has(c *x509.Certificate) bool {
	for _, one := range r.lists {
		if one.serials[string(c.SerialNumber.Bytes())] && issued(one.issuer, c) {
			return true
		}
	}
	return slices.ContainsFunc(r.lost, func(a *x509.Certificate) bool { return issued(a, c) })
}

func issued(a, c *x509.Certificate) bool {
	return bytes.Equal(a.RawSubject, c.RawIssuer) && c.CheckSignatureFrom(a) == nil
}

// verify is a tls.Config's VerifyConnection, which resumed sessions pass too.
func (r *revocations) verify(s tls.ConnectionState) error {
	if len(s.PeerCertificates) == 0 {
		return nil // whether that may be is decided before
	}
	err := errNoCRL
	for _, chain := range s.VerifiedChains {
		if err = r.check(chain, time.Now()); err == nil {
			return nil
		}
	}
	return err
}

// check judges a chain. The client's own authority must have a list, those
// above it may.
func (r *revocations) check(chain []*x509.Certificate, now time.Time) error {
	for i, c := range chain[:len(chain)-1] {
		if slices.ContainsFunc(r.lost, func(a *x509.Certificate) bool { return authority(a) == authority(chain[i+1]) }) {
			return errRevoked
		}
		one := r.lists[authority(chain[i+1])]
		switch {
		case one == nil && i == 0:
			return errNoCRL
		case one == nil:
		case one.serials[string(c.SerialNumber.Bytes())]:
			return errRevoked
		case !one.until.IsZero() && now.After(one.until):
			return errOldCRL
		}
	}
	return nil
}
