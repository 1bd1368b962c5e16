package auth

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const weakLine = "$7$101$3j9JrKr8fBgbwkC3$tzMmNUIFp7h9ZW0Ppyj3MCQ33q7HoI/gJxBoGRpOrJH2MSMJUdBk21r0E1BI7KHV6zO/3/aWRlpnRNaSjb8rWw=="

func TestPasswordFileErrors(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"alice", ":1: expected name:hash"},
		{"\n# x\nhunter2\n", ":3: expected name:hash"},
		{"alice:hunter2", `:1: user "alice": what follows the name is not a password hash`},
		{"alice:", "is not a password hash"},
		{":" + weakLine, "the name is empty"},
		{" alice:" + weakLine, "begins or ends with a blank"},
		{"al\x01ice:" + weakLine, "control characters"},
		{"al\xffice:" + weakLine, "not UTF-8"},
		{"alice:$7$0$hunter2$hunter2", "cost out of range"},
		{"alice:$6$hunter2$hunter2", "malformed"},
	} {
		_, err := Load(Config{PasswordFile: write(t, "passwords", c.text)})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %v", c.text, err)
		}
		if err != nil && strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: the error tells the secret: %v", c.text, err)
		}
	}
}

func TestPasswordFileWarnings(t *testing.T) {
	o := Options{Algorithm: PBKDF2SHA512, Iterations: 101}
	h, err := o.hash([]byte("second"))
	if err != nil {
		t.Fatal(err)
	}
	a := mustLoad(t, Config{PasswordFile: write(t, "passwords", "\n  # comment\nalice:"+weakLine+"\r\nalice:"+h.encode()+"  \n")})
	if d := login(a, "alice", "second"); !d.Allowed {
		t.Error("the last of two lines does not count")
	}
	if d := login(a, "alice", "pbk"); d.Allowed {
		t.Error("the first of two lines still counts")
	}
	all := strings.Join(a.Warnings(), "\n")
	if !strings.Contains(all, ":4: user \"alice\" stands in the file twice") || !strings.Contains(all, "cheap to guess") {
		t.Errorf("warnings: %s", all)
	}
}

func TestSetPasswordKeepsTheRest(t *testing.T) {
	cheap := Options{Algorithm: PBKDF2SHA512, Iterations: 10}
	file := write(t, "passwords", "# head\r\n\nbob:"+weakLine+"\n  # alice:no\nalice:"+weakLine+"\nalice:"+weakLine+"\ncarol:"+weakLine)
	if err := SetPassword(file, "alice", "new", cheap); err != nil {
		t.Fatal(err)
	}
	if err := SetPassword(file, "dave", "dave's", cheap); err != nil {
		t.Fatal(err)
	}
	if err := DeleteUser(file, "bob"); err != nil {
		t.Fatal(err)
	}
	b, _ := os.ReadFile(file)
	var names []string
	for line := range strings.Lines(string(b)) {
		name, _, _ := strings.Cut(line, ":")
		names = append(names, name)
	}
	want := []string{"# head\r\n", "\n", "  # alice", "alice", "carol", "dave"}
	if strings.Join(names, "|") != strings.Join(want, "|") {
		t.Errorf("lines %q", names)
	}
	a := mustLoad(t, Config{PasswordFile: file})
	for user, password := range map[string]string{"alice": "new", "carol": "pbk", "dave": "dave's"} {
		if d := login(a, user, password); !d.Allowed {
			t.Errorf("%s: %v", user, d.Reason)
		}
	}
	if err := DeleteUser(file, "bob"); !errors.Is(err, ErrNoUser) {
		t.Errorf("deleted twice: %v", err)
	}
	left, _ := os.ReadDir(filepath.Dir(file))
	if len(left) != 1 {
		t.Errorf("left behind: %v", left)
	}
}

func TestSetPasswordFile(t *testing.T) {
	cheap := Options{Algorithm: SHA512}
	dir := t.TempDir()
	file := filepath.Join(dir, "passwords")
	if err := DeleteUser(file, "x"); !errors.Is(err, ErrNoUser) {
		t.Errorf("no file: %v", err)
	}
	if err := SetPassword(file, "x", "y", cheap); err != nil {
		t.Fatal(err)
	}
	if info, _ := os.Stat(file); permissionsMean && info.Mode().Perm() != 0o600 {
		t.Errorf("a new file has mode %o", info.Mode().Perm())
	}
	os.Chmod(file, 0o640)
	link := filepath.Join(dir, "link")
	if err := os.Symlink(file, link); err != nil {
		t.Fatal(err)
	}
	if err := SetPassword(link, "x", "z", cheap); err != nil {
		t.Fatal(err)
	}
	if info, _ := os.Stat(file); permissionsMean && info.Mode().Perm() != 0o640 {
		t.Errorf("the mode became %o", info.Mode().Perm())
	}
	if info, _ := os.Lstat(link); info.Mode()&os.ModeSymlink == 0 {
		t.Error("the link became a file")
	}
	// What is not a password file stays as it is.
	other := write(t, "acl", "topic read x\n")
	if err := SetPassword(other, "x", "y", cheap); err == nil {
		t.Error("wrote into an ACL file")
	}
	for _, user := range []string{"", "a:b", "a\nb", "a\x00", "#a", " a", "a ", "\xff", "\ufeffa"} {
		if err := SetPassword(file, user, "y", cheap); err == nil {
			t.Errorf("%q: accepted", user)
		}
	}
	if err := SetPassword(file, "a", "", cheap); err == nil {
		t.Error("an empty password is accepted")
	}
}
