package config

import (
	"reflect"
	"testing"

	"snbroker/broker"
	"snbroker/gateway"
	"snbroker/internal/auth"
	"snbroker/internal/listener"
	"snbroker/transport/dtls"
	"snbroker/transport/serial"
	"snbroker/transport/udp"
)

// told is what c makes the packages be told.
func told(c *Config) []any {
	m, s := &c.MQTT.Listeners[0], &c.MQTTSN.Listeners[0]
	return []any{c.Broker(), c.Gateway(), c.Listener(m), m.TLS(), s.Link(), s.UDP("a"), s.DTLSLink("a"), s.DTLS.TLS(), s.Serial(), s.Group("225.1.1.1:1"), c.Store.Options(), c.Auth.Config(), c.Auth.Guard(), c.Log.SlogLevel(), c.Admin.TLS()}
}

func checkDefaults(t *testing.T, c *Config) {
	t.Helper()
	l := listener.DefaultConfig()
	l.Anonymous = true // on the loopback addresses
	for _, tc := range []struct{ got, want any }{
		{c.Broker(), broker.DefaultLimits()},
		{c.Gateway(), gateway.DefaultConfig()},
		{c.Listener(&c.MQTT.Listeners[0]), l},
		{c.MQTT.Listeners[0].TLS(), listener.DefaultTLSConfig()},
		{c.MQTTSN.Listeners[0].Link(), gateway.LinkOptions{Anonymous: true, QoSMinusOne: true}},
		{c.MQTTSN.Listeners[0].UDP("a"), udp.Config{Address: "a"}},
		{c.MQTTSN.Listeners[0].DTLSLink("a"), dtlsDefault("a")},
		{c.MQTTSN.Listeners[0].TLS(), listener.DefaultTLSConfig()},
		{c.MQTTSN.Listeners[0].Serial(), serial.DefaultConfig()},
		{auth.NewGuard(c.Auth.Guard()), auth.NewGuard(auth.GuardConfig{})},
		{c.MQTTSN.Listeners[0].Group("b"), udp.GroupConfig{Group: "b"}},
	} {
		if !reflect.DeepEqual(tc.got, tc.want) {
			t.Errorf("%T:\ngot  %+[1]v\nwant %+[2]v", tc.got, tc.want)
		}
	}
}

func dtlsDefault(address string) dtls.Config {
	c := dtls.DefaultConfig()
	c.Address = address
	return c
}

func TestGroupAddress(t *testing.T) {
	l := MQTTSNListener{GroupInterfaces: []string{"eth0"}}
	for in, want := range map[string]string{
		"[ff02::2]:1":       "[ff02::2%eth0]:1",
		"[ff02::2%wpan0]:1": "[ff02::2%wpan0]:1",
		"[ff03::2]:1":       "[ff03::2]:1",
		"225.1.1.1:1":       "225.1.1.1:1",
	} {
		if got := l.GroupAddress(in).String(); got != want {
			t.Errorf("%s: got %s, want %s", in, got, want)
		}
	}
}

// A group that names its interface is not heard on the others.
func TestGroupWithInterface(t *testing.T) {
	l := MQTTSNListener{GroupInterfaces: []string{"eth0"}}
	if g := l.Group("[ff02::2%wpan0]:10000"); g.Interfaces != nil {
		t.Errorf("got %q", g.Interfaces)
	}
	if g := l.Group("225.1.1.1:1883"); len(g.Interfaces) != 1 {
		t.Errorf("got %q", g.Interfaces)
	}
}

func TestPredefined(t *testing.T) {
	c, err := Parse("t", "[mqttsn.predefined]\n7 = \"all/7\"\n[mqttsn.client.\"a.b\".predefined]\n7 = \"own/7\"\n")
	if err != nil {
		t.Fatal(err)
	}
	p := c.Gateway().Predefined
	for id, want := range map[string]string{"": "all/7", "a.b": "own/7"} {
		if got, _ := p.Name(id, 7); got != want {
			t.Errorf("for %q: got %q, want %q", id, got, want)
		}
	}
}

// Files are where the configuration is, wherever the program was started.
func TestAuthFiles(t *testing.T) {
	c, err := Parse("/etc/snbroker/config.toml", "[auth]\npassword_file = \"passwords\"\nacl_file = \"/x/acl\"\njwks_file = \"../keys\"\n")
	if err != nil {
		t.Fatal(err)
	}
	got := c.Auth.Config()
	if got.PasswordFile != "/etc/snbroker/passwords" || got.ACLFile != "/x/acl" || got.JWT.JWKSFile != "/etc/keys" || got.SCRAMFile != "" {
		t.Errorf("got %+v", got)
	}
	if !c.Auth.Proves() || Default().Auth.Proves() {
		t.Error("with a password file clients can prove who they are, without they cannot")
	}
}

// 0 is no bound, not the default.
func TestAuthNoBounds(t *testing.T) {
	c, err := Parse("t", "[auth]\nban_failures = 0\nmax_connects = 0\n")
	if err != nil {
		t.Fatal(err)
	}
	if g := c.Auth.Guard(); g.Failures >= 0 || g.AddressFailures >= 0 || g.Connects >= 0 {
		t.Errorf("got %+v", g)
	}
}

func TestChanged(t *testing.T) {
	a, err := Parse("t", "[mqttsn]\nn_retry = 5\n[log]\nlevel = \"debug\"\n[[mqtt.listener]]\naddress = \":1\"\n")
	if err != nil {
		t.Fatal(err)
	}
	if got, want := Changed(Default(), a), []string{"mqtt.listener", "mqttsn.n_retry", "log.level"}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	// The same, on other lines.
	b, err := Parse("u", "\n\n[[mqtt.listener]]\naddress = [\":1\"]\n[mqttsn]\nn_retry = 5\n[log]\nlevel = \"debug\"\n")
	if got := Changed(a, b); err != nil || got != nil {
		t.Errorf("got %q, %v", got, err)
	}
}
