package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"snbroker/firmware-sim/internal/cli"
	listening "snbroker/firmware-sim/internal/program"
	"snbroker/transport/serial/framing"
	"snbroker/transport/transporttest"
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

// serveLine is a server with a serial line.
func serveLine(t *testing.T, device, framing string) *server {
	t.Helper()
	return serveWith(t, fmt.Sprintf("%s\n[[mqttsn.listener]]\ntype = \"serial\"\ndevice = %q\nframing = %q\nallow_anonymous = true\n", serverConfig, device, framing))
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
				line := transporttest.NewSocat(t)
				s := serveLine(t, line.Gateway, name)
				got := command(t.Context(), "", "run", file, "-quiet", "-gateway", "serial://"+line.Device+"?framing="+name, "-broker", s.broker)
				if got.code != cli.ExitOK || !strings.Contains(got.stdout, "\nAll is as promised") || strings.Contains(got.stdout, "no frame") {
					t.Errorf("exit code %d\n%s%s", got.code, got.stdout, got.stderr)
				}
			})
		})
	}
}

// first tells when a message comes.
type first chan struct{}

func (f first) Messages([]listening.Message) {
	select {
	case f <- struct{}{}:
	default:
	}
}

func (first) Acknowledged([]uint16) {}

// A line that is unplugged and comes back ends nothing: devices ask again.
func TestFleetSurvivesUnplugging(t *testing.T) {
	file := filepath.Join(t.TempDir(), "s.toml")
	again := strings.Replace(onLines, "duplicates = 0\n", "", 1) // QoS 1 allows them, when acknowledgements are lost
	if err := os.WriteFile(file, []byte(again), 0o600); err != nil {
		t.Fatal(err)
	}
	line := transporttest.NewSocat(t)
	s := serveLine(t, line.Gateway, "hdlc")
	publishing := make(first, 1)
	watch, err := listening.Dial(t.Context(), s.broker, "watch", 0, publishing)
	if err != nil {
		t.Fatal(err)
	}
	defer watch.Close()
	if err := watch.Subscribe(t.Context(), []string{"s/#"}, 0); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	var got outcome
	go func() {
		defer close(ended)
		got = command(t.Context(), "", "run", file, "-quiet", "-gateway", "serial://"+line.Device, "-broker", s.broker)
	}()
	select {
	case <-publishing:
		line.Unplug()
		line.Plug()
	case <-ended:
	}
	<-ended
	for _, want := range []string{"\nAll is as promised", "times that a serial line went away 1", "times that it was opened again 1"} {
		if got.code != cli.ExitOK || !strings.Contains(got.stdout, want) {
			t.Errorf("no %q; exit code %d\n%s%s", want, got.code, got.stdout, got.stderr)
		}
	}
}
