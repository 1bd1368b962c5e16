// Package interop has clients that others wrote use the program: mosquitto_pub
// and mosquitto_sub, paho-mqtt for Python, MQTT.js, and Paho's two Go clients,
// beside a device.
package interop

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// patience is how long anything may take.
const patience = 20 * time.Second

const hint = "scripts/install-test-tools installs what the tests need"

const settings = `
[[mqtt.listener]]
address = "127.0.0.1:0"
[[mqtt.listener]]
type = "ws"
address = "127.0.0.1:0"
[[mqttsn.listener]]
address = "127.0.0.1:0"
`

// scratch is a folder for what is built; launched is the program, if a test
// has asked for it.
var (
	scratch  string
	launched *program
)

// program is the running program.
type program struct {
	cmd          *exec.Cmd
	tcp, ws, udp string // its addresses
	ended        chan struct{}

	mu  sync.Mutex
	log bytes.Buffer
}

func (p *program) text() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.log.String()
}

// build runs "go build" in a folder.
func build(folder, output, what string) error {
	cmd := exec.Command("go", "build", "-o", output, what)
	cmd.Dir = folder
	cmd.Env = append(os.Environ(), "GOWORK=off")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go build %s: %v\n%s", what, err, out)
	}
	return nil
}

// running builds the program and starts it, for all tests.
var running = sync.OnceValues(func() (*program, error) {
	path := filepath.Join(scratch, "snbroker")
	if err := look(); err != nil {
		return nil, err
	}
	if err := build("..", path, "./cmd/snbroker"); err != nil {
		return nil, err
	}
	config := filepath.Join(scratch, "snbroker.toml")
	if err := os.WriteFile(config, []byte(settings), 0o600); err != nil {
		return nil, err
	}
	p := &program{cmd: exec.Command(path, "-config", config), ended: make(chan struct{})}
	p.cmd.Dir = scratch // where the data goes
	stderr, err := p.cmd.StderrPipe()
	if err != nil {
		return nil, err
	}
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	ready := make(chan struct{})
	go func() {
		defer close(p.ended)
		lines := bufio.NewScanner(stderr)
		for lines.Scan() {
			p.mu.Lock()
			p.log.WriteString(lines.Text() + "\n")
			p.mu.Unlock()
			if strings.Contains(lines.Text(), "msg=ready") {
				close(ready)
			}
		}
	}()
	select {
	case <-ready:
	case <-p.ended:
		return nil, fmt.Errorf("the program ended:\n%s", p.text())
	case <-time.After(patience):
		_ = p.cmd.Process.Kill()
		return nil, fmt.Errorf("the program is not ready:\n%s", p.text())
	}
	for network, address := range map[string]*string{"tcp": &p.tcp, "ws": &p.ws, "udp": &p.udp} {
		m := regexp.MustCompile(`on="` + network + ` ([^"]+)"`).FindStringSubmatch(p.text())
		if m == nil {
			_ = p.cmd.Process.Kill()
			return nil, fmt.Errorf("nothing listens on %s:\n%s", network, p.text())
		}
		*address = m[1]
	}
	launched = p
	return p, nil
})

func server(t *testing.T) *program {
	t.Helper()
	p, err := running()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// stop ends the program and tells what was wrong with it.
func (p *program) stop() error {
	_ = p.cmd.Process.Signal(syscall.SIGTERM) // if it has ended, its code tells
	select {
	case <-p.ended:
	case <-time.After(patience):
		_ = p.cmd.Process.Kill()
		return errors.New("the program does not end")
	}
	if err := p.cmd.Wait(); err != nil {
		return fmt.Errorf("the program ended with %v", err)
	}
	if strings.Contains(p.text(), "level=ERROR") {
		return errors.New("the program logged an error")
	}
	return nil
}

// look has "go test" see the sources of the program, which it builds and does
// not import: when they change the tests must run again. It remembers the
// folders that a test reads, and what is in them with its size and time.
func look() error {
	return filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && path != ".." && strings.HasPrefix(d.Name(), ".") {
			return fs.SkipDir
		}
		return err
	})
}

func TestMain(m *testing.M) {
	var err error
	if scratch, err = os.MkdirTemp("", "snbroker-interop"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	endDrivers()
	if launched != nil {
		if err := launched.stop(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
		if code != 0 {
			fmt.Fprintf(os.Stderr, "the program's log:\n%s", launched.text())
		}
	}
	os.RemoveAll(scratch)
	os.Exit(code)
}
