package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"snbroker/firmware-sim/internal/cli"
)

// moving are devices behind a NAT that gives them new ports.
const moving = `
about = "Devices with DTLS whose ports change."
devices = 50
duration = "6s"
ramp = "1s"
[[population]]
behaviour = "sensor"
name = "meter"
interval = "300ms"
topic = "m/{id}"
move = { rebind = "1s" }
`

// secureServer is the program with DTLS, with the settings of its listener.
func secureServer(t *testing.T, settings string) (s *server, gateway string) {
	t.Helper()
	s = serveWith(t, serverConfig+"[[mqttsn.listener]]\ntype = \"dtls\"\naddress = \"127.0.0.1:0\"\n"+settings)
	return s, "dtls://" + s.secure
}

var finished = regexp.MustCompile(`DTLS handshakes ([\d,]+)`)

// Sessions move to other ports without a handshake, and nothing is lost.
func TestFleetWithKeys(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file, keys := filepath.Join(dir, "s.toml"), filepath.Join(dir, "keys")
	var lines strings.Builder
	for n := range 50 {
		fmt.Fprintf(&lines, "meter-%05d:%032x\n", n, n+1)
	}
	for name, text := range map[string]string{file: moving, keys: lines.String()} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s, gateway := secureServer(t, fmt.Sprintf("[auth]\npsk_file = %q\n", keys))
	run := []string{"run", file, "-quiet", "-broker", s.broker}
	got := command(t.Context(), "", append(run, "-gateway", gateway, "-psk", "meter-{n}:@"+keys)...)
	if got.code != cli.ExitOK || !strings.Contains(got.stdout, "\nAll is as promised") {
		t.Errorf("exit code %d\n%s%s", got.code, got.stdout, got.stderr)
	}
	if m := finished.FindStringSubmatch(got.stdout); m == nil || m[1] != "50" {
		t.Errorf("DTLS handshakes: %v\n%s", m, got.stdout)
	}
	for _, c := range []struct{ gateway, psk, want string }{
		{gateway, "other-{n}:@" + keys, "has no key of other-00"},
		{gateway, "m:@nowhere", "-psk: open nowhere"},
		{gateway, "m:xyz", "or identity:@file"},
		{strings.TrimPrefix(gateway, "dtls://"), "m:00", "write -gateway dtls://127.0.0.1:"},
		{"dtls://127.0.0.1", "m:00", "want dtls://host:port"},
		{"dtls://127.0.0.1:9", "m:00", "nothing listens on UDP 127.0.0.1:9: start the gateway"},
	} {
		got := command(t.Context(), "", append(run, "-gateway", c.gateway, "-psk", c.psk)...)
		if got.code != cli.ExitFailed || !strings.Contains(got.stderr, c.want) {
			t.Errorf("%s: %+v", c.want, got)
		}
	}
}

// A fleet that gets in nowhere says so before its scenario is over.
func TestFleetWithWrongKey(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file, keys := filepath.Join(dir, "s.toml"), filepath.Join(dir, "keys")
	for name, text := range map[string]string{file: strings.Replace(moving, `"6s"`, `"1h"`, 1), keys: "a:00112233\n"} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s, gateway := secureServer(t, fmt.Sprintf("[auth]\npsk_file = %q\n", keys))
	got := command(t.Context(), "", "run", file, "-quiet", "-broker", s.broker, "-gateway", gateway, "-psk", "a:01")
	if got.code != cli.ExitFailed || !strings.Contains(got.stderr+got.stdout, gateway+": no DTLS handshake") {
		t.Errorf("%+v", got)
	}
}

// All devices may share a certificate.
func TestFleetWithCertificate(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "s.toml")
	if err := os.WriteFile(file, []byte(strings.Replace(moving, `"6s"`, `"3s"`, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	gatewayCert, gatewayKey := pair(t, "gateway")
	cert, key := pair(t, "device")
	s, gateway := secureServer(t, fmt.Sprintf("cert_file = %q\nkey_file = %q\nclient_ca_file = %q\nrequire_client_cert = true\n", gatewayCert, gatewayKey, cert))
	got := command(t.Context(), "", "run", file, "-quiet", "-devices", "10", "-broker", s.broker, "-gateway", gateway, "-cert", cert, "-key", key, "-ca", gatewayCert)
	if m := finished.FindStringSubmatch(got.stdout); got.code != cli.ExitOK || m == nil || m[1] != "10" {
		t.Errorf("exit code %d\n%s%s", got.code, got.stdout, got.stderr)
	}
}

// restarting are devices that lose what they had in memory.
const restarting = `
about = "Devices with DTLS that restart."
devices = 20
duration = "8s"
ramp = "1s"
drain = "3s"
[[population]]
behaviour = "sensor"
name = "meter"
interval = "300ms"
topic = "m/{id}"
power = { reboot = "4s", loss = "8s", off = "1s" }
`

var resumed = regexp.MustCompile(`DTLS handshakes that resumed a session ([\d,]+)`)

// A device without power has no session after that: it shakes hands again, and
// resumes the one that it had if it has kept the secret. Nothing is lost.
func TestFleetRestartsWithKeys(t *testing.T) {
	t.Parallel()
	for name, top := range map[string]string{"anew": "", "resumed": "resume = true\n"} {
		dir := t.TempDir()
		file, keys := filepath.Join(dir, "s.toml"), filepath.Join(dir, "keys")
		for path, text := range map[string]string{file: top + restarting, keys: "m:00112233\n"} {
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		s, gateway := secureServer(t, fmt.Sprintf("connection_rate = 0\n[auth]\npsk_file = %q\n", keys))
		got := command(t.Context(), "", "run", file, "-quiet", "-broker", s.broker, "-gateway", gateway, "-psk", "m:00112233")
		if got.code != cli.ExitOK || !strings.Contains(got.stdout, "\nAll is as promised") {
			t.Errorf("%s: exit code %d\n%s%s", name, got.code, got.stdout, got.stderr)
		}
		count := func(what *regexp.Regexp) (n int) {
			if m := what.FindStringSubmatch(got.stdout); m != nil {
				n, _ = strconv.Atoi(strings.TrimSuffix(m[1], ","))
			}
			return n
		}
		all, again := count(finished), count(resumed)
		if all <= 25 || again > 0 != (top != "") || top != "" && again != all-20 {
			t.Errorf("%s: %d handshakes, %d of them resumed\n%s", name, all, again, got.stdout)
		}
	}
}
