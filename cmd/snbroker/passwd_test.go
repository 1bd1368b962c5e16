package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestPasswd(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, tc := range []struct {
		args, stdin string
		code        int
		out, err    string // parts of what is printed
	}{
		{"--help", "", exitOK, "pbkdf2-sha512", ""},
		{"", "", exitUsage, "", "want a file and a user"},
		{"p alice bob", "", exitUsage, "", "want a file and a user"},
		{"-a md5 p alice", "", exitUsage, "", "one of argon2id, pbkdf2-sha512"},
		{"-x p alice", "", exitUsage, "", "-x"},
		{"-c -D p alice", "", exitUsage, "", "exclude each other"},
		{"p alice", "secret\n", exitFailed, "", "p does not exist: -c creates it"},
		{"-D p alice", "", exitFailed, "", `p: no user "alice"`},
		{"-c p alice", "", exitFailed, "", "no password was given"},
		{"-c p alice", "secret\r\nmore", exitOK, "", ""},
		{"-c p bob", "secret", exitFailed, "", "exists already"},
		{"-a scram-sha-256 p bob", "secret", exitOK, "", ""},
		{"p a:b", "secret", exitFailed, "", "':'"},
		{"-D p bob", "", exitOK, "", ""},
		{"-D p bob", "", exitFailed, "", `p: no user "bob"`},
	} {
		var out, errs strings.Builder
		code := passwd(strings.Fields(tc.args), strings.NewReader(tc.stdin), &out, &errs)
		if code != tc.code || !strings.Contains(out.String(), tc.out) || !strings.Contains(errs.String(), tc.err) || (errs.Len() == 0) != (tc.err == "") {
			t.Errorf("passwd %s: got %d, %q, %q", tc.args, code, out.String(), errs.String())
		}
	}
	text, err := os.ReadFile("p")
	if err != nil || strings.Count(string(text), "\n") != 1 || !strings.HasPrefix(string(text), "alice:$argon2id$") {
		t.Errorf("%v: the file is %s", err, text)
	}
	if left, _ := filepath.Glob(".p*"); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
	for i, line := range strings.Split(passwdHelp, "\n") {
		if len(line) > 80 {
			t.Errorf("line %d of the help has %d columns", i+1, len(line))
		}
	}
}
