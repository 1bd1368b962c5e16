package store

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"testing"
)

const lockerPath = "SNBROKER_TEST_LOCK"

// holdLock is the other process: it has the log until its input ends.
func holdLock(path string) {
	l, err := Open(Options{Path: path})
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println("open")
	io.Copy(io.Discard, os.Stdin)
	l.Close()
}

func TestLockedByAnotherProcess(t *testing.T) {
	path := t.TempDir()
	other := exec.Command(os.Args[0])
	other.Env = append(os.Environ(), lockerPath+"="+path)
	in, err := other.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := other.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := other.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "open\n" {
		t.Fatalf("the other process: %q, %v", line, err)
	}
	l, err := Open(Options{Path: path})
	var locked *LockedError
	if !errors.Is(err, ErrLocked) || !errors.As(err, &locked) || locked.PID != other.Process.Pid {
		t.Errorf("process %d has the lock, but: %v", other.Process.Pid, err)
	}
	// Killed, it leaves no lock behind.
	if err := other.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	other.Wait()
	in.Close()
	if l, err = Open(Options{Path: path}); err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if _, err := Open(Options{Path: path}); !errors.As(err, &locked) || locked.PID != os.Getpid() {
		t.Errorf("the same process, twice: %v", err)
	}
}
