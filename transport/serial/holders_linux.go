package serial

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// holders names the other programs that have a device open, as far as this user
// may see them: "ModemManager (pid 612)".
func holders(path string) (programs []string) {
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		return nil
	}
	self := fmt.Sprint(os.Getpid())
	descriptors, _ := filepath.Glob("/proc/[0-9]*/fd/*")
	for _, fd := range descriptors {
		pid := strings.Split(fd, "/")[2]
		if to, err := os.Readlink(fd); err != nil || to != real || pid == self {
			continue
		}
		name, _ := os.ReadFile("/proc/" + pid + "/comm")
		p := fmt.Sprintf("%s (pid %s)", strings.TrimSpace(string(name)), pid)
		if !slices.Contains(programs, p) {
			programs = append(programs, p)
		}
	}
	return programs
}
