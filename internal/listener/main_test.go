package listener

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"
)

// TestMain also fails if a test leaves a goroutine of this program behind.
func TestMain(m *testing.M) {
	code := m.Run()
	if left := leftovers(); code == 0 && len(left) > 0 {
		fmt.Fprintf(os.Stderr, "%d goroutines are left:\n\n%s\n", len(left), strings.Join(left, "\n\n"))
		code = 1
	}
	os.Exit(code)
}

// leftovers returns the goroutines that are in this program's code, beside the
// caller's. Those that are about to end are given the time.
func leftovers() (left []string) {
	for wait := time.Millisecond; wait < 16*time.Second; wait *= 2 {
		if left = inOurCode(); len(left) == 0 {
			return nil
		}
		time.Sleep(wait)
	}
	return left
}

func inOurCode() (found []string) {
	buf := make([]byte, 1<<20)
	for {
		n := runtime.Stack(buf, true)
		if n < len(buf) {
			buf = buf[:n]
			break
		}
		buf = make([]byte, 2*len(buf))
	}
	all := strings.Split(string(buf), "\n\n")
	for _, g := range all[1:] { // the first is the caller
		_, frames, _ := strings.Cut(g, "\n")
		// Other tests run in goroutines made by testing, and wait there.
		if strings.Contains(frames, "snbroker/") && !strings.Contains(frames, "testing.(*T).Run(") {
			found = append(found, g)
		}
	}
	return found
}

// connGoroutines returns the goroutines of connections that do not end by
// themselves in a moment.
func connGoroutines() (left []string) {
	for wait := time.Millisecond; wait < 16*time.Second; wait *= 2 {
		left = left[:0]
		for _, g := range inOurCode() {
			if strings.Contains(g, "listener.(*conn)") {
				left = append(left, g)
			}
		}
		if len(left) == 0 {
			break
		}
		time.Sleep(wait)
	}
	return left
}
