//go:build unix

package main

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"snbroker/mqttsn"
	"snbroker/mqttsn/client"
)

// Users and rights with clients, and a broker, that others wrote.

// folder is where a configuration and its files are.
type folder struct {
	t    *testing.T
	path string
}

func newFolder(t *testing.T, files map[string]string) folder {
	t.Helper()
	f := folder{t, t.TempDir()}
	for name, text := range files {
		f.write(name, text)
	}
	return f
}

func (f folder) at(name string) string { return filepath.Join(f.path, name) }

func (f folder) write(name, text string) {
	f.t.Helper()
	rewrite(f.t, f.at(name), text)
}

// passwd runs snbroker passwd with a password on its standard input.
func (f folder) passwd(password string, args ...string) {
	f.t.Helper()
	path, err := binary()
	if err != nil {
		f.t.Fatal(err)
	}
	cmd := exec.Command(path, append([]string{"passwd"}, args...)...)
	cmd.Stdin = strings.NewReader(password + "\n")
	if out, err := cmd.CombinedOutput(); err != nil {
		f.t.Fatalf("passwd %q: %v\n%s", args, err, out)
	}
}

// run starts the program on the folder's config.toml. The names of files there
// are relative: they are found wherever it was started.
func (f folder) run() *process {
	f.t.Helper()
	p := launch(f.t, nil, "-config", f.at("config.toml"))
	p.until("msg=ready")
	return p
}

// refused has mosquitto_pub or mosquitto_sub fail.
func refused(t *testing.T, program, broker string, args ...string) {
	t.Helper()
	out, err := mosquitto(t, program, broker, args...).CombinedOutput()
	if err == nil {
		t.Errorf("%s %q is let in: %s", program, args, out)
	}
}

const (
	usersOnly = "[[mqtt.listener]]\naddress = \"127.0.0.1:0\"\nallow_anonymous = false\n[[mqttsn.listener]]\naddress = \"127.0.0.1:0\"\n" +
		"[auth]\npassword_file = \"passwords\"\n"
	usersAndRights = usersOnly + "acl_file = \"acl\"\n"
)

// A file to which both programs have added users lets them in, and nobody else.
func TestPasswords(t *testing.T) {
	f := newFolder(t, map[string]string{"config.toml": usersOnly, "passwords": "# kept\n"})
	const secret = "päss w:rd"
	if out, err := exec.Command("mosquitto_passwd", "-b", f.at("passwords"), "alice", secret).CombinedOutput(); err != nil {
		t.Fatalf("%v: scripts/install-test-tools installs it\n%s", err, out)
	}
	f.passwd(secret, f.at("passwords"), "bob")
	f.passwd(secret, "-a", "scram-sha-256", f.at("passwords"), "carol")
	p := f.run()
	tcp := p.address("tcp")
	if strings.Contains(p.log.String(), "nobody is let in here: there are no users") {
		t.Error("it says that nobody is let in")
	}
	sub := subscribe(t, tcp, "-t", "#", "-u", "alice", "-P", secret)
	for _, user := range []string{"alice", "bob", "carol"} {
		for _, version := range []string{"31", "311", "5"} {
			publish(t, tcp, nil, "-t", "a/"+user, "-m", version, "-V", version, "-u", user, "-P", secret)
			sub.expect("a/" + user + " " + version + " 0 0")
		}
		refused(t, "mosquitto_pub", tcp, "-t", "a", "-m", "x", "-u", user, "-P", "guess")
		refused(t, "mosquitto_pub", tcp, "-t", "a", "-m", "x", "-u", user)
	}
	refused(t, "mosquitto_pub", tcp, "-t", "a", "-m", "x")
	refused(t, "mosquitto_pub", tcp, "-t", "a", "-m", "x", "-u", "dave", "-P", secret)
	refused(t, "mosquitto_sub", tcp, "-t", "#", "-W", "5")
}

// With anonymous clients let in, a wrong password is no way to become one.
func TestPasswordsAndAnonymous(t *testing.T) {
	f := newFolder(t, map[string]string{"config.toml": onePort + "[auth]\npassword_file = \"passwords\"\n"})
	f.passwd("secret", "-c", f.at("passwords"), "alice")
	tcp := f.run().address("tcp")
	publish(t, tcp, nil, "-t", "a", "-m", "x")
	publish(t, tcp, nil, "-t", "a", "-m", "x", "-u", "alice", "-P", "secret")
	refused(t, "mosquitto_pub", tcp, "-t", "a", "-m", "x", "-u", "alice", "-P", "guess")
	refused(t, "mosquitto_pub", tcp, "-t", "a", "-m", "x", "-u", "alice")
}

// After five wrong passwords the right one does not help, and others are not
// concerned.
func TestBan(t *testing.T) {
	f := newFolder(t, map[string]string{"config.toml": usersOnly})
	f.passwd("secret", "-c", f.at("passwords"), "alice")
	tcp := f.run().address("tcp")
	for range 6 {
		refused(t, "mosquitto_pub", tcp, "-t", "a", "-m", "x", "-i", "one", "-u", "alice", "-P", "guess")
	}
	refused(t, "mosquitto_pub", tcp, "-t", "a", "-m", "x", "-i", "one", "-u", "alice", "-P", "secret")
	publish(t, tcp, nil, "-t", "a", "-m", "x", "-i", "another", "-u", "alice", "-P", "secret")
}

// Mosquitto takes a file that snbroker passwd has made.
func TestMosquittoTakesPasswords(t *testing.T) {
	f := newFolder(t, nil)
	f.passwd("secret", "-c", "-a", "pbkdf2-sha512", f.at("passwords"), "alice")
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	at := free.Addr().(*net.TCPAddr)
	free.Close()
	f.write("mosquitto.conf", fmt.Sprintf("user root\nlistener %d 127.0.0.1\nallow_anonymous false\npassword_file %s\n", at.Port, f.at("passwords")))
	program := "mosquitto"
	if _, err := exec.LookPath(program); err != nil {
		program = "/usr/sbin/mosquitto" // Debian has it where only root looks
	}
	cmd := exec.Command(program, "-c", f.at("mosquitto.conf"))
	if err := cmd.Start(); err != nil {
		t.Fatalf("%v: scripts/install-test-tools installs it", err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		if c, err := net.Dial("tcp", at.String()); err == nil {
			c.Close()
			break
		}
		if time.Now().After(end) {
			t.Fatal("mosquitto does not listen")
		}
	}
	publish(t, at.String(), nil, "-t", "a", "-m", "x", "-u", "alice", "-P", "secret")
	refused(t, "mosquitto_pub", at.String(), "-t", "a", "-m", "x", "-u", "alice", "-P", "guess")
}

const rights = `user alice
topic readwrite a/#
topic read b/#

user bob
topic readwrite #
`

// withRights runs the program for alice, who may do what rights say, and bob,
// who may do all but $-topics.
func withRights(t *testing.T) (f folder, p *process, alice, bob func(...string) []string) {
	t.Helper()
	f = newFolder(t, map[string]string{"config.toml": usersAndRights, "acl": rights})
	f.passwd("secret", "-c", f.at("passwords"), "alice")
	f.passwd("secret", f.at("passwords"), "bob")
	as := func(user string) func(...string) []string {
		return func(args ...string) []string { return append([]string{"-u", user, "-P", "secret"}, args...) }
	}
	return f, f.run(), as("alice"), as("bob")
}

func TestRights(t *testing.T) {
	_, p, alice, bob := withRights(t)
	tcp := p.address("tcp")
	all := subscribe(t, tcp, bob("-t", "#", "-q", "1")...)
	for _, version := range []string{"311", "5"} {
		// Publish.
		for _, topic := range []string{"b/x", "c", "$x", "a/x"} {
			publish(t, tcp, nil, alice("-t", topic, "-m", version, "-q", "1", "-V", version)...)
		}
		all.expect("a/x " + version + " 1 0")
		// Subscribe.
		out, _ := mosquitto(t, "mosquitto_sub", tcp, alice("-t", "c/#", "-V", version, "-W", "5")...).CombinedOutput()
		if !strings.Contains(string(out), "denied") {
			t.Errorf("a subscription to c/#: %s", out)
		}
		// Delivery, retained and not.
		for _, topic := range []string{"c/kept", "b/kept"} {
			publish(t, tcp, nil, bob("-t", topic, "-m", "x", "-q", "1", "-r")...)
			all.expect(topic + " x 1 0")
		}
		sub := subscribe(t, tcp, alice("-t", "#", "-q", "1", "-V", version)...)
		sub.expect("b/kept x 1 1")
		for _, topic := range []string{"c/live", "b/live"} {
			publish(t, tcp, nil, bob("-t", topic, "-m", "x", "-q", "1")...)
			all.expect(topic + " x 1 0")
		}
		sub.expect("b/live x 1 0")
		// Wills.
		refused(t, "mosquitto_sub", tcp, alice("-t", "a/#", "-V", version, "-W", "5", "--will-topic", "b/will", "--will-payload", "x")...)
		dying := mosquitto(t, "mosquitto_sub", tcp, alice("-d", "-t", "a/none", "-V", version, "--will-topic", "a/will", "--will-payload", "x")...)
		said, err := dying.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := dying.Start(); err != nil {
			t.Fatal(err)
		}
		(&subscriber{t, bufio.NewReader(said)}).until("Subscribed (mid")
		_ = dying.Process.Kill()
		_ = dying.Wait()
		all.expect("a/will x 0 0")
		sub.expect("a/will x 0 0")
		publish(t, tcp, nil, bob("-t", "b/kept", "-n", "-r", "-q", "1")...)
		all.expect("b/kept  1 0")
		sub.expect("b/kept  1 0")
	}
}

// What waits for a client is judged when it gets it.
func TestRightsQueued(t *testing.T) {
	f, p, alice, bob := withRights(t)
	tcp := p.address("tcp")
	session := alice("-c", "-i", "alice-1", "-q", "1", "-t", "#")
	if out, err := mosquitto(t, "mosquitto_sub", tcp, append(session, "-E")...).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, topic := range []string{"c/1", "b/1", "a/1"} {
		publish(t, tcp, nil, bob("-t", topic, "-m", "x", "-q", "1")...)
	}
	f.write("acl", "user alice\ntopic a/#\nuser bob\ntopic #\n") // no b/# any more
	p.signal(syscall.SIGHUP)
	p.until("msg=reloaded")
	publish(t, tcp, nil, bob("-t", "a/2", "-m", "x", "-q", "1")...)
	out, err := mosquitto(t, "mosquitto_sub", tcp, append(session, "-C", "2", "-W", "20", "-F", "%t")...).CombinedOutput()
	if err != nil || string(out) != "a/1\na/2\n" {
		t.Errorf("got %q, %v", out, err)
	}
}

// SIGHUP takes rights and users away. A bad file changes nothing.
func TestReloadRights(t *testing.T) {
	f, p, alice, bob := withRights(t)
	tcp := p.address("tcp")
	sub := subscribe(t, tcp, alice("-t", "#", "-q", "1")...)
	tell := func(topics ...string) {
		t.Helper()
		for _, topic := range topics {
			publish(t, tcp, nil, bob("-t", topic, "-m", "x", "-q", "1")...)
		}
	}
	tell("b/1")
	sub.expect("b/1 x 1 0")

	f.write("acl", "user alice\ntopic raed a/#\n")
	p.signal(syscall.SIGHUP)
	if line := p.until("users and rights not reloaded"); !strings.Contains(line, f.at("acl")+":2: ") {
		t.Errorf("it does not say where: %s", line)
	}
	p.until("reloaded in part")
	tell("b/2")
	sub.expect("b/2 x 1 0")

	f.write("acl", "user alice\ntopic a/#\nuser bob\ntopic #\n")
	p.signal(syscall.SIGHUP)
	p.until("msg=reloaded")
	tell("b/3", "a/3")
	sub.expect("a/3 x 1 0")

	raw := dial(t, "tcp", tcp)
	raw.ask("\x10\x23\x00\x04MQTT\x05\xc2\x00\x00\x00\x00\x07alice-9\x00\x05alice\x00\x06secret", "\x20")
	f.passwd("", "-D", f.at("passwords"), "alice")
	p.signal(syscall.SIGHUP)
	if line := p.until("users are not there any more"); !strings.Contains(line, "clients=2") {
		t.Errorf("got %s", line)
	}
	raw.ends()
	tell("a/4") // bob is
	refused(t, "mosquitto_pub", tcp, alice("-t", "a", "-m", "x")...)

	// Other files, by the configuration.
	f.passwd("secret", "-c", f.at("others"), "alice")
	f.write("config.toml", strings.Replace(usersAndRights, `"passwords"`, `"others"`, 1)+"max_connects = 7\n")
	p.signal(syscall.SIGHUP)
	if line := p.until("need a restart"); !strings.Contains(line, "changes=auth.max_connects") {
		t.Errorf("got %s", line)
	}
	publish(t, tcp, nil, alice("-t", "a/5", "-m", "x")...)
	refused(t, "mosquitto_pub", tcp, bob("-t", "a", "-m", "x")...)
}

// A new password ends connections that were made with the old one.
func TestReplacedPassword(t *testing.T) {
	f, p, _, _ := withRights(t)
	tcp := p.address("tcp")
	alice, bob := dial(t, "tcp", tcp), dial(t, "tcp", tcp)
	alice.ask("\x10\x23\x00\x04MQTT\x05\xc2\x00\x00\x00\x00\x07alice-9\x00\x05alice\x00\x06secret", "\x20")
	bob.ask("\x10\x1c\x00\x04MQTT\x04\xc2\x00\x00\x00\x03bob\x00\x03bob\x00\x06secret", mqttConnack)
	f.passwd("another", f.at("passwords"), "alice")
	p.signal(syscall.SIGHUP)
	if line := p.until("users are not there any more"); !strings.Contains(line, "clients=1") {
		t.Errorf("got %s", line)
	}
	alice.ends()
	bob.ask("\xc0\x00", "\xd0\x00")
}

// What is wrong with files is told at the start and by check, with the lines.
func TestBadAuthFiles(t *testing.T) {
	f := newFolder(t, map[string]string{"config.toml": usersAndRights, "passwords": "# users\nalice:secret\n", "acl": "topic raed x\n"})
	for _, args := range [][]string{{"-config", f.at("config.toml")}, {"check", "-config", f.at("config.toml")}} {
		p := launch(t, nil, args...)
		if code := p.end(); code != exitFailed {
			t.Errorf("%q: exit code %d", args, code)
		}
		p.mustSay(f.at("passwords")+":2: ", f.at("acl")+":1: ")
		if strings.Contains(p.log.String(), "secret") {
			t.Error("it tells a secret")
		}
	}
	if err := os.Remove(f.at("passwords")); err != nil {
		t.Fatal(err)
	}
	p := launch(t, nil, "-config", f.at("config.toml"))
	if code := p.end(); code != exitFailed {
		t.Errorf("exit code %d", code)
	}
	p.mustSay(f.at("passwords") + ": no such file")
}

// What an operator should know, but nothing fails for, is in the log.
func TestAuthWarnings(t *testing.T) {
	f := newFolder(t, map[string]string{"config.toml": usersOnly, "passwords": "# none yet\n"})
	if err := os.Chmod(f.at("passwords"), 0o644); err != nil {
		t.Fatal(err)
	}
	f.run().mustSay("has no users", "everyone on this machine can read these secrets")
}

// Anonymous clients and devices may publish below their own ClientID alone.
func TestDevicesOwnTopics(t *testing.T) {
	f := newFolder(t, map[string]string{"config.toml": onePort + "[auth]\npassword_file = \"passwords\"\nacl_file = \"acl\"\n",
		"acl": "pattern write devices/%c/#\nuser bob\ntopic #\n"})
	f.passwd("secret", "-c", f.at("passwords"), "bob")
	p := f.run()
	tcp := p.address("tcp")
	all := subscribe(t, tcp, "-u", "bob", "-P", "secret", "-t", "#", "-q", "1")
	device, got := dialDevice(t, p.address("udp"), "d1")
	ctx := context.Background()
	for _, topic := range []string{"devices/d2/t", "devices", "t"} {
		if err := device.Publish(ctx, client.Named(topic), []byte("x"), mqttsn.QoS1, false); err == nil {
			t.Errorf("the device may publish to %s", topic)
		}
		publish(t, tcp, nil, "-i", "d3", "-t", topic, "-m", "x", "-q", "1")
	}
	if err := device.Publish(ctx, client.Named("devices/d1/t"), []byte("x"), mqttsn.QoS1, false); err != nil {
		t.Error(err)
	}
	all.expect("devices/d1/t x 1 0")
	publish(t, tcp, nil, "-i", "d3", "-t", "devices/d3/t", "-m", "x", "-q", "1")
	all.expect("devices/d3/t x 1 0")
	if _, err := device.Subscribe(ctx, client.Named("devices/#"), mqttsn.QoS1, func(m *client.Message) { got <- string(m.Payload) }); err == nil {
		t.Error("the device may read")
	}
	refused(t, "mosquitto_sub", tcp, "-i", "d3", "-t", "t", "-W", "5", "--will-topic", "devices/d1/will", "--will-payload", "x")
}

// With bind_client_id a device cannot take a user's session.
func TestDeviceAndBoundClientID(t *testing.T) {
	f := newFolder(t, map[string]string{"config.toml": onePort + "[auth]\npassword_file = \"passwords\"\nbind_client_id = \"equal\"\n"})
	f.passwd("secret", "-c", f.at("passwords"), "alice")
	p := f.run()
	tcp := p.address("tcp")
	publish(t, tcp, nil, "-i", "alice", "-u", "alice", "-P", "secret", "-t", "a", "-m", "x")
	refused(t, "mosquitto_pub", tcp, "-i", "other", "-u", "alice", "-P", "secret", "-t", "a", "-m", "x")
	refused(t, "mosquitto_pub", tcp, "-i", "alice", "-t", "a", "-m", "x")
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if _, err := client.Dial(ctx, "udp", p.address("udp"), client.Config{ClientID: "alice", CleanSession: true, KeepAlive: time.Minute}); err == nil {
		t.Error("the device is let in")
	} else if ctx.Err() != nil {
		t.Error("the device got no answer")
	}
	dialDevice(t, p.address("udp"), "device")
}

// Without any [auth], $-topics are the broker's own.
func TestDollarTopics(t *testing.T) {
	p := newFolder(t, map[string]string{"config.toml": onePort}).run()
	tcp := p.address("tcp")
	sub := subscribe(t, tcp, "-t", "$SYS/x", "-t", "$y/#", "-t", "#", "-q", "1")
	device, _ := dialDevice(t, p.address("udp"), "d1")
	for _, topic := range []string{"$SYS/x", "$y/z"} {
		publish(t, tcp, nil, "-t", topic, "-m", "x", "-q", "1")
		if err := device.Publish(context.Background(), client.Named(topic), []byte("x"), mqttsn.QoS1, false); err == nil {
			t.Errorf("the device may publish to %s", topic)
		}
	}
	publish(t, tcp, nil, "-t", "a", "-m", "x", "-q", "1", "-u", "anybody")
	sub.expect("a x 1 0")
}
