package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// terminal returns both ends of a new one.
func terminal(t *testing.T) (user, program *os.File) {
	t.Helper()
	user, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { user.Close() })
	n, err := unix.IoctlGetInt(int(user.Fd()), unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(int(user.Fd()), unix.TIOCSPTLCK, 0)
	}
	if err != nil {
		t.Fatal(err)
	}
	program, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { program.Close() })
	return user, program
}

// prompts is what is asked; someone types an answer to each.
type prompts struct {
	text    bytes.Buffer
	user    *os.File
	answers []string
}

func (p *prompts) Write(b []byte) (int, error) {
	if bytes.HasSuffix(b, []byte(": ")) && len(p.answers) > 0 {
		p.user.WriteString(p.answers[0] + "\r")
		p.answers = p.answers[1:]
	}
	return p.text.Write(b)
}

// At a terminal it asks twice, and nothing of the answers can be seen.
func TestPasswdTerminal(t *testing.T) {
	user, program := terminal(t)
	before, err := unix.IoctlGetTermios(int(program.Fd()), getTermios)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "p")
	for _, tc := range []struct {
		answers []string
		code    int
	}{
		{[]string{"secret", "secrte"}, exitFailed},
		{[]string{"", ""}, exitFailed},
		{[]string{"secret", "secret"}, exitOK},
	} {
		p := &prompts{user: user, answers: tc.answers}
		if code := passwd([]string{"-c", file, "alice"}, program, p, p); code != tc.code {
			t.Errorf("%q: exit code %d\n%s", tc.answers, code, p.text.String())
		}
		after, err := unix.IoctlGetTermios(int(program.Fd()), getTermios)
		if err != nil || *after != *before {
			t.Errorf("the terminal is left as %+v, %v", after, err)
		}
		if _, err := os.Stat(file); (err == nil) != (tc.code == exitOK) {
			t.Errorf("%q: %v", tc.answers, err)
		}
	}
	if err := user.SetReadDeadline(time.Now().Add(100 * time.Millisecond)); err != nil && !errors.Is(err, os.ErrNoDeadline) {
		t.Fatal(err)
	}
	program.Close() // ends the reading
	seen := make([]byte, 1000)
	n, _ := user.Read(seen)
	if bytes.Contains(seen[:n], []byte("sec")) {
		t.Errorf("the terminal shows %q", seen[:n])
	}
}
