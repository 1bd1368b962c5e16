package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"snbroker/firmware-sim/internal/cli"
)

// A device with a password is let in by the real program, and no other.
func TestLogin(t *testing.T) {
	t.Parallel()
	if err := build(); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	passwords, secret := filepath.Join(dir, "passwords"), filepath.Join(dir, "secret")
	if err := os.WriteFile(secret, []byte("pass:word\nnot this\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	set := exec.Command(built, "passwd", "-c", passwords, "attic")
	set.Stdin = strings.NewReader("pass:word\n")
	if out, err := set.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	s := serveWith(t, fmt.Sprintf(`
[auth]
password_file = %q
[[mqtt.listener]]
type = "tcp"
address = "127.0.0.1:0"
[[mqttsn.listener]]
type = "udp"
address = "127.0.0.1:0"
allow_anonymous = false
allow_plain_auth = true
[mqttsn]
t_retry = "1s"
`, passwords))
	for _, c := range []struct {
		auth string
		code int
		says string
	}{
		{"attic:pass:word", cli.ExitOK, ""},
		{"attic:@" + secret, cli.ExitOK, ""},
		{"attic:wrong", cli.ExitFailed, "the gateway does not take this device"},
		{"", cli.ExitFailed, "the gateway does not take this device"},
		{"attic", cli.ExitUsage, "user:password"},
		{"attic:@" + filepath.Join(dir, "missing"), cli.ExitUsage, "no such file"},
	} {
		got := command(t.Context(), "", "pub", "-gateway", s.gateway, "-auth", c.auth, "-t", "a", "-m", "x", "-q", "1")
		if got.code != c.code || !strings.Contains(got.stderr, c.says) {
			t.Errorf("-auth %q: %+v", c.auth, got)
		}
	}
}
