package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"snbroker/firmware-sim/internal/cli"
	"snbroker/transport/serial/framing"
)

// onLines is a fleet for a slow line: few octets, and few messages.
const onLines = `
about = "Sensors and lamps on one serial line."
devices = 20
duration = "4s"
ramp = "1s"
[[population]]
behaviour = "sensor"
share = 3
topic = "s/{n}"
qos = 1
interval = "1s"
payload = { format = "text", text = "{n}", field = [{ name = "n", kind = "counter" }] }
[[population]]
behaviour = "actuator"
topic = "l/{n}"
will = { topic = "w/{n}" }
command = { topic = "c/{n}", qos = 1, interval = "2s" }
payload = { format = "text", text = "{n} {command}", field = [{ name = "n", kind = "counter" }, { name = "command", kind = "command" }] }
[assert]
loss = 0
duplicates = 0
`

// pseudoTerminals are a serial line, as socat makes one.
func pseudoTerminals(t *testing.T) (gateway, devices string) {
	t.Helper()
	dir := t.TempDir()
	gateway, devices = filepath.Join(dir, "gateway"), filepath.Join(dir, "devices")
	cmd := exec.Command("socat", "pty,raw,echo=0,link="+gateway, "pty,raw,echo=0,link="+devices)
	if err := cmd.Start(); err != nil {
		t.Fatalf("%v: scripts/install-test-tools installs it", err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		_, a := os.Stat(gateway)
		_, b := os.Stat(devices)
		if a == nil && b == nil {
			return gateway, devices
		}
		if time.Now().After(end) {
			t.Fatalf("socat made no line: %v, %v", a, b)
		}
	}
}

// One line has many devices on it, in every framing, and loses nothing.
func TestFleetOnSerialLine(t *testing.T) {
	file := filepath.Join(t.TempDir(), "s.toml")
	if err := os.WriteFile(file, []byte(onLines), 0o600); err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup // at once: most of the time they wait
	defer all.Wait()
	for _, name := range framing.Names() {
		all.Go(func() {
			t.Run(name, func(t *testing.T) {
				gateway, devices := pseudoTerminals(t)
				s := serveWith(t, fmt.Sprintf("%s\n[[mqttsn.listener]]\ntype = \"serial\"\ndevice = %q\nframing = %q\nallow_anonymous = true\n", serverConfig, gateway, name))
				got := command(t.Context(), "", "run", file, "-quiet", "-gateway", "serial://"+devices+"?framing="+name, "-broker", s.broker)
				if got.code != cli.ExitOK || !strings.Contains(got.stdout, "\nAll is as promised") || strings.Contains(got.stdout, "no frame") {
					t.Errorf("exit code %d\n%s%s", got.code, got.stdout, got.stderr)
				}
			})
		})
	}
}
