package config

import (
	"crypto/tls"
	"reflect"
	"strings"
	"testing"

	"snbroker/internal/listener"
	"snbroker/internal/mqtt"
)

func TestListenerProblems(t *testing.T) {
	for _, tc := range []struct {
		name, text string
		want       []string
	}{
		{"not with tcp", `[[mqtt.listener]]
cert_file = "a"
key_file = "b"
client_ca_file = "c"
require_client_cert = true
crl_file = "d"
certificate_identity = "cn"
tls_min_version = "1.3"
max_handshakes = 3
path = "/mqtt"
allowed_origins = ["*"]
`, []string{
			`t:2: mqtt.listener.cert_file is for listeners of type "tls" or "wss"; this one is "tcp"`,
			`t:3: mqtt.listener.key_file is for listeners of type "tls" or "wss"; this one is "tcp"`,
			`t:4: mqtt.listener.client_ca_file is for listeners of type "tls" or "wss"; this one is "tcp"`,
			`t:5: mqtt.listener.require_client_cert is for listeners of type "tls" or "wss"; this one is "tcp"`,
			`t:6: mqtt.listener.crl_file is for listeners of type "tls" or "wss"; this one is "tcp"`,
			`t:7: mqtt.listener.certificate_identity is for listeners of type "tls" or "wss"; this one is "tcp"`,
			`t:8: mqtt.listener.tls_min_version is for listeners of type "tls" or "wss"; this one is "tcp"`,
			`t:9: mqtt.listener.max_handshakes is for listeners of type "tls" or "wss"; this one is "tcp"`,
			`t:10: mqtt.listener.path is for listeners of type "ws" or "wss"; this one is "tcp"`,
			`t:11: mqtt.listener.allowed_origins is for listeners of type "ws" or "wss"; this one is "tcp"`,
		}},
		{"not with unix", `[[mqtt.listener]]
type = "unix"
address = "/run/mqtt.sock"
max_connections_per_address = 1
connection_rate = 1
proxy_protocol_from = ["10.0.0.0/8"]
`, []string{
			`t:4: mqtt.listener.max_connections_per_address is for listeners of type "tcp", "tls", "ws" or "wss"; this one is "unix"`,
			`t:5: mqtt.listener.connection_rate is for listeners of type "tcp", "tls", "ws" or "wss"; this one is "unix"`,
			`t:6: mqtt.listener.proxy_protocol_from is for listeners of type "tcp", "tls", "ws" or "wss"; this one is "unix"`,
		}},
		{"files", `[[mqtt.listener]]
type = "tls"
require_client_cert = true
crl_file = "d"
certificate_identity = "san"
[[mqtt.listener]]
type = "wss"
cert_file = "a"
`, []string{
			`t:1: mqtt.listener.cert_file: a tls listener needs the server's certificate, a file in PEM`,
			`t:1: mqtt.listener.key_file: a tls listener needs the certificate's key, a file in PEM`,
			`t:3: mqtt.listener.require_client_cert needs client_ca_file: the authorities that clients' certificates come from`,
			`t:4: mqtt.listener.crl_file does nothing without client_ca_file`,
			`t:5: mqtt.listener.certificate_identity does nothing without client_ca_file`,
			`t:6: mqtt.listener.key_file: a wss listener needs the certificate's key, a file in PEM`,
		}},
		{"values", `[[mqtt.listener]]
type = "wss"
cert_file = "a"
key_file = "b"
client_ca_file = "c"
certificate_identity = "dn"
tls_min_version = "1.1"
max_handshakes = 0
path = "mqtt"
allowed_origins = ["example.com", "https://example.com/", "https://ok.example", "null"]
protocol_versions = ["5.0"]
mount_point = "site"
max_connections_per_address = -1
connection_rate = 2000000
proxy_protocol_from = ["10.0.0.0/8", "10/8", "proxy.example", "::1"]
[[mqtt.listener]]
protocol_versions = []
mount_point = "$SYS/"
[[mqtt.listener]]
address = ":1884"
mount_point = "a/+/"
`, []string{
			`t:6: mqtt.listener.certificate_identity = "dn": want "cn", "san" or "off"`,
			`t:7: mqtt.listener.tls_min_version = "1.1": want "1.2" or "1.3"`,
			`t:8: mqtt.listener.max_handshakes = 0: want 1 to 100000`,
			`t:9: mqtt.listener.path = "mqtt": want a path such as "/mqtt"`,
			`t:10: mqtt.listener.allowed_origins: "example.com": want a page's origin, such as "https://example.com" or "http://192.0.2.7:8080", or "*" for all`,
			`t:10: mqtt.listener.allowed_origins: "https://example.com/": want a page's origin, such as "https://example.com" or "http://192.0.2.7:8080", or "*" for all`,
			`t:11: mqtt.listener.protocol_versions = "5.0": want "3.1", "3.1.1" or "5"`,
			`t:12: mqtt.listener.mount_point = "site": want a topic that ends in "/", such as "site-1/"; no wildcards, no "$" in front`,
			`t:13: mqtt.listener.max_connections_per_address = -1: want 0 to 1073741824`,
			`t:14: mqtt.listener.connection_rate = 2000000: want 0 to 1000000`,
			`t:15: mqtt.listener.proxy_protocol_from: "10/8": want addresses such as "10.0.0.0/8", "192.0.2.7" or "2001:db8::/32"`,
			`t:15: mqtt.listener.proxy_protocol_from: "proxy.example": want addresses such as "10.0.0.0/8", "192.0.2.7" or "2001:db8::/32"`,
			`t:17: mqtt.listener.protocol_versions: none is let in: want some of "3.1", "3.1.1" or "5"`,
			`t:18: mqtt.listener.mount_point = "$SYS/": want a topic that ends in "/", such as "site-1/"; no wildcards, no "$" in front`,
			`t:21: mqtt.listener.mount_point = "a/+/": want a topic that ends in "/", such as "site-1/"; no wildcards, no "$" in front`,
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := Parse("t", tc.text)
			if err == nil {
				t.Fatal("no error")
			}
			if got, want := err.Error(), strings.Join(tc.want, "\n"); got != want {
				t.Errorf("got:\n%s\nwant:\n%s", got, want)
			}
		})
	}
}

// What a listener is told, of every type.
func TestListenerTypes(t *testing.T) {
	c, err := Parse("t", `
[[mqtt.listener]]
type = "tls"
cert_file = "a"
key_file = "b"
client_ca_file = "c"
certificate_identity = "off"
tls_min_version = "1.3"
protocol_versions = ["5"]
[[mqtt.listener]]
type = "ws"
[[mqtt.listener]]
type = "wss"
cert_file = "a"
key_file = "b"
proxy_protocol_from = ["127.0.0.1", "2001:db8::7/32"]
`)
	if err != nil {
		t.Fatal(err)
	}
	l := c.MQTT.Listeners
	if got, want := l[0].TLS(), (listener.TLSConfig{CertFile: "a", KeyFile: "b", ClientCAFile: "c", MinVersion: tls.VersionTLS13, Identity: listener.IdentityOff, MaxHandshakes: 16}); got != want {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if got := c.Listener(&l[0]); got.Versions != listener.Versions(0).With(mqtt.V5) || got.WebSocket {
		t.Errorf("%+v", got)
	}
	if got := c.Listener(&l[2]); !got.WebSocket || len(got.ProxyFrom) != 2 || got.ProxyFrom[0].String() != "127.0.0.1/32" || got.ProxyFrom[1].String() != "2001:db8::/32" {
		t.Errorf("%+v", got)
	}
	for i, want := range []Addresses{{"127.0.0.1:8883", "[::1]:8883"}, {"127.0.0.1:8083", "[::1]:8083"}, {"127.0.0.1:8084", "[::1]:8084"}} {
		if !reflect.DeepEqual(l[i].Address, want) || l[i].Network() != "tcp" {
			t.Errorf("listener %d: %q", i, l[i].Address)
		}
	}
	// Whoever the proxy brings is not this machine.
	if !l[0].AllowAnonymous || !l[1].AllowAnonymous || l[2].AllowAnonymous {
		t.Error("wrong ones let everybody in")
	}
}
