package mqttsn

import (
	"errors"
	"strings"
	"testing"
)

func TestPlain(t *testing.T) {
	for data, want := range map[string]string{
		"\x00user\x00secret":   "/user/secret",
		"as\x00user\x00secret": "as/user/secret",
		"\x00user\x00":         "/user/",
		"\x00\x00secret":       "",
		"user\x00secret":       "",
		"\x00user\x00a\x00b":   "",
		"":                     "",
	} {
		as, user, password, ok := ParsePlain([]byte(data))
		if got := string(as) + "/" + string(user) + "/" + string(password); ok != (want != "") || ok && got != want {
			t.Errorf("%q: %q, %v", data, got, ok)
		}
	}
	if _, user, password, ok := ParsePlain(AppendPlain(nil, "u", "p")); !ok || string(user) != "u" || string(password) != "p" {
		t.Errorf("%q, %q, %v", user, password, ok)
	}
}

// A password is in no log.
func TestAuthTellsNoSecret(t *testing.T) {
	m := &Auth{Method: []byte(AuthPlain), Data: AppendPlain(nil, "user", "secret")}
	b, err := m.AppendBinary(nil)
	if err != nil || strings.Contains(Describe(b), "secret") || strings.Contains(Describe(b), "user") {
		t.Errorf("%s, %v", Describe(b), err)
	}
	if _, err := (&Auth{Method: make([]byte, 256)}).AppendBinary(nil); !errors.Is(err, ErrField) {
		t.Errorf("%v", err)
	}
}

func FuzzParsePlain(f *testing.F) {
	f.Add([]byte("\x00user\x00secret"))
	f.Add([]byte("a\x00\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		as, user, password, ok := ParsePlain(b)
		if ok && string(as)+string(AppendPlain(nil, string(user), string(password))) != string(b) {
			t.Errorf("%q, %q, %q of %q", as, user, password, b)
		}
	})
}
