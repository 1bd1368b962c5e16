package main

import (
	"os"
	"strings"
	"testing"
)

// command runs the program in this process.
func command(args ...string) (code int, stdout, stderr string) {
	var out, errs strings.Builder
	code = run(args, &out, &errs)
	return code, out.String(), errs.String()
}

func TestCheck(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, tc := range []struct {
		name, text string
		code       int
		out, err   string
	}{
		{"nothing", "", exitOK, "c.toml: ok\n", ""},
		{"good", "[mqttsn]\nt_retry = \"5s\"\n", exitOK, "c.toml: ok\n", ""},
		{"syntax", "[mqttsn\n", exitFailed, "", "c.toml:2: expected '.' or ']' to end table name, but got '\\n' instead\n"},
		{"several", `[[mqtt.listener]]
address = "localhost"
[[mqttsn.listener]]
type = "radio"
[mqttsn]
t_rety = "10s"
gateway_id = 256
[store]
path = "data"
`, exitFailed, "", `c.toml:2: mqtt.listener.address = "localhost": want host:port, such as "127.0.0.1:1883", "[::1]:1883" or ":1883"
c.toml:4: mqttsn.listener.type = "radio": want "udp", "dtls" or "serial"
c.toml:6: unknown key mqttsn.t_rety; did you mean t_retry?
c.toml:7: mqttsn.gateway_id = 256: want 0 to 255
`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if err := os.WriteFile("c.toml", []byte(tc.text), 0o600); err != nil {
				t.Fatal(err)
			}
			code, out, errs := command("check", "-config", "c.toml")
			if code != tc.code || out != tc.out || errs != tc.err {
				t.Errorf("got %d\n%s%swant %d\n%s%s", code, out, errs, tc.code, tc.out, tc.err)
			}
		})
	}
}

func TestUsage(t *testing.T) {
	for _, tc := range []struct {
		args     string
		code     int
		out, err string // parts of what is printed
	}{
		{"-help", exitOK, "Usage:", ""},
		{"--help", exitOK, "Usage:", ""},
		{"help", exitOK, "SNBROKER_PPROF", ""},
		{"check -h", exitOK, "config.toml", ""},
		{"version", exitOK, "snbroker ", ""},
		{"version x", exitUsage, "", `unexpected "x"`},
		{"check", exitUsage, "", "snbroker check -config FILE"},
		{"check -config no/such.toml", exitFailed, "", "no/such.toml: no such file"},
		{"-config no/such.toml", exitFailed, "", "without -config the built-in defaults are used"},
		{"start", exitUsage, "", `unexpected "start"`},
		{"-port 1883", exitUsage, "", "-port"},
	} {
		code, out, errs := command(strings.Fields(tc.args)...)
		if code != tc.code || !strings.Contains(out, tc.out) || !strings.Contains(errs, tc.err) || (out == "") != (tc.out == "") || (errs == "") != (tc.err == "") {
			t.Errorf("snbroker %s: got %d, %q, %q", tc.args, code, out, errs)
		}
	}
}

// The help fits a terminal.
func TestHelpWidth(t *testing.T) {
	for i, line := range strings.Split(help, "\n") {
		if len(line) > 80 {
			t.Errorf("line %d has %d columns: %s", i+1, len(line), line)
		}
	}
}
