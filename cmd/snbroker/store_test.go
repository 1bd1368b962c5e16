package main

import (
	"bytes"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"snbroker/broker"
	"snbroker/internal/config"
	"snbroker/internal/mqtt"
)

// onDisk starts the program on a folder.
func onDisk(t *testing.T, folder string, log *slog.Logger) (*server, error) {
	t.Helper()
	cfg, err := config.Parse("test.toml", anyPort)
	if err != nil {
		t.Fatal(err)
	}
	cfg.Store.Path = folder
	return start(cfg, log)
}

// fill leaves a session with messages that wait for it, and retained ones.
func fill(t *testing.T, s *server, n int) {
	t.Helper()
	var turn broker.Turn
	c, _, err := s.broker.Connect(broker.ConnectOptions{ClientID: "c", Expiry: broker.Never}, nobody{}, &turn)
	if err != nil {
		t.Fatal(err)
	}
	c.Subscribe("t/#", broker.SubscribeOptions{QoS: 1})
	for i := range n {
		c.Publish(&broker.Publication{Topic: fmt.Sprint("t/", i), Payload: []byte("x"), QoS: 1, Retain: true}, &turn)
	}
	done := make(committed)
	if s.broker.Notify(turn.Until(), done) {
		<-done
	}
	s.broker.End(&turn)
}

type nobody struct{}

func (nobody) Ready()                 {}
func (nobody) Closed(mqtt.ReasonCode) {}

type committed chan struct{}

func (c committed) Durable() { close(c) }

func TestSecondProgramOnAStore(t *testing.T) {
	folder := t.TempDir()
	s, err := onDisk(t, folder, quietly)
	if err != nil {
		t.Fatal(err)
	}
	defer s.stop()
	_, err = onDisk(t, folder, quietly)
	if err == nil || !strings.Contains(err.Error(), fmt.Sprint(os.Getpid())) || !strings.Contains(err.Error(), "a folder of its own, with [store] path") {
		t.Errorf("the second program says: %v", err)
	}
}

// Damage in the middle costs what was in it: it is put aside and told of, and the
// program starts with the rest.
func TestDamagedStore(t *testing.T) {
	const n = 500
	folder := t.TempDir()
	s, err := onDisk(t, folder, quietly)
	if err != nil {
		t.Fatal(err)
	}
	fill(t, s, n)
	s.stop()
	segments, _ := filepath.Glob(filepath.Join(folder, "*.log"))
	if len(segments) != 1 {
		t.Fatalf("segments: %v", segments)
	}
	b, err := os.ReadFile(segments[0])
	if err != nil {
		t.Fatal(err)
	}
	at := bytes.Index(b, []byte("t/250"))
	b[at] ^= 1
	if err := os.WriteFile(segments[0], b, 0o600); err != nil {
		t.Fatal(err)
	}
	if code, out, errs := command("store", "verify", "-path", folder); code != exitFailed || !strings.Contains(out, "are damaged") || !strings.Contains(errs, "starts with the rest") {
		t.Errorf("verify: %d\n%s%s", code, out, errs)
	}
	var log bytes.Buffer
	s, err = onDisk(t, folder, slog.New(slog.NewTextHandler(&log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	defer s.stop()
	if text := log.String(); !strings.Contains(text, "part of the store is damaged") || !strings.Contains(text, "retained=499") || !strings.Contains(text, "queued=499") {
		t.Errorf("the log is\n%s", text)
	}
	if aside, _ := os.ReadDir(filepath.Join(folder, "quarantine")); len(aside) == 0 {
		t.Error("nothing was put aside")
	}
}

func TestStoreTool(t *testing.T) {
	folder, copied := t.TempDir(), filepath.Join(t.TempDir(), "copy")
	s, err := onDisk(t, folder, quietly)
	if err != nil {
		t.Fatal(err)
	}
	fill(t, s, 10)
	for _, tc := range []struct {
		args []string
		code int
		want []string
	}{
		{[]string{"store", "stat", "-path", folder}, exitOK, []string{"sessions        1\n", "queued          10\n", "retained        10\n"}},
		{[]string{"store", "verify", "-path", folder}, exitOK, []string{": ok\n"}},
		{[]string{"store", "dump", "-path", folder}, exitOK, []string{`client="c"`, `subscribed to "t/#" qos=1`, `message topic="t/3" qos=1 payload=1 retain`}},
		{[]string{"store", "backup", "-path", folder, "-to", copied}, exitOK, []string{"copied to"}},
		{[]string{"store", "stat", "-path", copied}, exitOK, []string{"queued          10\n"}},
		{[]string{"store", "backup", "-path", folder}, exitUsage, []string{"-to is where a backup goes"}},
		{[]string{"store", "backup", "-path", folder, "-to", copied}, exitFailed, nil},
		{[]string{"store", "stat", "-path", filepath.Join(folder, "nothing")}, exitFailed, nil},
		{[]string{"store"}, exitUsage, []string{"store needs one of stat, verify, dump, backup"}},
		{[]string{"store", "-help"}, exitOK, []string{"Usage:"}},
		{[]string{"store", "stat", "-help"}, exitOK, []string{"snbroker store backup"}},
	} {
		code, out, errs := command(tc.args...)
		if code != tc.code {
			t.Errorf("%q: code %d\n%s%s", tc.args, code, out, errs)
		}
		for _, w := range tc.want {
			if !strings.Contains(out+errs, w) {
				t.Errorf("%q: no %q in\n%s%s", tc.args, w, out, errs)
			}
		}
	}
	s.stop()
	s, err = onDisk(t, copied, quietly)
	if err != nil {
		t.Fatal(err)
	}
	defer s.stop()
	if n := s.broker.Stats().Retained; n < 10 {
		t.Errorf("%d retained messages in the copy", n)
	}
}

// A folder that cannot be used is told of with what to do.
func TestStoreInTheWrongPlace(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := onDisk(t, filepath.Join(file, "data"), quietly)
	if err == nil || !strings.Contains(err.Error(), `path = "" to keep everything in memory`) {
		t.Error(err)
	}
}
