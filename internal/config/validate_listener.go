package config

import (
	"net/url"
	"slices"
	"strings"

	"snbroker/internal/mqtt"
)

// belongings are the settings that only some types of listeners have.
var belongings = []struct{ keys, types []string }{
	{[]string{"cert_file", "key_file", "client_ca_file", "require_client_cert", "crl_file", "certificate_identity", "tls_min_version", "max_handshakes"}, []string{"tls", "wss"}},
	{[]string{"path", "allowed_origins"}, []string{"ws", "wss"}},
	{[]string{"max_connections_per_address", "connection_rate", "proxy_protocol_from"}, []string{"tcp", "tls", "ws", "wss"}},
}

// belonging refuses settings that a listener of its type does not have: they
// would promise what does not happen.
func (v *validator) belonging(at string, l *MQTTListener) {
	for _, b := range belongings {
		if slices.Contains(b.types, l.Type) {
			continue
		}
		for _, key := range b.keys {
			if path := child(at, key); v.src.has(path) {
				v.wrong(path, "%s is for listeners of type %s; this one is %q", shown(path), or(b.types), l.Type)
			}
		}
	}
}

// clients checks who may come in, and what they find.
func (v *validator) clients(at string, l *MQTTListener) {
	between(v, child(at, "max_connections_per_address"), l.MaxConnectionsPerAddress, 0, many)
	between(v, child(at, "connection_rate"), l.ConnectionRate, 0, 1_000_000)
	path := child(at, "protocol_versions")
	var names []string
	for _, known := range protocolVersions {
		names = append(names, known.name)
	}
	for _, s := range l.ProtocolVersions {
		v.oneOf(path, s, names...)
	}
	if len(l.ProtocolVersions) == 0 {
		v.wrong(path, "%s: none is let in: want some of %s", shown(path), or(names))
	}
	path = child(at, "mount_point")
	if m := l.MountPoint; m != "" && (!strings.HasSuffix(m, "/") || strings.HasPrefix(m, "$") || len(m) > maxMountPoint || !mqtt.ValidTopicName(m)) {
		v.wrong(path, `%s = %q: want a topic that ends in "/", such as "site-1/"; no wildcards, no "$" in front`, shown(path), m)
	}
	path = child(at, "proxy_protocol_from")
	for _, s := range l.ProxyProtocolFrom {
		if _, err := parseNetwork(s); err != nil {
			v.wrong(path, "%s: %q: %v", shown(path), s, err)
		}
	}
}

const maxMountPoint = 1024

func (v *validator) tls(at string, l *MQTTListener) {
	if !l.Secure() {
		return
	}
	for _, file := range []struct{ key, value, what string }{
		{"cert_file", l.CertFile, "the server's certificate"},
		{"key_file", l.KeyFile, "the certificate's key"},
	} {
		if path := child(at, file.key); file.value == "" {
			v.wrong(path, "%s: a %s listener needs %s, a file in PEM", shown(path), l.Type, file.what)
		}
	}
	if l.ClientCAFile == "" {
		path := child(at, "require_client_cert")
		if l.RequireClientCert {
			v.wrong(path, "%s needs client_ca_file: the authorities that clients' certificates come from", shown(path))
		}
		for _, key := range []string{"crl_file", "certificate_identity"} {
			if path := child(at, key); v.src.has(path) {
				v.wrong(path, "%s does nothing without client_ca_file", shown(path))
			}
		}
	}
	v.oneOf(child(at, "certificate_identity"), l.CertificateIdentity, identities...)
	v.oneOf(child(at, "tls_min_version"), l.TLSMinVersion, "1.2", "1.3")
	between(v, child(at, "max_handshakes"), l.MaxHandshakes, 1, 100_000)
}

func (v *validator) web(at string, l *MQTTListener) {
	if !l.WebSocket() {
		return
	}
	if path := child(at, "path"); !strings.HasPrefix(l.Path, "/") || strings.ContainsAny(l.Path, "?#% ") {
		v.wrong(path, `%s = %q: want a path such as "/mqtt"`, shown(path), l.Path)
	}
	path := child(at, "allowed_origins")
	for _, s := range l.AllowedOrigins {
		u, err := url.Parse(s)
		if s != "*" && s != "null" && (err != nil || u.Scheme == "" || u.Host == "" || s != u.Scheme+"://"+u.Host) {
			v.wrong(path, `%s: %q: want a page's origin, such as "https://example.com" or "http://192.0.2.7:8080", or "*" for all`, shown(path), s)
		}
	}
}
