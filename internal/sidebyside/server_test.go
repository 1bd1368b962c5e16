package sidebyside

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

var built = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "sidebyside")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "snbroker")
	if out, err := exec.Command("go", "build", "-o", path, "snbroker/cmd/snbroker").CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w\n%s", err, out)
	}
	return path, nil
})

func TestMain(m *testing.M) {
	if what := os.Getenv(role); what != "" {
		bare(what)
		return
	}
	code := m.Run()
	if path, err := built(); err == nil {
		os.RemoveAll(filepath.Dir(path))
	}
	os.Exit(code)
}

// server is a process under measurement.
type server struct {
	udp, tcp string
	pid      int
}

// start runs the program, or the bare one of a role.
func start(b *testing.B, bareRole string) *server {
	b.Helper()
	var cmd *exec.Cmd
	if bareRole != "" {
		cmd = exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), role+"="+bareRole)
	} else {
		path, err := built()
		if err != nil {
			b.Fatal(err)
		}
		config := filepath.Join(b.TempDir(), "config.toml")
		text := "[[mqtt.listener]]\naddress = \"127.0.0.1:0\"\n[[mqttsn.listener]]\naddress = \"127.0.0.1:0\"\n"
		if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
			b.Fatal(err)
		}
		cmd = exec.Command(path, "-config", config)
		cmd.Dir = b.TempDir() // where the data goes
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if bareRole == "" {
		if out, err = cmd.StderrPipe(); err != nil {
			b.Fatal(err)
		}
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	s := &server{pid: cmd.Process.Pid}
	r := bufio.NewReader(out)
	if bareRole != "" {
		if s.udp, s.tcp, err = parse(r); err != nil {
			b.Fatal(err)
		}
		return s
	}
	for !strings.Contains(s.udp+s.tcp, "ready") {
		line, err := r.ReadString('\n')
		if err != nil {
			b.Fatal(err)
		}
		if m := regexp.MustCompile(`on="(udp|tcp) ([^"]+)"`).FindStringSubmatch(line); m != nil {
			if m[1] == "udp" {
				s.udp = m[2]
			} else {
				s.tcp = m[2]
			}
		}
		if strings.Contains(line, "msg=ready") {
			return s
		}
	}
	return s
}

// cpu is what the process has used, user and kernel.
func (s *server) cpu() time.Duration {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", s.pid))
	if err != nil {
		return 0
	}
	f := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	user, _ := strconv.Atoi(f[11])
	system, _ := strconv.Atoi(f[12])
	return time.Duration(user+system) * 10 * time.Millisecond // USER_HZ is 100
}

// measure runs f, which moves b.N messages, and reports what each cost.
func (s *server) measure(b *testing.B, f func()) {
	b.Helper()
	before := s.cpu()
	b.ResetTimer()
	f()
	b.StopTimer()
	b.ReportMetric(float64(s.cpu()-before)/1e3/float64(b.N), "server-µs/msg")
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "msg/s")
}
