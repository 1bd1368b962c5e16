package auth

import (
	"context"
	"os"
	"path/filepath"
	"testing"
)

// write makes a file, as private as secrets should be.
func write(t testing.TB, name, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func mustLoad(t testing.TB, c Config) *Auth {
	t.Helper()
	a, err := Load(c)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func loadACL(t testing.TB, text string) *Auth {
	t.Helper()
	return mustLoad(t, Config{ACLFile: write(t, "acl", text)})
}

func login(a *Auth, user, password string) Decision {
	return a.Authenticate(context.Background(), Request{
		ClientID: "c", Username: user, HasPassword: true, Password: []byte(password),
	})
}

func named(user string) *Identity {
	if user == "" {
		return &Identity{}
	}
	return &Identity{Username: user, Kind: KindPassword}
}
