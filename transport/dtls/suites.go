package dtls

import (
	"slices"

	"github.com/pion/dtls/v3"
)

// suites are the cipher suites with authenticated encryption. AES-CCM with short
// tags is what meters speak (RFC 6655, RFC 7925), and the others are what is fast
// on larger devices. CBC is not among them.
var suites = append(slices.Clone(pskSuites), certificateSuites...)

var certificateSuites = []dtls.CipherSuiteID{
	dtls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
	dtls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
	dtls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
	dtls.TLS_ECDHE_ECDSA_WITH_AES_128_CCM,
	dtls.TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8,
	dtls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
	dtls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
	dtls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
}

var pskSuites = []dtls.CipherSuiteID{
	dtls.TLS_ECDHE_PSK_WITH_CHACHA20_POLY1305_SHA256,
	dtls.TLS_PSK_WITH_AES_128_GCM_SHA256,
	dtls.TLS_PSK_WITH_CHACHA20_POLY1305_SHA256,
	dtls.TLS_PSK_WITH_AES_128_CCM,
	dtls.TLS_PSK_WITH_AES_128_CCM_8,
	dtls.TLS_PSK_WITH_AES_256_CCM_8,
}

// suites are those that a configuration can serve.
func (c *Config) suites() []dtls.CipherSuiteID {
	switch {
	case c.Credentials == nil:
		return pskSuites
	case c.PSK == nil:
		return certificateSuites
	}
	return suites
}

func isPSK(id dtls.CipherSuiteID) bool { return slices.Contains(pskSuites, id) }
