package packaging

import (
	"encoding/json"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// builder runs buildah with a storage of its own, and without a daemon.
func builder(t *testing.T) func(args ...string) *exec.Cmd {
	storage := t.TempDir()
	t.Cleanup(func() { output(t, asRoot("rm", "-rf", filepath.Join(storage, "root"), filepath.Join(storage, "run"))) })
	return func(args ...string) *exec.Cmd {
		return asRoot(append([]string{"buildah", "--storage-driver", "vfs", "--root", filepath.Join(storage, "root"), "--runroot", filepath.Join(storage, "run")}, args...)...)
	}
}

func asRoot(words ...string) *exec.Cmd {
	if os.Getuid() != 0 {
		words = append([]string{"sudo"}, words...)
	}
	return exec.Command(words[0], words[1:]...)
}

func output(t *testing.T, cmd *exec.Cmd) string {
	t.Helper()
	out, err := cmd.Output()
	if err != nil {
		said := ""
		if e, ok := err.(*exec.ExitError); ok {
			said = string(e.Stderr)
		}
		t.Fatalf("%v: %v\n%s", cmd.Args, err, said)
	}
	return strings.TrimSpace(string(out))
}

// The image is built of the packages' binaries, and in it a device and a client hear
// each other; its data is where its user may write.
func TestContainer(t *testing.T) {
	dist := t.TempDir()
	build(t, dist, "1.0.0", "amd64")
	buildah := builder(t)
	output(t, buildah("build", "--isolation", "chroot", "--layers=false", "-t", "snbroker", "-f", "../Containerfile", filepath.Join(dist, "amd64")))
	container := output(t, buildah("from", "--pull-never", "localhost/snbroker"))
	t.Cleanup(func() { output(t, buildah("rm", "--all")) })

	var image struct {
		OCIv1 struct {
			Config struct {
				User         string
				ExposedPorts map[string]any
				Env          []string
				Entrypoint   []string
				Volumes      map[string]any
			}
		}
	}
	if err := json.Unmarshal([]byte(output(t, buildah("inspect", "--type", "image", "localhost/snbroker"))), &image); err != nil {
		t.Fatal(err)
	}
	got := image.OCIv1.Config
	_, tcp := got.ExposedPorts["1883/tcp"]
	_, udp := got.ExposedPorts["1883/udp"]
	_, data := got.Volumes["/data"]
	if got.User != "10001:10001" || !tcp || !udp || !data || !reflect.DeepEqual(got.Entrypoint, []string{"/usr/bin/snbroker"}) ||
		!strings.Contains(strings.Join(got.Env, " "), "SNBROKER_STORE_PATH=/data SNBROKER_MQTT_LISTENER_0_ADDRESS=:1883 SNBROKER_MQTTSN_LISTENER_0_ADDRESS=:1883") {
		t.Errorf("the image is %+v", got)
	}

	// buildah run ends what it runs with SIGKILL; here the program is to end by itself.
	run := append([]string{"env", "-i"}, got.Env...)
	run = append(run, "SNBROKER_MQTT_LISTENER_0_ADDRESS=127.0.0.1:0", "SNBROKER_MQTTSN_LISTENER_0_ADDRESS=127.0.0.1:0", "SNBROKER_ADMIN_ADDRESS=")
	run = append(run, "chroot", "--userspec="+got.User, output(t, buildah("mount", container)))
	at, device := serve(t, asRoot(append(run, got.Entrypoint...)...))
	host, port, err := net.SplitHostPort(at)
	if err != nil {
		t.Fatal(err)
	}
	output(t, buildah("run", "--isolation", "chroot", "--network", "host", container, "/usr/bin/firmware-sim", "pub", "-gateway", device, "-t", "attic/temperature", "-m", "21.5", "-q", "1", "-r"))
	if got := output(t, exec.Command("mosquitto_sub", "-h", host, "-p", port, "-t", "#", "-v", "-C", "1", "-W", "30")); got != "attic/temperature 21.5" {
		t.Errorf("mosquitto_sub got %q", got)
	}
}
