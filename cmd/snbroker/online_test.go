//go:build unix

package main

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"snbroker/internal/auth"
)

func TestOnline(t *testing.T) {
	path := file(t, withAdmin+"password_file = \"admins\"\n")
	if err := os.WriteFile(filepath.Join(filepath.Dir(path), "admins"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := auth.SetPassword(filepath.Join(filepath.Dir(path), "admins"), "alice", "open sesame", auth.Options{}); err != nil {
		t.Fatal(err)
	}
	p := launch(t, nil, "-config", path)
	p.until("msg=ready")
	url := p.adminURL()
	if code, _, said := command("clients", "-admin", url); code != exitFailed || !strings.Contains(said, "a login is needed: -user") {
		t.Errorf("%d %s", code, said)
	}
	t.Setenv("SNBROKER_ADMIN_PASSWORD", "open sesame")
	ask := func(name string, args ...string) string {
		t.Helper()
		code, out, said := command(append([]string{name, "-admin", url, "-user", "alice"}, args...)...)
		if code != exitOK {
			t.Fatalf("%s %q: %d %s", name, args, code, said)
		}
		return out
	}
	trace := exec.Command(mustBinary(t), "trace", "-admin", url, "-user", "alice", "-address", "127.0.0.1")
	pipe, err := trace.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	notes, err := trace.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := trace.Start(); err != nil {
		t.Fatal(err)
	}
	if said, err := bufio.NewReader(notes).ReadString('\n'); said != "snbroker: watching\n" {
		t.Fatalf("%q %v", said, err)
	}
	t.Cleanup(func() { _ = trace.Process.Kill() })
	client := dial(t, "tcp", p.address("tcp"))
	client.ask(mqttConnect, mqttConnack)
	device := dial(t, "udp", p.address("udp"))
	device.ask(snConnect, snConnack)
	device.say(snPublish("x"))
	for shown, lines := false, bufio.NewReader(pipe); !shown; {
		line, err := lines.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		shown = strings.Contains(line, "PUBLISH")
	}
	out := ask("clients", "-kind", "device")
	if lines := strings.Split(strings.TrimSpace(out), "\n"); len(lines) != 2 || !strings.Contains(lines[1], "device") || !strings.Contains(lines[1], "active") {
		t.Errorf("%s", out)
	}
	id := strings.Fields(strings.Split(out, "\n")[1])[0]
	if out = ask("kick", id); out != id+": disconnected\n" {
		t.Errorf("%s", out)
	}
	device.hear(snDisconnect)
	if out = ask("topics"); !strings.Contains(out, "$SYS/...") {
		t.Errorf("%s", out)
	}
	if out = ask("topics", "$SYS/broker/"); !strings.Contains(out, "$SYS/broker/version  \"snbroker version") || !strings.Contains(out, "$SYS/broker/clients/...") {
		t.Errorf("%s", out)
	}
	for _, c := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"kick"}, exitUsage, "want a ClientID"},
		{[]string{"clients", "more"}, exitUsage, "unexpected"},
		{[]string{"trace", "-colour"}, exitUsage, "trace -help"},
		{[]string{"clients", "-admin", url, "-user", "bob"}, exitFailed, "wrong user or password"},
		{[]string{"clients", "-admin", "127.0.0.1:1"}, exitFailed, "is snbroker running"},
		{[]string{"clients", "-admin", url, "-user", "alice", "-kind", "robot"}, exitFailed, "want one of"},
	} {
		if code, _, said := command(c.args...); code != c.code || !strings.Contains(said, c.says) {
			t.Errorf("%q: %d %s", c.args, code, said)
		}
	}
	if code, said, _ := command("trace", "-help"); code != exitOK || !strings.Contains(said, "wireshark") {
		t.Errorf("%d %s", code, said)
	}
}

func mustBinary(t *testing.T) string {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	return path
}
