package store

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"
)

// TestMain also fails if a test leaves a goroutine of the log behind. Started by
// a test that needs another process, it is that.
func TestMain(m *testing.M) {
	if path := os.Getenv(lockerPath); path != "" {
		holdLock(path)
		return
	}
	if path := os.Getenv(writerPath); path != "" {
		writeUntilKilled(path)
	}
	code := m.Run()
	left := goroutines()
	for wait := time.Millisecond; len(left) > 0 && wait < 16*time.Second; wait *= 2 {
		time.Sleep(wait) // those about to end
		left = goroutines()
	}
	if code == 0 && len(left) > 0 {
		fmt.Fprintf(os.Stderr, "%d goroutines are left:\n\n%s\n", len(left), strings.Join(left, "\n\n"))
		code = 1
	}
	os.Exit(code)
}

func goroutines() (found []string) {
	buf := make([]byte, 1<<20)
	all := strings.Split(string(buf[:runtime.Stack(buf, true)]), "\n\n")
	for _, g := range all[1:] { // the first is the caller
		if strings.Contains(g, "store.(*Log)") && !strings.Contains(g, "testing.(*T).Run(") {
			found = append(found, g)
		}
	}
	return found
}
