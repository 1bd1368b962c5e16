//go:build unix

package auth

import (
	"os"
	"strings"
	"testing"
)

// Windows has no mode bits.
func TestPermissionWarnings(t *testing.T) {
	for mode, want := range map[os.FileMode]string{0o600: "", 0o640: "", 0o644: "can read these secrets", 0o602: "can change it"} {
		file := write(t, "passwords", "alice:"+scramVectorKeys)
		os.Chmod(file, mode)
		got := strings.Join(mustLoad(t, Config{PasswordFile: file}).Warnings(), "\n")
		if want == "" && got != "" || !strings.Contains(got, want) {
			t.Errorf("%o: %s", mode, got)
		}
	}
}
