package main

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"snbroker/firmware-sim/internal/cli"
	"snbroker/firmware-sim/internal/scenario"
)

// Every shipped scenario passes against the real program, shorter and hastened.
// They run all at once: most of the time they wait for sleepers.
func TestScenariosAgainstTheProgram(t *testing.T) {
	var all sync.WaitGroup
	defer all.Wait()
	for _, c := range []struct{ name, args string }{
		{"bad-firmware", "-speed 10 -devices 200 -duration 5s"},
		{"bad-weather", "-speed 30 -devices 200 -duration 5s"},
		{"default", "-devices 500 -duration 5s"},
		{"factory", "-speed 40 -devices 200 -duration 5s"},
		{"lora-farm", "-speed 3600 -duration 6s"},
		{"smart-meters", "-speed 3600 -devices 500 -duration 8s"},
		{"thread-home", "-speed 300 -devices 100 -duration 6s"},
		{"trackers", "-speed 60 -devices 100 -duration 6s"},
		{"update", "-speed 10 -devices 20 -duration 8s"},
		{"wake-up", "-speed 4 -devices 1000 -duration 6s"},
	} {
		all.Go(func() {
			t.Run(c.name, func(t *testing.T) {
				s := serve(t)
				args := append([]string{"run", c.name, "-quiet", "-gateway", s.gateway, "-broker", s.broker}, strings.Fields(c.args)...)
				got := command(t.Context(), "", args...)
				if got.code != cli.ExitOK || !strings.Contains(got.stdout, "\nAll is as promised") {
					t.Errorf("exit code %d\n%s%s", got.code, got.stdout, got.stderr)
				}
			})
		})
	}
	if n := len(scenario.Shipped()); n != 10 {
		t.Errorf("%d scenarios are shipped, and not all of them tested", n)
	}
}

// A leading flag is the default fleet, whose progress is shown. Ctrl-C ends it with
// what there is so far.
func TestInterrupted(t *testing.T) {
	s := serve(t)
	file := filepath.Join(t.TempDir(), "r.json")
	got := interrupted(t, " of 1h0m0s: ", "-devices", "100", "-duration", "1h", "-json", file, "-gateway", s.gateway, "-broker", s.broker)
	if got.code != cli.ExitOK || !strings.Contains(got.stdout, "100 devices, ") || !strings.Contains(got.stdout, ", interrupted") {
		t.Errorf("%+v", got)
	}
	if b, err := os.ReadFile(file); err != nil || !strings.Contains(string(b), `"interrupted": true`) {
		t.Errorf("%v: %s", err, b)
	}
}

// The same seed tells the same in virtual time, in every form.
func TestVirtualIsReproducible(t *testing.T) {
	dir := t.TempDir()
	once := func(name, seed string) string {
		var all strings.Builder
		args := []string{"run", "bad-weather", "-virtual", "-devices", "200", "-seed", seed}
		forms := []string{"report", "json", "junit", "csv"}
		for _, form := range forms {
			args = append(args, "-"+form, filepath.Join(dir, name+form))
		}
		got := command(t.Context(), "", args...)
		if got.code != cli.ExitOK {
			t.Fatalf("%+v", got)
		}
		all.WriteString(got.stdout)
		for _, form := range forms {
			b, err := os.ReadFile(filepath.Join(dir, name+form))
			if err != nil || len(b) < 500 {
				t.Fatal(err, len(b))
			}
			all.Write(b)
		}
		return all.String()
	}
	first := once("a", "5")
	if once("b", "5") != first {
		t.Error("the same seed told something else")
	}
	if once("c", "6") == first {
		t.Error("another seed told the same")
	}
}

// Demands decide the exit code.
func TestDemands(t *testing.T) {
	file := filepath.Join(t.TempDir(), "s.toml")
	text := "about = \"x\"\nduration = \"1m\"\n[[population]]\nbehaviour = \"sensor\"\nradio = \"nb-iot\"\n[assert]\nloss = 0\np99 = \"< 10ms\"\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	got := command(t.Context(), "", "run", file, "-virtual", "-quiet")
	if got.code != cli.ExitFailed || !strings.Contains(got.stdout, "FAILED  p99 < 10ms (") || !strings.Contains(got.stdout, "ok      loss = 0 (0)") ||
		got.stderr != "firmware-sim: one demand of the scenario is not met\n" {
		t.Errorf("%+v", got)
	}
}

func TestRunErrors(t *testing.T) {
	s := serve(t)
	for _, c := range []struct {
		args string
		code int
		want string
	}{
		{"-gateway 127.0.0.1:9 -broker " + s.broker, cli.ExitFailed, "nothing listens on UDP 127.0.0.1:9: start the gateway"},
		{"-gateway " + s.gateway + " -broker 127.0.0.1:9", cli.ExitFailed, "connection refused: start the gateway and its broker"},
		{"-gateway nowhere", cli.ExitFailed, "a gateway is host:port"},
		{"run nothing", cli.ExitFailed, "there is no scenario nothing: it is a file, or one of bad-firmware"},
		{"-devices 2", cli.ExitUsage, "default has 5 populations: devices is from 5"},
		{"-devices -2", cli.ExitUsage, "are more than 0"},
		{"-speed 0", cli.ExitUsage, "-speed is from"},
		{"-prefix 123456789", cli.ExitUsage, "at most 8 octets"},
		{"run default extra", cli.ExitUsage, "unexpected argument"},
		{"list nothing", cli.ExitFailed, "there is no scenario nothing"},
	} {
		got := command(t.Context(), "", strings.Fields(c.args)...)
		if got.code != c.code || got.stdout != "" || !strings.Contains(got.stderr, c.want) {
			t.Errorf("%s: %+v", c.args, got)
		}
	}
}

func TestList(t *testing.T) {
	got := command(t.Context(), "", "list")
	if got.code != cli.ExitOK || strings.Count(got.stdout, "\n") != len(scenario.Shipped()) {
		t.Errorf("%+v", got)
	}
	got = command(t.Context(), "", "list", "default")
	if got.code != cli.ExitOK || !strings.HasPrefix(got.stdout, "about = ") {
		t.Errorf("%+v", got)
	}
}
