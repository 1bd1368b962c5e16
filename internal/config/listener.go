package config

import (
	"crypto/tls"
	"errors"
	"net/netip"
	"slices"

	"snbroker/internal/listener"
	"snbroker/internal/mqtt"
)

// mqttTypes are the types of a [[mqtt.listener]].
var mqttTypes = []string{"tcp", "tls", "ws", "wss", "unix"}

// Secure tells whether clients are met with TLS.
func (l *MQTTListener) Secure() bool { return l.Type == "tls" || l.Type == "wss" }

// WebSocket tells whether clients come by HTTP.
func (l *MQTTListener) WebSocket() bool { return l.Type == "ws" || l.Type == "wss" }

// Network is what package net calls the listener's sockets.
func (l *MQTTListener) Network() string {
	if l.Type == "unix" {
		return "unix"
	}
	return "tcp"
}

// protocolVersions are the words for a mqtt.Version.
var protocolVersions = []struct {
	name    string
	version mqtt.Version
}{{"3.1", mqtt.V31}, {"3.1.1", mqtt.V311}, {"5", mqtt.V5}}

func versionNames(set listener.Versions) (names []string) {
	for _, v := range protocolVersions {
		if set.Has(v.version) {
			names = append(names, v.name)
		}
	}
	return names
}

func versions(names []string) (set listener.Versions) {
	for _, v := range protocolVersions {
		if slices.Contains(names, v.name) {
			set = set.With(v.version)
		}
	}
	return set
}

// identities are the words for a listener.Identity, by its value.
var identities = []string{listener.IdentityCN: "cn", listener.IdentitySAN: "san", listener.IdentityOff: "off"}

func tlsVersionName(v uint16) string {
	if v == tls.VersionTLS13 {
		return "1.3"
	}
	return "1.2"
}

func tlsVersion(name string) uint16 {
	if name == "1.3" {
		return tls.VersionTLS13
	}
	return tls.VersionTLS12
}

// TLS is how a listener that is Secure meets its clients.
func (l *MQTTListener) TLS() listener.TLSConfig {
	return listener.TLSConfig{
		CertFile:          l.CertFile,
		KeyFile:           l.KeyFile,
		ClientCAFile:      l.ClientCAFile,
		RequireClientCert: l.RequireClientCert,
		CRLFile:           l.CRLFile,
		MinVersion:        tlsVersion(l.TLSMinVersion),
		Identity:          listener.Identity(max(0, slices.Index(identities, l.CertificateIdentity))),
		MaxHandshakes:     l.MaxHandshakes,
	}
}

var errNetwork = errors.New(`want addresses such as "10.0.0.0/8", "192.0.2.7" or "2001:db8::/32"`)

// parseNetwork parses a network, or an address alone.
func parseNetwork(s string) (netip.Prefix, error) {
	if ip, err := netip.ParseAddr(s); err == nil && ip.Zone() == "" {
		ip = ip.Unmap()
		return netip.PrefixFrom(ip, ip.BitLen()), nil
	}
	p, err := netip.ParsePrefix(s)
	if err != nil || p.Addr().Is4In6() {
		return netip.Prefix{}, errNetwork
	}
	return p.Masked(), nil
}
