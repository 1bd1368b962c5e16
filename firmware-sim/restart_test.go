package main

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"snbroker/firmware-sim/internal/cli"
)

// outliving has something of everything that a restart may break.
const outliving = `
about = "Devices whose gateway is restarted."
devices = 80
duration = "9s"
ramp = "1s"
drain = "14s"
[[population]]
name = "plain"
behaviour = "sensor"
interval = "200ms"
[[population]]
name = "exact"
behaviour = "sensor"
qos = 2
interval = "300ms"
clean_session = false
[[population]]
name = "sleepy"
behaviour = "sensor"
interval = "1s"
sleep.time = "4s"
sleep.wake = "1s"
command = { topic = "sleepy/{id}", qos = 1, interval = "2s" }
[[population]]
name = "lamp"
behaviour = "actuator"
clean_session = false
keep_alive = "5s"
command = { topic = "lamp/{id}/set", qos = 2, interval = "1s", answer = true }
power = { loss = "20s", off = "2s" }
[restart]
at = ["3s", "6s"]
within = "20s"
`

// fixed is a configuration whose addresses are the same after a restart: on an
// address of this process's own, so that nobody takes the ports meanwhile.
func fixed(n int) (config, gateway, broker string) {
	host := fmt.Sprintf("127.20.%d.%d", n, 1+os.Getpid()%250)
	gateway, broker = host+":21883", host+":21884"
	config = fmt.Sprintf("[[mqtt.listener]]\ntype = \"tcp\"\naddress = %q\n[[mqttsn.listener]]\ntype = \"udp\"\naddress = %q\n[mqttsn]\nt_retry = \"1s\"\n", broker, gateway)
	return config, gateway, broker
}

// Nothing that was promised is broken by restarts of the program, whether it is told
// to end or killed, and whoever does it; and one that keeps nothing is found out.
func TestRestarts(t *testing.T) {
	t.Parallel()
	if err := build(); err != nil {
		t.Fatal(err)
	}
	for i, name := range []string{"told", "killed", "command", "forgets"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			config, gateway, broker := fixed(i)
			folder, code, says := filepath.Join(dir, "data"), cli.ExitOK, "\nAll is as promised"
			if name == "forgets" {
				folder, code, says = "", cli.ExitFailed, "the broker has forgotten the session of the check"
			}
			data := fmt.Sprintf("[store]\npath = %q\n", folder)
			settings, pid := filepath.Join(dir, "config.toml"), filepath.Join(dir, "pid")
			how := fmt.Sprintf("start = [%q, \"-config\", %q]\nkill = %v\n", built, settings, name == "killed")
			begin := fmt.Sprintf("%s -config %s >%s/log 2>&1 & echo $! >%s", built, settings, dir, pid)
			if name == "command" {
				// Nobody may be there to bury it.
				const dead = "kill -9 $p; while [ -e /proc/$p ] && ! grep -q '^State:.Z' /proc/$p/status; do sleep 0.02; done; "
				how = fmt.Sprintf("command = %q\n", "p=$(cat "+pid+"); "+dead+begin)
			}
			file := filepath.Join(dir, "s.toml")
			for path, text := range map[string]string{settings: config + data, file: outliving + how} {
				if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if name == "command" {
				if err := exec.Command("/bin/sh", "-c", begin).Run(); err != nil {
					t.Fatal(err)
				}
				defer ended(t, pid)
				until(t, broker)
			}
			got := command(t.Context(), "", "run", file, "-quiet", "-gateway", gateway, "-broker", broker)
			if got.code != code || !strings.Contains(got.stdout+got.stderr, says) || code == cli.ExitOK && !strings.Contains(got.stdout, "restarts of the gateway 2") {
				t.Errorf("exit code %d\n%s%s", got.code, got.stdout, got.stderr)
			}
		})
	}
}

// until waits for a listener.
func until(t *testing.T, address string) {
	t.Helper()
	for range 500 {
		if nc, err := net.Dial("tcp", address); err == nil {
			nc.Close()
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Fatalf("nobody listens at %s", address)
}

// ended kills the process whose id is in a file.
func ended(t *testing.T, file string) {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	n, err := strconv.Atoi(strings.TrimSpace(string(b)))
	if err != nil || n < 2 {
		t.Fatalf("%s: %q", file, b)
	}
	if p, err := os.FindProcess(n); err == nil {
		p.Kill()
	}
}

// What is wrong with a gateway that the run is to start or restart is said.
func TestRestartErrors(t *testing.T) {
	t.Parallel()
	s := serve(t)
	for name, c := range map[string]struct{ restart, flags, want string }{
		"nothing there": {`start = ["/nowhere/gw"]`, "", "restart.start: "},
		"ends":          {`start = ["/bin/sh", "-c", "echo no such setting >&2; exit 3"]`, "-broker 127.0.0.1:9", "no such setting"},
		"wrong command": {"at = [\"1s\"]\ncommand = \"echo not allowed >&2; exit 1\"", "", "not allowed"},
		"virtual":       {"at = [\"1s\"]\ncommand = \"true\"", "-virtual", "leave -virtual out"},
	} {
		file := filepath.Join(t.TempDir(), "s.toml")
		text := "about = \"x\"\nduration = \"4s\"\ndevices = 2\n[[population]]\nbehaviour = \"sensor\"\n[restart]\n" + c.restart
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		args := append([]string{"run", file, "-quiet", "-gateway", s.gateway, "-broker", s.broker}, strings.Fields(c.flags)...)
		got := command(t.Context(), "", args...)
		if got.code != cli.ExitFailed || !strings.Contains(got.stdout+got.stderr, c.want) {
			t.Errorf("%s: %+v", name, got)
		}
	}
}
