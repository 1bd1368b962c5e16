package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// TestMain keeps the folder that the program is built in.
func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "firmware-sim")
	if err != nil {
		panic(err)
	}
	built = filepath.Join(dir, "snbroker")
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

var (
	built string // where the program is, once build has returned
	build = sync.OnceValue(func() error {
		out, err := exec.Command("go", "build", "-o", built, "snbroker/cmd/snbroker").CombinedOutput()
		if err != nil {
			return fmt.Errorf("go build: %v\n%s", err, out)
		}
		return nil
	})
)

// server is the real program, a process of its own.
type server struct {
	gateway, broker string
	secure          string // the gateway with DTLS
	pid             int
}

// It repeats sooner than by default, as scenarios that are hastened do.
const serverConfig = `
[[mqtt.listener]]
type = "tcp"
address = "127.0.0.1:0"
[[mqttsn.listener]]
type = "udp"
address = ["127.0.0.1:0", "127.0.0.1:0"]
[mqttsn]
t_retry = "1s"
`

var listens = regexp.MustCompile(`on="(udp|tcp|dtls) (127\.0\.0\.1:\d+)"`)

// serve starts the program and waits until it listens.
func serve(t testing.TB) *server {
	t.Helper()
	return serveWith(t, serverConfig)
}

// serveWith is serve with a configuration.
func serveWith(t testing.TB, config string) *server {
	t.Helper()
	if err := build(); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "config.toml")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(built, "-config", file)
	cmd.Dir = t.TempDir() // where its data goes
	log, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Signal(syscall.SIGTERM)
		io.Copy(io.Discard, log)
		if err := cmd.Wait(); err != nil {
			t.Errorf("the server: %v", err)
		}
	})
	s := &server{pid: cmd.Process.Pid}
	var said strings.Builder
	lines := bufio.NewScanner(log)
	for lines.Scan() {
		said.WriteString(lines.Text() + "\n")
		if m := listens.FindStringSubmatch(lines.Text()); m != nil {
			switch m[1] {
			case "tcp":
				s.broker = m[2]
			case "dtls":
				s.secure = m[2]
			default:
				s.gateway = strings.TrimPrefix(s.gateway+","+m[2], ",")
			}
		}
		if strings.Contains(lines.Text(), "msg=ready") {
			go io.Copy(io.Discard, log) // ends with the process
			return s
		}
	}
	t.Fatalf("the server did not start:\n%s", &said)
	return nil
}
