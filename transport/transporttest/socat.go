package transporttest

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// Socat is a serial line made of two pseudo-terminals, as users make them.
type Socat struct {
	Gateway, Device string // the two ends

	t   *testing.T
	cmd *exec.Cmd
}

// NewSocat has both ends there.
func NewSocat(t *testing.T) *Socat {
	t.Helper()
	dir := t.TempDir()
	s := &Socat{t: t, Gateway: filepath.Join(dir, "gateway"), Device: filepath.Join(dir, "device")}
	s.Plug()
	t.Cleanup(s.Unplug)
	return s
}

// Plug starts socat and waits for both ends.
func (s *Socat) Plug() {
	s.t.Helper()
	s.cmd = exec.Command("socat", "pty,raw,echo=0,link="+s.Gateway, "pty,raw,echo=0,link="+s.Device)
	if err := s.cmd.Start(); err != nil {
		s.t.Fatalf("%v: scripts/install-test-tools installs it", err)
	}
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		_, a := os.Stat(s.Gateway)
		_, b := os.Stat(s.Device)
		if a == nil && b == nil {
			return
		}
		if time.Now().After(end) {
			s.t.Fatalf("socat made no line: %v, %v", a, b)
		}
	}
}

// Unplug takes both ends away.
func (s *Socat) Unplug() {
	if s.cmd == nil {
		return
	}
	_ = s.cmd.Process.Kill()
	_ = s.cmd.Wait()
	os.Remove(s.Gateway) // killed, socat leaves its links behind
	os.Remove(s.Device)
	s.cmd = nil
}
