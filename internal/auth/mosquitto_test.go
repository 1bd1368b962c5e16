package auth

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// The tests in this file ask a real Mosquitto whether it understands the files
// as this package does.

// tool finds a program of Mosquitto's. Debian keeps the broker where only root
// looks.
func tool(t *testing.T, name string) string {
	t.Helper()
	for _, name := range []string{name, "/usr/sbin/" + name} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Fatalf("%s is missing: run scripts/install-test-tools", name)
	return ""
}

// startMosquitto runs one with the lines of config and returns its address.
func startMosquitto(t *testing.T, config string) string {
	t.Helper()
	program := tool(t, "mosquitto")
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().(*net.TCPAddr)
	l.Close()
	dir := t.TempDir()
	file := filepath.Join(dir, "mosquitto.conf")
	config = fmt.Sprintf("user %s\nlistener %d 127.0.0.1\npersistence false\n%s", "root", address.Port, config)
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, "-c", file)
	out, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
		out.Close()
		if t.Failed() {
			log, _ := os.ReadFile(out.Name())
			t.Logf("mosquitto:\n%s", log)
		}
	})
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if c, err := net.Dial("tcp", address.String()); err == nil {
			c.Close()
			return address.String()
		}
	}
	t.Fatal("mosquitto does not listen")
	return ""
}

// peer speaks as much MQTT 5 as these tests need.
type peer struct {
	net.Conn
	r *bufio.Reader
}

func text(s string) []byte {
	return append(binary.BigEndian.AppendUint16(nil, uint16(len(s))), s...)
}

func (p *peer) send(t *testing.T, head byte, body ...[]byte) {
	t.Helper()
	var all []byte
	for _, b := range body {
		all = append(all, b...)
	}
	if len(all) > 127 {
		t.Fatal("too long for this peer")
	}
	if _, err := p.Write(append([]byte{head, byte(len(all))}, all...)); err != nil {
		t.Fatal(err)
	}
}

func (p *peer) receive(t *testing.T) (kind byte, body []byte) {
	t.Helper()
	head, err := p.r.ReadByte()
	if err != nil {
		t.Fatal(err)
	}
	n, err := binary.ReadUvarint(p.r)
	if err != nil {
		t.Fatal(err)
	}
	body = make([]byte, n)
	if _, err := io.ReadFull(p.r, body); err != nil {
		t.Fatal(err)
	}
	return head >> 4, body
}

func dial(t *testing.T, address, client, user, password string) (_ *peer, code byte) {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(10 * time.Second))
	p := &peer{c, bufio.NewReader(c)}
	flags, credentials := byte(2), []byte(nil)
	if user != "" {
		flags, credentials = flags|0x80, append(credentials, text(user)...)
	}
	if password != "" {
		flags, credentials = flags|0x40, append(credentials, text(password)...)
	}
	p.send(t, 0x10, text("MQTT"), []byte{5, flags, 0, 0, 0}, text(client), credentials)
	kind, body := p.receive(t)
	if kind != 2 {
		t.Fatalf("packet %d instead of CONNACK", kind)
	}
	return p, body[1]
}

// publish returns whether it was let through.
func (p *peer) publish(t *testing.T, topic string) bool {
	t.Helper()
	p.send(t, 0x32, text(topic), []byte{0, 1, 0, 'x'})
	kind, body := p.receive(t)
	if kind == 14 {
		return false // what it answers dangerous names
	}
	if kind != 4 {
		t.Fatalf("packet %d instead of PUBACK", kind)
	}
	return len(body) < 3 || body[2] < 0x80
}

func TestMosquittoAgrees(t *testing.T) {
	for _, c := range aclTable {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			// The one who publishes what others read may do all that the
			// patterns let it.
			acl := unindent(c.acl) + "user admin\ntopic readwrite #\ntopic readwrite $dev/#\n"
			file := write(t, "acl", acl)
			address := startMosquitto(t, "allow_anonymous true\nacl_file "+file+"\n")
			admin, _ := dial(t, address, "admin", "admin", "")
			for _, k := range aclChecks(t, c.checks) {
				p, code := dial(t, address, k.client, k.user, "")
				if code != 0 {
					t.Fatalf("%s: CONNACK %#x", k.line, code)
				}
				var got bool
				if k.verb == "write" {
					got = p.publish(t, k.topic)
				} else {
					p.send(t, 0x82, []byte{0, 9, 0}, text(k.topic), []byte{0})
					p.receive(t)
					if !admin.publish(t, k.topic) {
						t.Fatalf("%s: admin may not publish", k.line)
					}
					// The broker has one thread: what it has to deliver is
					// ahead of its answer.
					p.send(t, 0xc0)
					kind, _ := p.receive(t)
					got = kind == 3
				}
				if got != k.mosquitto {
					t.Errorf("%s: mosquitto says %t", k.line, got)
				}
				p.Close()
			}
		})
	}
}

func TestMosquittoReadsPasswords(t *testing.T) {
	file := filepath.Join(t.TempDir(), "passwords")
	for user, o := range map[string]Options{
		"alice": {Algorithm: PBKDF2SHA512, Iterations: 1000},
		"bob":   {Algorithm: SHA512},
	} {
		if err := SetPassword(file, user, user+"'s secret", o); err != nil {
			t.Fatal(err)
		}
	}
	address := startMosquitto(t, "allow_anonymous false\npassword_file "+file+"\n")
	for _, user := range []string{"alice", "bob"} {
		if _, code := dial(t, address, "c", user, user+"'s secret"); code != 0 {
			t.Errorf("%s: CONNACK %#x", user, code)
		}
		if _, code := dial(t, address, "c", user, "guess"); code == 0 {
			t.Errorf("%s: let in with a guess", user)
		}
	}
}

func TestReadsMosquittoPasswd(t *testing.T) {
	program := tool(t, "mosquitto_passwd")
	file := write(t, "passwords", "# kept\n")
	for user, algorithm := range map[string]string{"alice": "sha512-pbkdf2", "bob": "sha512"} {
		if out, err := exec.Command(program, "-H", algorithm, "-b", file, user, "päss w:rd").CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	a := mustLoad(t, Config{PasswordFile: file})
	for _, user := range []string{"alice", "bob"} {
		if d := login(a, user, "päss w:rd"); !d.Allowed {
			t.Errorf("%s: %v", user, d.Reason)
		}
		if d := login(a, user, "pass w:rd"); d.Allowed {
			t.Errorf("%s: let in with another password", user)
		}
	}
}
