//go:build unix

package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"snbroker/internal/auth"
)

// The admin address with TLS: commands trust its authority, the cookie is for TLS
// alone, and another certificate comes by SIGHUP.
func TestAdminTLS(t *testing.T) {
	a := newAuthority(t)
	a.sign("server", nil)
	path := file(t, withAdmin+fmt.Sprintf("password_file = \"admins\"\ncert_file = %q\nkey_file = %q\n", a.path("server.crt"), a.path("server.key")))
	users := filepath.Join(filepath.Dir(path), "admins")
	if err := os.WriteFile(users, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := auth.SetPassword(users, "alice", "open sesame", auth.Options{}); err != nil {
		t.Fatal(err)
	}
	p := launch(t, nil, "-config", path)
	p.until("msg=ready")
	t.Setenv("SNBROKER_ADMIN_PASSWORD", "open sesame")
	url := "https://" + strings.TrimSuffix(strings.SplitN(strings.SplitN(p.log.String(), "url=https://", 2)[1], "\n", 2)[0], "/")

	clients := func(more ...string) (int, string) {
		code, out, said := command(append([]string{"clients", "-admin", url, "-user", "alice"}, more...)...)
		return code, out + said
	}
	if code, said := clients("-ca", a.path("ca.crt")); code != exitOK || !strings.HasPrefix(said, "CLIENT") {
		t.Errorf("%d %s", code, said)
	}
	if code, said := clients(); code != exitFailed || !strings.Contains(said, "-ca FILE names") {
		t.Errorf("%d %s", code, said)
	}
	if code, said := clients("-ca", path); code != exitFailed || !strings.Contains(said, "no certificate in PEM") {
		t.Errorf("%d %s", code, said)
	}

	o := new(online)
	if err := o.trust(a.path("ca.crt")); err != nil {
		t.Fatal(err)
	}
	r, err := o.client.Post(url+"/api/v1/session", "application/json", strings.NewReader(`{"user": "alice", "password": "open sesame"}`))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	if c := r.Cookies(); r.StatusCode != http.StatusOK || len(c) != 1 || !c[0].Secure || !c[0].HttpOnly {
		t.Errorf("%s %v", r.Status, c)
	}
	o.client.CloseIdleConnections()

	rewrite(t, a.path("server.key"), "no key")
	p.signal(syscall.SIGHUP)
	p.until("[admin]: certificate not reloaded")
	a.sign("server", nil)
	p.signal(syscall.SIGHUP)
	p.until("msg=reloaded")
	r, err = o.client.Get(url + "/healthz")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	if got := r.TLS.PeerCertificates[0].SerialNumber.Int64(); got != a.last {
		t.Errorf("the certificate is number %d, want %d", got, a.last)
	}
}

// Passwords that others can read are warned of, in the log and on the dashboard.
func TestAdminExposed(t *testing.T) {
	path := file(t, strings.Replace(withAdmin, "[admin]\naddress = \"127.0.0.1:0\"", "[admin]\naddress = \"0.0.0.0:0\"\npassword_file = \"admins\"", 1))
	users := filepath.Join(filepath.Dir(path), "admins")
	if err := os.WriteFile(users, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := auth.SetPassword(users, "alice", "open sesame", auth.Options{}); err != nil {
		t.Fatal(err)
	}
	p := launch(t, nil, "-config", path)
	p.until("set cert_file and key_file in [admin]")
	r, err := http.NewRequest("GET", p.adminURL()+"/api/v1/configuration", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.SetBasicAuth("alice", "open sesame")
	got, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer got.Body.Close()
	if text, err := io.ReadAll(got.Body); err != nil || !strings.Contains(string(text), `"exposed":true`) {
		t.Errorf("%s %v", text, err)
	}
}
