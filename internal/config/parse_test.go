package config

import (
	"os"
	"strings"
	"testing"
)

func TestProblems(t *testing.T) {
	for _, tc := range []struct {
		name, text string
		want       []string
	}{
		{"syntax", "a = \n", []string{`t:1: expected value but found '\n' instead`}},
		{"twice", "[log]\nlevel = \"info\"\nlevel = \"warn\"", []string{`t:3: Key 'log.level' has already been defined.`}},
		{"unknown", "[mqttsn]\nt_rety = \"10s\"", []string{"t:2: unknown key mqttsn.t_rety; did you mean t_retry?"}},
		{"unknown in a listener", "\n[[mqtt.listener]]\n[[mqtt.listener]]\naddress = \":1\"\nadres = 1", []string{"t:5: unknown key mqtt.listener.adres; did you mean address?"}},
		{"unlike anything", "[mqttsn]\nzigbee = 1", []string{"t:2: unknown key mqttsn.zigbee"}},
		{"upper case", "[mqttsn]\nT_RETRY = \"10s\"", []string{"t:2: unknown key mqttsn.T_RETRY; did you mean t_retry?"}},
		{"elsewhere", "[limits]\nt_retry = \"10s\"", []string{"t:2: unknown key limits.t_retry; t_retry belongs in [mqttsn]"}},
		{"elsewhere, misspelt", "[log]\nmax_sesions = 1", []string{"t:2: unknown key log.max_sesions; did you mean max_sessions in [limits]?"}},
		{"at the top", "allow_anonymous = true", []string{"t:1: unknown key allow_anonymous; allow_anonymous belongs in [[mqtt.listener]]"}},
		{"table", "[limit]\nmax_queued = 1", []string{"t:1: unknown key limit; did you mean limits?"}},
		{"to come", "[store]\npath = \"data\"\n[upstream]", []string{
			"t:3: [upstream] is not supported yet by this version; remove it",
		}},
		{"types", `[mqttsn]
gateway_id = "1"
n_retry = 3.0
takeover_will = 1
t_retry = 10
t_wait = "5"
max_idle = "later"
[limits]
max_queued_bytes = "8 mb"
session_expiry = "forever"
queue_policy = 1
[log]
level = false
`, []string{
			`t:2: mqttsn.gateway_id = "1": want a whole number`,
			`t:3: mqttsn.n_retry = 3: want a whole number`,
			`t:4: mqttsn.takeover_will = 1: want true or false`,
			`t:5: mqttsn.t_retry = 10: want a unit, as in "10s" (s, m, h or d)`,
			`t:6: mqttsn.t_wait = "5": want a unit, as in "5s" (s, m, h or d)`,
			`t:7: mqttsn.max_idle = "later": want a duration in quotes, such as "10s", "15m", "12h" or "1d"`,
			`t:9: limits.max_queued_bytes = "8 mb": want a size such as "64KiB", "8MiB", "1MB", or a number of octets`,
			`t:10: limits.session_expiry = "forever": want a duration in quotes, such as "10s", "15m", "12h" or "1d", or "never"`,
			`t:11: limits.queue_policy = 1: want text in quotes`,
			`t:13: log.level = false: want text in quotes`,
		}},
		{"ranges", `[mqttsn]
gateway_id = 300
t_retry = "1ms"
n_retry = -1
max_client_id = 0
[limits]
max_inflight = 70000
max_queued_bytes = 5
queue_policy = "newest"
share_policy = "random"
max_memory = "1KiB"
session_expiry = "60000d"
[log]
level = "trace"
format = "xml"
`, []string{
			`t:2: mqttsn.gateway_id = 300: want 0 to 255`,
			`t:3: mqttsn.t_retry = "1ms": want "100ms" to "1h"`,
			`t:4: mqttsn.n_retry = -1: want 0 to 100`,
			`t:5: mqttsn.max_client_id = 0: want 1 to 65535`,
			`t:7: limits.max_inflight = 70000: want 1 to 65535`,
			`t:8: limits.max_queued_bytes = 5: want "1KiB" to "1024GiB"`,
			`t:9: limits.queue_policy = "newest": want "drop-oldest", "drop-newest" or "disconnect"`,
			`t:10: limits.share_policy = "random": want "round-robin" or "sticky"`,
			`t:11: limits.max_memory = "1KiB": want "1MiB" to "1024GiB"`,
			`t:12: limits.session_expiry = "60000d": want "0s" to "49710d"`,
			`t:14: log.level = "trace": want "debug", "info", "warn" or "error"`,
			`t:15: log.format = "xml": want "text" or "json"`,
		}},
		{"listener types", `[[mqtt.listener]]
type = "quic"
[[mqtt.listener]]
type = "udp"
[[mqtt.listener]]
type = "unix"
[[mqttsn.listener]]
type = "zigbee"
`, []string{
			`t:2: mqtt.listener.type = "quic": want "tcp", "tls", "ws", "wss" or "unix"`,
			`t:4: mqtt.listener.type = "udp": want "tcp", "tls", "ws", "wss" or "unix"`,
			`t:5: mqtt.listener.address: a unix listener needs a path, such as "/run/snbroker/mqtt.sock"`,
			`t:8: mqttsn.listener.type = "zigbee": want "udp", "dtls" or "serial"`,
		}},
		{"listener limits", `[[mqtt.listener]]
max_connections = 0
max_packet_size = "256MiB"
max_keep_alive = "1d"
connect_timeout = "0s"
[[mqttsn.listener]]
max_message = 5
`, []string{
			`t:2: mqtt.listener.max_connections = 0: want 1 to 1073741824`,
			`t:3: mqtt.listener.max_packet_size = "256MiB": want 128 to 268435455`,
			`t:4: mqtt.listener.max_keep_alive = "1d": want "0s" to "18h12m15s"`,
			`t:5: mqtt.listener.connect_timeout = "0s": want "100ms" to "1h"`,
			`t:7: mqttsn.listener.max_message = 5: want 16 to 65507`,
		}},
		{"addresses", `[[mqtt.listener]]
address = "127.0.0.1"
[[mqtt.listener]]
address = "::1:1883"
[[mqtt.listener]]
address = "::1"
[[mqtt.listener]]
address = "127.0.0.1:mqtt"
[[mqtt.listener]]
address = "127.0.0:1883"
[[mqtt.listener]]
address = 1883
[[mqtt.listener]]
address = []
[[mqttsn.listener]]
address = "225.1.1.1:1883"
`, []string{
			`t:2: mqtt.listener.address = "127.0.0.1": want host:port, such as "127.0.0.1:1883", "[::1]:1883" or ":1883"`,
			`t:4: mqtt.listener.address = "::1:1883": an IPv6 address goes in brackets, and a port follows: "[::1]:1883"`,
			`t:6: mqtt.listener.address = "::1": an IPv6 address goes in brackets, and a port follows: "[::1]:1883"`,
			`t:8: mqtt.listener.address = "127.0.0.1:mqtt": want a port from 1 to 65535`,
			`t:10: mqtt.listener.address = "127.0.0:1883": want host:port, such as "127.0.0.1:1883", "[::1]:1883" or ":1883"`,
			`t:12: mqtt.listener.address = 1883: want "host:port", or a list of them`,
			`t:14: mqtt.listener.address = []: want "host:port", or a list of them`,
			`t:16: mqttsn.listener.address = "225.1.1.1:1883" is a multicast group: list it in groups, and give an address of this machine here`,
		}},
		{"taken", `[[mqtt.listener]]
address = ["127.0.0.1:1", "127.0.0.1:2"]
[[mqtt.listener]]
address = ":2"
[[mqtt.listener]]
type = "unix"
address = ["/a", "/a"]
[[mqttsn.listener]]
address = "127.0.0.1:1"
`, []string{
			`t:4: mqtt.listener.address = ":2": taken by "127.0.0.1:2" (line 2)`,
			`t:7: mqtt.listener.address = "/a": taken already (line 7)`,
		}},
		{"groups", `[[mqttsn.listener]]
address = ":1883"
groups = ["225.1.1.1", "[2001:db8::1]:1883", "[ff02::2]:1883", "225.1.1.1:1", "127.0.0.1:5"]
[[mqttsn.listener]]
address = ":1884"
groups = ["225.1.1.1:1"]
advertise_interval = "1d"
[[mqttsn.listener]]
address = ":1885"
group_interfaces = ["eth0"]
advertise_interval = "15m"
`, []string{
			`t:3: mqttsn.listener.groups: "127.0.0.1:5" is neither a multicast group (224.0.0.0 to 239.255.255.255, ff00::/8) nor a broadcast address; an address of this machine goes into address`,
			`t:3: mqttsn.listener.groups: "225.1.1.1" want address:port, such as "225.1.1.1:1883" or "[ff03::2]:10000"`,
			`t:3: mqttsn.listener.groups: "[2001:db8::1]:1883" is neither a multicast group (224.0.0.0 to 239.255.255.255, ff00::/8) nor a broadcast address; an address of this machine goes into address`,
			`t:3: mqttsn.listener.groups: [ff02::2]:1883 means something else on every interface: name one, as in "[ff02::2%eth0]:1883"`,
			`t:6: mqttsn.listener.groups: 225.1.1.1:1 is in use already (line 3)`,
			`t:7: mqttsn.listener.advertise_interval = "1d": want "1s" to "18h12m15s"`,
			`t:10: mqttsn.listener.group_interfaces does nothing without groups`,
			`t:11: mqttsn.listener.advertise_interval does nothing without groups`,
		}},
		{"predefined", `[mqttsn.predefined]
0 = "a"
x = "b"
7 = "c/#"
8 = "same"
9 = "same"
10 = 10
[mqttsn.client."a.b".predefined]
65535 = "d"
[mqttsn.client.c]
predefind = 1
`, []string{
			`t:2: mqttsn.predefined.0: predefined topic id 0: usable ids are 1 to 65534`,
			`t:3: mqttsn.predefined.x: a topic id is a number from 1 to 65534`,
			`t:4: mqttsn.predefined.7: predefined topic id 7: "c/#" is not a topic name (no wildcards, no NUL, not empty)`,
			`t:6: mqttsn.predefined.9: predefined topic "same" has the ids 8 and 9`,
			`t:7: mqttsn.predefined.10 = 10: want text in quotes`,
			`t:9: mqttsn.client."a.b".predefined.65535: predefined topic id 65535: usable ids are 1 to 65534`,
			`t:11: unknown key mqttsn.client.c.predefind; did you mean predefined?`,
		}},
		{"auth", `[auth]
password_files = "p"
bind_client_id = "on"
jwt_username_claim = ""
hash_workers = 0
ban_failures = -1
ban_time = "0s"
max_connects = -1
psk_files = "x"
[[mqtt.listener]]
acl_file = "x"
`, []string{
			`t:2: unknown key auth.password_files; did you mean password_file?`,
			`t:3: auth.bind_client_id = "on": want "off", "equal" or "prefix"`,
			`t:4: auth.jwt_username_claim = "": want the name of a claim, such as "sub"`,
			`t:5: auth.hash_workers = 0: want 1 to 1024`,
			`t:6: auth.ban_failures = -1: want 0 to 107374182`,
			`t:7: auth.ban_time = "0s": want "1s" to "3650d"`,
			`t:8: auth.max_connects = -1: want 0 to 1073741824`,
			`t:9: unknown key auth.psk_files; did you mean psk_file?`,
			`t:11: unknown key mqtt.listener.acl_file; acl_file belongs in [auth]`,
		}},
		{"shapes", `log = "info"
limits = []
[mqtt.listener]
[mqttsn]
predefined = ["a"]
`, []string{
			"t:1: log is a table: write its settings below a line [log]",
			"t:2: limits is a table: write its settings below a line [limits]",
			"t:3: there may be several of [[mqtt.listener]]: write it with two brackets",
			"t:5: mqttsn.predefined is a table: write its settings below a line [mqttsn.predefined]",
		}},
		{"nothing to do", "mqtt.listener = []\nmqttsn.listener = []", []string{"t:1: no listeners: neither [[mqtt.listener]] nor [[mqttsn.listener]]"}},
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

func TestAllowAnonymous(t *testing.T) {
	c, err := Parse("t", `
[[mqtt.listener]]
address = "127.0.0.1:1"
[[mqtt.listener]]
address = "127.0.0.1:2"
allow_anonymous = false
[[mqtt.listener]]
address = ":3"
[[mqtt.listener]]
address = ":4"
allow_anonymous = true
[[mqtt.listener]]
type = "unix"
address = "/run/mqtt.sock"
[[mqttsn.listener]]
address = "[::1]:1"
[[mqttsn.listener]]
address = ["127.0.0.1:2", "192.0.2.1:2"]
`)
	if err != nil {
		t.Fatal(err)
	}
	var got []bool
	for i := range c.MQTT.Listeners {
		got = append(got, c.MQTT.Listeners[i].AllowAnonymous)
	}
	for i := range c.MQTTSN.Listeners {
		got = append(got, c.MQTTSN.Listeners[i].AllowAnonymous)
	}
	want := []bool{true, false, false, true, true, true, false}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("listener %d: got %v, want %v", i, got[i], want[i])
		}
	}
	if at := c.MQTT.Listeners[2].Origin(); at != "t:7" {
		t.Errorf("the third listener is at %q, want t:7", at)
	}
}

// Tables that are not in a file are as without a file; an empty list of
// listeners is none.
func TestWhatIsMissingIsDefault(t *testing.T) {
	c, err := Parse("t", "")
	if err != nil || len(Changed(c, Default())) != 0 {
		t.Errorf("an empty file: %v, %v", Changed(c, Default()), err)
	}
	c, err = Parse("t", "[mqtt]\nlistener = []\n")
	if err != nil || len(c.MQTT.Listeners) != 0 || len(c.MQTTSN.Listeners) != 1 {
		t.Errorf("no listeners for MQTT: %+v, %v", c, err)
	}
	// Written on one line it is the same, without lines of its own.
	c, err = Parse("t", `mqttsn.listener = [{ address = ":9" }]`)
	if err != nil || c.MQTTSN.Listeners[0].Address[0] != ":9" || c.MQTTSN.Listeners[0].AllowAnonymous || !c.MQTTSN.Listeners[0].QoSMinusOne {
		t.Errorf("an inline table: %+v, %v", c, err)
	}
}

func TestLoadNoFile(t *testing.T) {
	_, err := Load("no/such.toml", nil)
	if err == nil || !strings.Contains(err.Error(), "built-in defaults") {
		t.Errorf("got %v", err)
	}
}

// Whatever is in a file, there is an answer, and its lines are the file's.
func FuzzParse(f *testing.F) {
	shipped, err := os.ReadFile("../../config.toml")
	if err != nil {
		f.Fatal(err)
	}
	for part := range strings.SplitSeq(string(shipped), "\n\n") { // small ones: they are made smaller all the time
		f.Add(uncomment(part))
	}
	f.Add("a.\"b\".'c' = [[1], {x = \"\"\"y\"\"\"}]\r\n[[mqtt.listener]]\n[mqtt.listener.x]\n")
	f.Add("mqtt = [1]\n'' = \"\\\"\"")
	f.Fuzz(func(t *testing.T, text string) {
		_, err := Parse("f", text)
		if err == nil {
			return
		}
		for _, p := range err.(Problems) {
			if p.Line < 0 || p.Line > strings.Count(text, "\n")+1 || p.Text == "" {
				t.Errorf("%+v", p)
			}
		}
	})
}
