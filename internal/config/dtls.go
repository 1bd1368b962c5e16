package config

import (
	"slices"
	"time"

	"snbroker/internal/listener"
	"snbroker/transport/dtls"
)

// DTLS is what a [[mqttsn.listener]] of type "dtls" has beside the others.
type DTLS struct {
	CertFile            string   `toml:"cert_file"`
	KeyFile             string   `toml:"key_file"`
	ClientCAFile        string   `toml:"client_ca_file"`
	RequireClientCert   bool     `toml:"require_client_cert"`
	CRLFile             string   `toml:"crl_file"`
	CertificateIdentity string   `toml:"certificate_identity"`
	MaxConnections      int      `toml:"max_connections"`
	MaxHandshakes       int      `toml:"max_handshakes"`
	ConnectionRate      int      `toml:"connection_rate"`
	ConnectTimeout      Duration `toml:"connect_timeout"`
	IdleTimeout         Duration `toml:"idle_timeout"`
}

// dtlsKeys are the settings above.
var dtlsKeys = []string{"cert_file", "key_file", "client_ca_file", "require_client_cert", "crl_file", "certificate_identity",
	"max_connections", "max_handshakes", "connection_rate", "connect_timeout", "idle_timeout"}

func defaultDTLS() DTLS {
	d := dtls.DefaultConfig()
	return DTLS{
		CertificateIdentity: identities[listener.IdentityCN],
		MaxConnections:      d.MaxSessions,
		MaxHandshakes:       d.MaxHandshakes,
		ConnectionRate:      d.HandshakeRate,
		ConnectTimeout:      Duration(d.HandshakeTimeout),
		IdleTimeout:         Duration(d.IdleTimeout),
	}
}

// TLS is the files of the listener's certificates.
func (d *DTLS) TLS() listener.TLSConfig {
	c := listener.DefaultTLSConfig()
	c.CertFile, c.KeyFile = d.CertFile, d.KeyFile
	c.ClientCAFile, c.RequireClientCert, c.CRLFile = d.ClientCAFile, d.RequireClientCert, d.CRLFile
	c.Identity = listener.Identity(max(0, slices.Index(identities, d.CertificateIdentity)))
	return c
}

// DTLSLink is how to open the listener's socket at one of its addresses; who may
// come in is missing.
func (l *MQTTSNListener) DTLSLink(address string) dtls.Config {
	c := dtls.DefaultConfig()
	c.Address = address
	c.ReceiveBuffer = int(l.ReceiveBuffer)
	c.MTU = max(c.MTU, int(l.MaxMessage))
	c.MaxSessions = l.MaxConnections
	c.MaxHandshakes = l.MaxHandshakes
	c.HandshakeRate = l.ConnectionRate
	c.HandshakeTimeout = time.Duration(l.ConnectTimeout)
	c.IdleTimeout = time.Duration(l.IdleTimeout)
	return c
}

// longest is the longest message that a listener's link carries.
func (l *MQTTSNListener) longest() Size {
	if l.Type == "dtls" {
		return dtls.MaxMTU
	}
	return maxDatagram
}

// dtls checks what belongs to listeners of that type, and that others have none
// of it.
func (v *validator) dtls(at string, l *MQTTSNListener, a *Auth) {
	if l.Type != "dtls" {
		v.only(at, l.Type, dtlsKeys, "dtls")
		return
	}
	v.only(at, l.Type, []string{"groups", "group_interfaces", "advertise_interval"}, "udp")
	if l.CertFile == "" && l.KeyFile == "" && a.PSKFile == "" {
		path := child(at, "type")
		v.wrong(path, "%s: a dtls listener needs cert_file and key_file, or psk_file in [auth], or both", shown(path))
	}
	if (l.CertFile == "") != (l.KeyFile == "") {
		path := child(at, "cert_file")
		v.wrong(path, "%s and key_file go together: files in PEM", shown(path))
	}
	if l.CertFile == "" && l.ClientCAFile != "" {
		path := child(at, "client_ca_file")
		v.wrong(path, "%s does nothing without cert_file and key_file", shown(path))
	}
	if l.ClientCAFile == "" {
		for _, key := range []string{"require_client_cert", "crl_file", "certificate_identity"} {
			if path := child(at, key); v.src.has(path) {
				v.wrong(path, "%s does nothing without client_ca_file", shown(path))
			}
		}
	}
	v.oneOf(child(at, "certificate_identity"), l.CertificateIdentity, identities...)
	between(v, child(at, "max_connections"), l.MaxConnections, 1, many)
	between(v, child(at, "max_handshakes"), l.MaxHandshakes, 1, 100_000)
	between(v, child(at, "connection_rate"), l.ConnectionRate, 0, 1_000_000)
	between(v, child(at, "connect_timeout"), l.ConnectTimeout, Duration(100*time.Millisecond), Duration(time.Hour))
	if l.IdleTimeout != 0 {
		between(v, child(at, "idle_timeout"), l.IdleTimeout, Duration(time.Minute), 3650*Duration(day))
	}
}

// only refuses settings that are another type's.
func (v *validator) only(at, have string, keys []string, want string) {
	for _, key := range keys {
		if path := child(at, key); v.src.has(path) {
			v.wrong(path, "%s is for listeners of type %q; this one is %q", shown(path), want, have)
		}
	}
}
