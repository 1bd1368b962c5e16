package admin

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"snbroker/internal/auth"
)

func TestHealth(t *testing.T) {
	b := newBench(t, withUser(t))
	if code, _, text := b.ask("GET", "/healthz", "", nil); code != 200 || text != "{\"ok\":true}\n" {
		t.Errorf("%d %s", code, text)
	}
	if code, _, text := b.ask("GET", "/readyz", "", nil); code != 503 || !strings.Contains(text, "starting") {
		t.Errorf("%d %s", code, text)
	}
	b.Ready()
	if code, _, text := b.ask("GET", "/readyz", "", nil); code != 200 {
		t.Errorf("%d %s", code, text)
	}
}

func header(name, value string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set(name, value) }
}

func named(host string) func(*http.Request) { return func(r *http.Request) { r.Host = host } }

// Without users this machine may look, under its own name, and change nothing.
func TestWithoutUsers(t *testing.T) {
	b := newBench(t, nil)
	for _, c := range []struct {
		method, path string
		change       func(*http.Request)
		want         int
	}{
		{"GET", "/metrics", nil, 200},
		{"GET", "/metrics", named("localhost:8080"), 200},
		{"GET", "/metrics", named("[::1]:8080"), 200},
		{"GET", "/metrics", named("evil.example"), 403}, // DNS rebinding
		{"GET", "/healthz", named("evil.example"), 403},
		{"GET", "/metrics", named("192.0.2.1:8080"), 403},
		{"POST", "/api/v1/reload", nil, 403},
		{"POST", "/api/v1/reload", header("Origin", "http://evil.example"), 403},
		{"POST", "/api/v1/session", nil, 403},
	} {
		if code, _, text := b.ask(c.method, c.path, "{}", c.change); code != c.want {
			t.Errorf("%s %s: %d %s", c.method, c.path, code, text)
		}
	}
}

func TestBasicAuthentication(t *testing.T) {
	b := newBench(t, withUser(t))
	basic := func(user, password string) func(*http.Request) {
		return func(r *http.Request) { r.SetBasicAuth(user, password) }
	}
	for _, c := range []struct {
		change func(*http.Request)
		want   int
	}{
		{nil, 401},
		{basic("alice", "open sesame"), 200},
		{basic("alice", "sesame open"), 401},
		{basic("bob", "open sesame"), 401},
		{header("Cookie", cookieName+"=x"), 401},
	} {
		code, h, text := b.ask("GET", "/metrics", "", c.change)
		if code != c.want || h.Get("WWW-Authenticate") != "" {
			t.Errorf("%d %s", code, text)
		}
	}
	if code, _, _ := b.ask("GET", "/healthz", "", nil); code != 200 {
		t.Errorf("health needs a login: %d", code)
	}
	for range 8 {
		b.ask("GET", "/metrics", "", basic("alice", "no"))
	}
	if code, _, text := b.ask("GET", "/metrics", "", basic("alice", "open sesame")); code != 429 {
		t.Errorf("after many failures: %d %s", code, text)
	}
}

func TestLogin(t *testing.T) {
	b := newBench(t, withUser(t))
	if code, _, _ := b.ask("POST", "/api/v1/session", `{"user":"alice","password":"x"}`, nil); code != 401 {
		t.Fatalf("with a wrong password: %d", code)
	}
	code, h, text := b.ask("POST", "/api/v1/session", `{"user":"alice","password":"open sesame"}`, header("Origin", "http://127.0.0.1:8080"))
	var got Session
	if err := json.Unmarshal([]byte(text), &got); code != 200 || err != nil || got.User != "alice" || got.CSRF == "" {
		t.Fatalf("%d %s", code, text)
	}
	set := h.Get("Set-Cookie")
	if !strings.Contains(set, "HttpOnly") || !strings.Contains(set, "SameSite=Strict") {
		t.Errorf("the cookie is %s", set)
	}
	with := func(more ...string) func(*http.Request) {
		return func(r *http.Request) {
			r.Header.Set("Cookie", strings.Split(set, ";")[0])
			for i := 0; i < len(more); i += 2 {
				r.Header.Set(more[i], more[i+1])
			}
		}
	}
	for _, c := range []struct {
		method, path string
		change       func(*http.Request)
		want         int
	}{
		{"GET", "/metrics", with(), 200},
		{"POST", "/api/v1/reload", with(), 403},
		{"POST", "/api/v1/reload", with("X-CSRF-Token", "guess"), 403},
		{"POST", "/api/v1/reload", with("X-CSRF-Token", got.CSRF, "Origin", "http://evil.example"), 403},
		{"POST", "/api/v1/reload", with("X-CSRF-Token", got.CSRF, "Sec-Fetch-Site", "cross-site"), 403},
		{"POST", "/api/v1/reload", with("X-CSRF-Token", got.CSRF, "Origin", "http://127.0.0.1:8080"), 202},
		{"DELETE", "/api/v1/session", with("X-CSRF-Token", got.CSRF), 204},
		{"GET", "/metrics", with(), 401},
	} {
		if code, _, text := b.ask(c.method, c.path, "", c.change); code != c.want {
			t.Errorf("%s %s: %d %s", c.method, c.path, code, text)
		}
	}
	if b.reloaded != 1 {
		t.Errorf("%d reloads", b.reloaded)
	}
}

func TestLoginsAreBounded(t *testing.T) {
	var l logins
	now := time.Now()
	_, first := l.begin(new(http.Request), auth.Identity{Username: "0"}, now)
	for i := range maxLogins {
		l.begin(new(http.Request), auth.Identity{Username: fmt.Sprint(i)}, now.Add(time.Second))
	}
	r, _ := http.NewRequest("GET", "/", nil)
	r.AddCookie(first)
	if _, ok := l.of(r); ok || len(l.by) != maxLogins {
		t.Errorf("%d logins, and the oldest is there: %v", len(l.by), ok)
	}
	l.begin(new(http.Request), auth.Identity{}, now.Add(2*loginLife))
	if len(l.by) != 1 {
		t.Errorf("%d logins are old and stay", len(l.by)-1)
	}
}
