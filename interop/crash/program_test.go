package crash

import (
	"bufio"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
)

// patience is how long anything may take.
const patience = 30 * time.Second

// settings has a small segment, so that the log is compacted while the load runs,
// retries soon enough for devices to come back within a cycle, and room for all
// that waits for a client which falls behind on a slow machine.
const settings = `
[[mqtt.listener]]
address = "%[1]s:21883"
allow_anonymous = true
[[mqttsn.listener]]
address = "%[1]s:21883"
allow_anonymous = true
[mqttsn]
t_retry = "300ms"
n_retry = 30
t_wait = "200ms"
[mqttsn.client.%[2]q.predefined]
7 = %[3]q
[mqttsn.client.%[4]q.predefined]
8 = %[5]q
[store]
path = "data"
segment_size = "64KiB"
[limits]
max_queued = 1000000
max_queued_bytes = "1GiB"
[auth]
max_connects = 0
[admin]
address = ""
`

// program is the real binary, run again and again in one folder.
type program struct {
	folder, binary string
	address        string
	last           *run
}

// run is one life of the program.
type run struct {
	cmd   *exec.Cmd
	ready chan struct{}
	ended chan struct{}

	mu    sync.Mutex
	lines []string
}

// build makes the binary and its settings. The address is this process's own, so
// that nobody takes the port while the program is down.
func build(folder string) (*program, error) {
	if err := look(); err != nil {
		return nil, err
	}
	p := &program{folder: folder, binary: filepath.Join(folder, "snbroker")}
	p.address = fmt.Sprintf("127.83.%d.%d", os.Getpid()>>8&0xFF, 1+os.Getpid()&0x7F)
	cmd := exec.Command("go", "build", "-o", p.binary, "../../cmd/snbroker")
	if out, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("go build: %v\n%s", err, out)
	}
	text := fmt.Sprintf(settings, p.address, predefinedPublisher, predefinedOut, predefinedReader, predefinedIn)
	return p, os.WriteFile(filepath.Join(folder, "snbroker.toml"), []byte(text), 0o600)
}

// look has "go test" see the sources of the program, which it builds and does
// not import: when they change the test must run again.
func look() error {
	return filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && path != "../.." && strings.HasPrefix(d.Name(), ".") {
			return fs.SkipDir
		}
		return err
	})
}

// server is where clients and devices connect.
func (p *program) server() string { return p.address + ":21883" }

// start begins a run, and does not wait until it is ready.
func (p *program) start() (*run, error) {
	r := &run{cmd: exec.Command(p.binary, "-config", "snbroker.toml"), ready: make(chan struct{}), ended: make(chan struct{})}
	r.cmd.Dir = p.folder
	r.cmd.Env = slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "SNBROKER_") }) // the test's own
	stderr, err := r.cmd.StderrPipe()
	if err != nil {
		return nil, err
	}
	if err := r.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		defer close(r.ended)
		for lines := bufio.NewScanner(stderr); lines.Scan(); {
			r.mu.Lock()
			r.lines = append(r.lines, lines.Text())
			r.mu.Unlock()
			if strings.Contains(lines.Text(), "msg=ready") {
				close(r.ready)
			}
		}
		_ = r.cmd.Wait() // whoever reads ended looks at its state
	}()
	p.last = r
	return r, nil
}

// await returns when the run serves clients.
func (r *run) await() error {
	select {
	case <-r.ready:
		return nil
	case <-r.ended:
		return fmt.Errorf("the program does not start: %v", r.cmd.ProcessState)
	case <-time.After(patience):
		return fmt.Errorf("the program is not ready after %v", patience)
	}
}

// kill is what "kill -9" does. It returns when the process is gone.
func (r *run) kill() error {
	if err := r.cmd.Process.Kill(); err != nil {
		return fmt.Errorf("the program ended by itself: %v", r.cmd.ProcessState)
	}
	<-r.ended
	if status := r.cmd.ProcessState.Sys().(syscall.WaitStatus); status.Signal() != syscall.SIGKILL {
		return fmt.Errorf("the program ended by itself: %v", r.cmd.ProcessState)
	}
	return nil
}

// kept is how many kills' remains are kept.
const kept = 20

// keep copies what a kill left on the disk, and the log so far, if somebody wants
// to look at it.
func (p *program) keep(cycle int) error {
	folder := os.Getenv("SNBROKER_KEEP")
	if folder == "" {
		return nil
	}
	name := func(n int) string { return filepath.Join(folder, fmt.Sprintf("%d.%04d", os.Getpid(), n)) }
	if err := os.RemoveAll(name(cycle - kept)); err != nil {
		return err
	}
	if err := os.CopyFS(name(cycle), os.DirFS(filepath.Join(p.folder, "data"))); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(name(cycle), "log.txt"), []byte(p.last.text()), 0o600)
}

// stop is what an operator does.
func (r *run) stop() error {
	_ = r.cmd.Process.Signal(syscall.SIGTERM) // if it has ended, its state tells
	select {
	case <-r.ended:
	case <-time.After(patience):
		_ = r.cmd.Process.Kill()
		return fmt.Errorf("the program does not end within %v", patience)
	}
	if !r.cmd.ProcessState.Success() {
		return fmt.Errorf("the program ended with %v", r.cmd.ProcessState)
	}
	return nil
}

// text is the run's log.
func (r *run) text() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return strings.Join(r.lines, "\n")
}

// complaint returns what must not be in a log: errors, panics, and any warning
// but the one of a tail that the kill tore.
func (r *run) complaint() string {
	for line := range strings.Lines(r.text()) {
		bad := strings.Contains(line, "level=ERROR") || strings.HasPrefix(line, "panic:") || strings.HasPrefix(line, "fatal error:") ||
			strings.Contains(line, "WARNING: DATA RACE") || strings.Contains(line, "level=WARN") && !strings.Contains(line, "the store's end was cut")
		if bad {
			return line
		}
	}
	return ""
}
