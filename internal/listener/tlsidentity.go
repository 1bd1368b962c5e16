package listener

import (
	"crypto/x509"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Identity says what in a client's certificate names the client.
type Identity uint8

const (
	IdentityCN  Identity = iota // the subject's common name
	IdentitySAN                 // the first alternative name: DNS, e-mail, URI
	IdentityOff                 // nothing: the certificate is a key to the door
)

// of returns the name that a certificate proves, or "".
func (i Identity) of(c *x509.Certificate) string {
	name := ""
	switch i {
	case IdentityCN:
		name = c.Subject.CommonName
	case IdentitySAN:
		switch {
		case len(c.DNSNames) > 0:
			name = c.DNSNames[0]
		case len(c.EmailAddresses) > 0:
			name = c.EmailAddresses[0]
		case len(c.URIs) > 0:
			name = c.URIs[0].String()
		}
	}
	if len(name) > maxIdentity || !utf8.ValidString(name) || strings.ContainsFunc(name, unicode.IsControl) {
		return ""
	}
	return name
}

const maxIdentity = 1024
