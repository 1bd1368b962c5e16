package packaging

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// build makes packages of a version in a folder.
func build(t *testing.T, dist, version string, targets ...string) {
	t.Helper()
	cmd := exec.Command("./build", targets...)
	cmd.Env = append(os.Environ(), "DIST="+dist, "VERSION="+version, "NFPM="+nfpm(t), "TRIMPATH=")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
}

// nfpm is where scripts/install-test-tools puts it.
func nfpm(t *testing.T) string {
	t.Helper()
	cache := os.Getenv("XDG_CACHE_HOME")
	if cache == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			t.Fatal(err)
		}
		cache = filepath.Join(home, ".cache")
	}
	return filepath.Join(cache, "snbroker-test", "bin", "nfpm")
}

// The package is installed, upgraded, removed and purged, and the service's program
// runs in between.
func TestInstall(t *testing.T) {
	dist := t.TempDir()
	build(t, dist, "1.0.0", "amd64")
	build(t, dist, "1.0.1", "amd64")
	out, err := exec.Command("./test-install", filepath.Join(dist, "snbroker_1.0.0_amd64.deb"), filepath.Join(dist, "snbroker_1.0.1_amd64.deb")).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

// systemd runs the service as it is confined, and brings it back when it hangs.
func TestService(t *testing.T) {
	dist := t.TempDir()
	build(t, dist, "1.0.0", "amd64")
	out, err := exec.Command("./test-service", filepath.Join(dist, "snbroker_1.0.0_amd64.deb")).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

// The binaries for Raspberry Pis serve a device and a client, on emulated
// processors.
func TestOtherProcessors(t *testing.T) {
	dist := t.TempDir()
	build(t, dist, "1.0.0", "arm64", "armhf", "armv6")
	for _, target := range []struct{ name, machine, debian string }{
		{"arm64", "qemu-aarch64-static -cpu cortex-a53", "arm64"}, // the Pi 3
		{"armhf", "qemu-arm-static -cpu cortex-a7", "armhf"},      // the Pi 2
		{"armv6", "qemu-arm-static -cpu arm1176", "armhf"},        // the Zero
	} {
		t.Run(target.name, func(t *testing.T) {
			on := func(program string, args ...string) *exec.Cmd {
				machine := strings.Fields(target.machine)
				return exec.Command(machine[0], append(append(machine[1:], filepath.Join(dist, target.name, program)), args...)...)
			}
			tcp, udp := serve(t, on("snbroker"))
			host, port, err := net.SplitHostPort(tcp)
			if err != nil {
				t.Fatal(err)
			}
			device := on("firmware-sim", "pub", "-gateway", udp, "-t", "attic/temperature", "-m", "21.5", "-q", "1", "-r")
			if out, err := device.CombinedOutput(); err != nil {
				t.Fatalf("firmware-sim: %v\n%s", err, out)
			}
			got, err := exec.Command("mosquitto_sub", "-h", host, "-p", port, "-t", "#", "-v", "-C", "1", "-W", "30").Output()
			if err != nil || string(got) != "attic/temperature 21.5\n" {
				t.Errorf("mosquitto_sub got %q, %v", got, err)
			}
			deb := filepath.Join(dist, "snbroker_1.0.0_"+target.name+".deb")
			if got, err := exec.Command("dpkg-deb", "-f", deb, "Architecture").Output(); err != nil || strings.TrimSpace(string(got)) != target.debian {
				t.Errorf("the package is for %q, %v", got, err)
			}
		})
	}
}

// serve runs the program on ports of its own and returns its addresses.
func serve(t *testing.T, cmd *exec.Cmd) (tcp, udp string) {
	t.Helper()
	cmd.Dir = t.TempDir()
	cmd.Env = append(os.Environ(), "SNBROKER_MQTT_LISTENER_0_ADDRESS=127.0.0.1:0", "SNBROKER_MQTTSN_LISTENER_0_ADDRESS=127.0.0.1:0")
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatalf("%v: scripts/install-test-tools installs it", err)
	}
	giveUp := time.AfterFunc(time.Minute, func() { _ = cmd.Process.Kill() })
	var log bytes.Buffer
	lines := bufio.NewReader(stderr)
	t.Cleanup(func() {
		giveUp.Stop()
		_ = cmd.Process.Signal(os.Interrupt)
		rest, _ := io.ReadAll(lines)
		if err := cmd.Wait(); err != nil || t.Failed() {
			t.Errorf("it ended with %v\n%s%s", err, log.String(), rest)
		}
	})
	for {
		line, err := lines.ReadString('\n')
		log.WriteString(line)
		if err != nil {
			t.Fatalf("it is not ready: %v", err)
		}
		if m := regexp.MustCompile(`on="(tcp|udp) ([^"]+)"`).FindStringSubmatch(line); m != nil {
			if m[1] == "tcp" {
				tcp = m[2]
			} else {
				udp = m[2]
			}
		}
		if strings.Contains(line, "msg=ready") {
			return tcp, udp
		}
	}
}
