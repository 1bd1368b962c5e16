package serial

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// socat is a serial line made of two pseudo-terminals, as users make them.
type socat struct {
	t            *testing.T
	gateway, dev string // the two ends
	cmd          *exec.Cmd
}

func newSocat(t *testing.T) *socat {
	t.Helper()
	dir := t.TempDir()
	s := &socat{t: t, gateway: filepath.Join(dir, "gateway"), dev: filepath.Join(dir, "device")}
	s.plug()
	t.Cleanup(s.unplug)
	return s
}

// plug starts socat and waits for both ends.
func (s *socat) plug() {
	s.t.Helper()
	s.cmd = exec.Command("socat", "pty,raw,echo=0,link="+s.gateway, "pty,raw,echo=0,link="+s.dev)
	if err := s.cmd.Start(); err != nil {
		s.t.Fatalf("%v: scripts/install-test-tools installs it", err)
	}
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		_, a := os.Stat(s.gateway)
		_, b := os.Stat(s.dev)
		if a == nil && b == nil {
			return
		}
		if time.Now().After(end) {
			s.t.Fatalf("socat made no line: %v, %v", a, b)
		}
	}
}

// unplug takes both ends away.
func (s *socat) unplug() {
	if s.cmd == nil {
		return
	}
	_ = s.cmd.Process.Kill()
	_ = s.cmd.Wait()
	os.Remove(s.gateway) // killed, socat leaves its links behind
	os.Remove(s.dev)
	s.cmd = nil
}
