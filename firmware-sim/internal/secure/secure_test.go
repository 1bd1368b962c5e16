package secure

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestKeyFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "keys")
	for text, want := range map[string]string{
		"":                          "has no key of m-1: add a line m-1:hexkey",
		"m-1:00\n":                  "",
		"# all\n\nurn:a:1f\nm-1:00": "",
		"m-1:00\nm-2\n":             ":2: want identity:hexkey",
		"m-1:0\n":                   ":1: want identity:hexkey",
		":00\n":                     ":1: want identity:hexkey",
	} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		c, err := (&Flags{psk: "m-{n}:@" + file}).Load()
		if err == nil {
			_, err = c.Options("", func(s string) string { return strings.ReplaceAll(s, "{n}", "1") })
		}
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

func FuzzKeys(f *testing.F) {
	f.Add("# all\nm-1:00ff\n\nurn:a:1f")
	f.Fuzz(func(t *testing.T, text string) {
		keys, err := parseKeys("keys", text)
		for identity, key := range keys {
			if err != nil || identity == "" || len(key) == 0 {
				t.Errorf("%q: %q, %x, %v", text, identity, key, err)
			}
		}
	})
}
