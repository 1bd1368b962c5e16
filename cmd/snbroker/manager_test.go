package main

import (
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// A sign of life is given only while the locks can be taken.
func TestWatchdog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := net.Pipe()
		defer ours.Close()
		m := &manager{conn: ours, every: 10 * time.Second}
		signs := make(chan string, 100)
		go func() {
			for b := make([]byte, 100); ; {
				n, err := theirs.Read(b)
				if err != nil {
					return
				}
				signs <- string(b[:n])
			}
		}()
		defer theirs.Close()
		lock := make(chan struct{}, 1) // a bubble's time stands still for a sync.Mutex
		stop := m.watch(func() { lock <- struct{}{}; <-lock })
		time.Sleep(25 * time.Second)
		lock <- struct{}{}
		for range 3 { // at 0, 10 and 20 s
			if s := <-signs; s != "WATCHDOG=1" {
				t.Errorf("got %q", s)
			}
		}
		time.Sleep(time.Hour)
		if len(signs) > 0 {
			t.Errorf("%q, with a lock that nobody lets go of", <-signs)
		}
		<-lock
		stop()
	})
}

// Nothing runs where nothing is asked for.
func TestNoWatchdog(t *testing.T) {
	for _, m := range []*manager{nil, {}} {
		m.watch(func() { t.Error("a sign of life for nobody") })()
	}
	env := func(name string) string {
		return map[string]string{"NOTIFY_SOCKET": notifySocket(t).LocalAddr().String(), "WATCHDOG_USEC": "1000", "WATCHDOG_PID": "1"}[name]
	}
	if m := findManager(env, quietly); m == nil || m.every != 0 {
		t.Errorf("another process's watchdog is ours: %+v", m)
	}
	if m := findManager(func(string) string { return "" }, quietly); m != nil {
		t.Errorf("without systemd: %+v", m)
	}
	gone := filepath.Join(t.TempDir(), "gone")
	if m := findManager(func(string) string { return gone }, quietly); m != nil {
		t.Errorf("with a socket that is not there: %+v", m)
	}
}

func notifySocket(t *testing.T) *net.UnixConn {
	t.Helper()
	dir, err := os.MkdirTemp("", "nfy") // a socket's path must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	c, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Net: "unixgram", Name: filepath.Join(dir, "n")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.SetReadDeadline(time.Now().Add(20 * time.Second))
	return c
}

// told waits for a notification with text in it.
func told(t *testing.T, c *net.UnixConn, text string) string {
	t.Helper()
	b := make([]byte, 4096)
	for {
		n, err := c.Read(b)
		if err != nil {
			t.Fatalf("%q is not told: %v", text, err)
		}
		if strings.Contains(string(b[:n]), text) {
			return string(b[:n])
		}
	}
}

func micros(d time.Duration) string { return strconv.FormatInt(d.Microseconds(), 10) }
