package main

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"snbroker/internal/auth"
	"snbroker/internal/config"
)

// Without files all is allowed, to devices too, but to publish to $-topics. To
// ask allocates nothing.
func TestJudgeByDefault(t *testing.T) {
	a, err := loadAuth(config.Default())
	if err != nil {
		t.Fatal(err)
	}
	j := judge{a, &denials{log: quietly}}
	for _, who := range []any{nil, (*auth.Identity)(nil), &auth.Identity{}, &auth.Identity{Username: "alice", Kind: auth.KindPassword}} {
		if j.CanPublish(who, "c", "$SYS/x") || j.CanPublish(who, "c", "$x") || !j.CanPublish(who, "c", "a/$x") {
			t.Errorf("%v: publishing", who)
		}
		if !j.CanSubscribe(who, "c", "$SYS/#") || !j.CanReceive(who, "c", "$SYS/x") || !j.CanSubscribe(who, "c", "#") || !j.CanReceive(who, "c", "a") {
			t.Errorf("%v: reading", who)
		}
		if n := testing.AllocsPerRun(100, func() { j.CanPublish(who, "c", "a"); j.CanReceive(who, "c", "a") }); n != 0 {
			t.Errorf("%v: %v allocations", who, n)
		}
	}
}

// A flood of denials is one line, and the next line has how many there were.
func TestDenialsAreToldSeldom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, err := loadAuth(config.Default())
		if err != nil {
			t.Fatal(err)
		}
		var log strings.Builder
		j := judge{a, &denials{log: newLog(&log, "text", new(slog.LevelVar), false)}}
		for range 2 {
			for range 5 {
				j.CanPublish(nil, "c", "$x")
			}
			time.Sleep(denialsEvery)
		}
		want := []string{`msg="not published: `, `client=c user="" topic=$x`, "\n", "not_told=4"}
		rest := log.String()
		for _, text := range want {
			_, after, found := strings.Cut(rest, text)
			if !found {
				t.Fatalf("no %q in %q of\n%s", text, rest, log.String())
			}
			rest = after
		}
		if n := strings.Count(log.String(), "\n"); n != 2 {
			t.Errorf("%d lines", n)
		}
		if d := a.Denials(); d != (auth.Denials{Publish: 10}) {
			t.Errorf("counted: %+v", d)
		}
	})
}

// The rights in docs/security.md are what is said there.
func TestRightsInDocuments(t *testing.T) {
	text, err := os.ReadFile("../../docs/security.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rules, _ := strings.Cut(string(text), "```acl\n")
	rules, _, found := strings.Cut(rules, "```")
	if !found {
		t.Fatal("there are none")
	}
	cfg := config.Default()
	cfg.Auth.ACLFile = filepath.Join(t.TempDir(), "acl")
	if err := os.WriteFile(cfg.Auth.ACLFile, []byte(rules), 0o600); err != nil {
		t.Fatal(err)
	}
	a, err := loadAuth(cfg)
	if err != nil {
		t.Fatal(err)
	}
	j := judge{a, &denials{log: quietly}}
	for _, tc := range []struct {
		user, clientID, topic  string
		write, subscribe, read bool
	}{
		{"", "c", "public/a", false, true, true},
		{"", "c", "attic/a", false, false, false},
		{"", "c", "things/c/a", true, false, false},
		{"", "c", "things/d/a", false, false, false},
		{"alice", "c", "attic/a", true, true, true},
		{"alice", "c", "attic/safe", false, false, false},
		{"alice", "c", "public/a", false, false, false},
		{"meter-1", "c", "meters/1/a", true, false, false},
		{"meter-1", "c", "commands/meter-1/a", false, true, true},
		{"meter-1", "c", "commands/alice/a", false, false, false},
		{"meter-1", "c", "#", false, true, false},
	} {
		who := &auth.Identity{Username: tc.user, Kind: auth.KindPSK}
		w, s, r := j.CanPublish(who, tc.clientID, tc.topic), j.CanSubscribe(who, tc.clientID, tc.topic), j.CanReceive(who, tc.clientID, tc.topic)
		if w != tc.write || s != tc.subscribe || r != tc.read {
			t.Errorf("%q as %s: %s: write %v, subscribe %v, read %v", tc.user, tc.clientID, tc.topic, w, s, r)
		}
	}
}

// Users that are deleted while they connect do not slip through.
func TestReloadWhileConnecting(t *testing.T) {
	folder := t.TempDir()
	passwords := filepath.Join(folder, "passwords")
	if err := auth.SetPassword(passwords, "bob", "secret", auth.Options{Algorithm: auth.PBKDF2SHA512, Iterations: 1000}); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(passwords)
	if err != nil {
		t.Fatal(err)
	}
	s := started(t, "mqttsn.listener = []\n[[mqtt.listener]]\naddress = \"127.0.0.1:0\"\nallow_anonymous = false\n"+
		"[auth]\npassword_file = \""+passwords+"\"\nmax_connects = 0\nban_failures = 0\n", quietly)
	if err := auth.SetPassword(passwords, "alice", "secret", auth.Options{Algorithm: auth.PBKDF2SHA512, Iterations: 1000}); err != nil {
		t.Fatal(err)
	}
	both, err := os.ReadFile(passwords)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 20 {
		if err := os.WriteFile(passwords, both, 0o600); err != nil || !s.reloadAuth(s.cfg) {
			t.Fatalf("not reloaded, %v", err)
		}
		var clients []peer
		for c := range 8 {
			p := dial(t, "tcp", s.clients[0].Addr().String())
			p.say(fmt.Sprintf("\x10\x1e\x00\x04MQTT\x04\xc2\x00\x00\x00\x03c-%d\x00\x05alice\x00\x06secret", c))
			clients = append(clients, p)
		}
		clients[i%8].hear("\x20") // some are in, some on their way
		if err := os.WriteFile(passwords, before, 0o600); err != nil || !s.reloadAuth(s.cfg) {
			t.Fatalf("not reloaded, %v", err)
		}
		s.sweep()
		for _, p := range clients {
			p.ends()
		}
	}
}
