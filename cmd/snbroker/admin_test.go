//go:build unix

package main

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"snbroker/internal/auth"
)

const withAdmin = onePort + "[admin]\naddress = \"127.0.0.1:0\"\n"

// adminURL finds where the admin address is in the log.
func (p *process) adminURL() string {
	p.t.Helper()
	m := regexp.MustCompile(`url=(http://[^/]+)/`).FindStringSubmatch(p.log.String())
	if m == nil {
		p.t.Fatal("nothing is served")
	}
	return m[1]
}

func fetch(t *testing.T, url string) (int, string) {
	t.Helper()
	r, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	text, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return r.StatusCode, string(text)
}

func TestAdminAddress(t *testing.T) {
	p := launch(t, nil, "-config", file(t, withAdmin))
	p.until("msg=ready")
	url := p.adminURL()
	if code, text := fetch(t, url+"/readyz"); code != 200 {
		t.Errorf("not ready: %d %s", code, text)
	}
	client := dial(t, "tcp", p.address("tcp"))
	client.ask(mqttConnect, mqttConnack)
	device := dial(t, "udp", p.address("udp"))
	device.ask(snConnect, snConnack)
	_, text := fetch(t, url+"/metrics")
	for _, want := range []string{`snbroker_devices{state="active"} 1`, "snbroker_sessions_connected 2",
		`snbroker_mqttsn_messages_total{direction="in",type="CONNECT"} 1`, `snbroker_mqtt_connections{listener="tcp ` + p.address("tcp") + `"} 1`,
		`snbroker_link_datagrams_total{direction="in",link="udp ` + p.address("udp") + `"} 1`} {
		if !strings.Contains(text, want+"\n") {
			t.Errorf("no %s", want)
		}
	}
	p.signal(syscall.SIGTERM)
	if code := p.end(); code != exitOK {
		t.Errorf("exit code %d", code)
	}
}

// Without the admin address the program runs as well.
func TestAdminPortInUse(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	p := launch(t, nil, "-config", file(t, strings.Replace(withAdmin, "127.0.0.1:0\"\n[admin]\naddress = \"127.0.0.1:0", "127.0.0.1:0\"\n[admin]\naddress = \""+taken.Addr().String(), 1)))
	p.until("msg=ready")
	p.mustSay("no health, metrics, API and dashboard", "set address in [admin]")
	dial(t, "tcp", p.address("tcp")).ask(mqttConnect, mqttConnack)
	p.signal(syscall.SIGTERM)
	p.end()
}

func TestAdminOff(t *testing.T) {
	p := launch(t, nil, "-config", file(t, onePort+"[admin]\naddress = \"\"\n"))
	p.until("msg=ready")
	if strings.Contains(p.log.String(), "dashboard") {
		t.Error("something is served")
	}
}

func TestAdminWiderAddressNeedsUsers(t *testing.T) {
	p := launch(t, nil, "-config", file(t, onePort+"[admin]\naddress = \"0.0.0.0:0\"\n"))
	if p.end() != exitFailed {
		t.Error("it runs")
	}
	p.mustSay("nobody could log in", "set password_file")
}

// Users log in, change things, and are gone after a reload without them.
func TestAdminUsers(t *testing.T) {
	path := file(t, withAdmin+"password_file = \"admins\"\n")
	users := filepath.Join(filepath.Dir(path), "admins")
	setUser := func(name string) {
		t.Helper()
		if err := os.WriteFile(users, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := auth.SetPassword(users, name, "open sesame", auth.Options{}); err != nil {
			t.Fatal(err)
		}
	}
	setUser("alice")
	p := launch(t, nil, "-config", path)
	p.until("msg=ready")
	url := p.adminURL()
	do := func(method, path, user string, want int) {
		t.Helper()
		r, err := http.NewRequest(method, url+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.SetBasicAuth(user, "open sesame")
		got, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer got.Body.Close()
		if got.StatusCode != want {
			var why any
			_ = json.NewDecoder(got.Body).Decode(&why)
			t.Errorf("%s %s as %s: %d %v", method, path, user, got.StatusCode, why)
		}
	}
	if code, _ := fetch(t, url+"/metrics"); code != 401 {
		t.Errorf("without a login: %d", code)
	}
	do("GET", "/metrics", "alice", 200)
	setUser("bob")
	do("POST", "/api/v1/reload", "alice", 202)
	p.until("msg=reloaded")
	do("GET", "/metrics", "alice", 401)
	do("GET", "/metrics", "bob", 200)
	p.signal(syscall.SIGTERM)
	p.end()
}
