//go:build unix

package main

import (
	"strings"
	"syscall"
	"testing"
	"time"
)

// What systemd hears of the program, from its start to its end.
func TestNotify(t *testing.T) {
	systemd := notifySocket(t)
	path := file(t, onePort)
	p := launch(t, []string{"NOTIFY_SOCKET=" + systemd.LocalAddr().String(), "WATCHDOG_USEC=" + micros(100*time.Millisecond)}, "-config", path)
	p.until("msg=ready")
	if s := told(t, systemd, "READY=1"); !strings.Contains(s, "STATUS=serving tcp 127.0.0.1:") {
		t.Errorf("got %q", s)
	}
	told(t, systemd, "WATCHDOG=1")
	told(t, systemd, "WATCHDOG=1")
	rewrite(t, path, "nonsense")
	p.signal(syscall.SIGHUP)
	told(t, systemd, "RELOADING=1\nMONOTONIC_USEC=")
	told(t, systemd, "READY=1") // with the settings as they were
	p.signal(syscall.SIGTERM)
	told(t, systemd, "STOPPING=1")
	if code := p.end(); code != exitOK {
		t.Errorf("exit code %d", code)
	}
}
