package auth

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

func passwords(t testing.TB, users ...string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "passwords")
	for _, u := range users {
		if err := SetPassword(file, u, u+"'s", Options{Algorithm: PBKDF2SHA512, Iterations: 10_000}); err != nil {
			t.Fatal(err)
		}
	}
	return file
}

func TestWhoDecides(t *testing.T) {
	psk := write(t, "psk", "sensor:00112233445566778899aabbccddeeff\n")
	with := mustLoad(t, Config{PasswordFile: passwords(t, "alice"), PSKFile: psk})
	without := mustLoad(t, Config{})
	right := Request{Username: "alice", HasPassword: true, Password: []byte("alice's")}
	wrong := Request{Username: "alice", HasPassword: true, Password: []byte("guess")}
	and := func(r Request, f func(*Request)) Request { f(&r); return r }
	open := func(r *Request) { r.AllowAnonymous = true }
	for _, c := range []struct {
		name string
		a    *Auth
		r    Request
		want Decision
	}{
		{"right password", with, right, allow("alice", KindPassword)},
		{"wrong password", with, wrong, refuse(ReasonBadCredentials)},
		{"wrong password is not anonymous", with, and(wrong, open), refuse(ReasonBadCredentials)},
		{"unknown user", with, Request{Username: "bob", HasPassword: true, Password: []byte("alice's"), AllowAnonymous: true}, refuse(ReasonBadCredentials)},
		{"no password", with, Request{Username: "alice", AllowAnonymous: true}, refuse(ReasonBadCredentials)},
		{"password alone", with, Request{HasPassword: true, Password: []byte("alice's"), AllowAnonymous: true}, refuse(ReasonBadCredentials)},
		{"anonymous", with, Request{AllowAnonymous: true}, allow("", KindAnonymous)},
		{"anonymous not allowed", with, Request{}, refuse(ReasonNotAuthorized)},
		{"certificate before password", with, and(wrong, func(r *Request) { r.CertificateIdentity = "device 7" }), allow("device 7", KindCertificate)},
		{"certificate with a bad name", with, and(right, func(r *Request) { r.CertificateIdentity = "a\x00b" }), refuse(ReasonBadCredentials)},
		{"psk", with, Request{PSKIdentity: "sensor"}, allow("sensor", KindPSK)},
		{"psk unknown", with, and(right, func(r *Request) { r.PSKIdentity = "gone" }), refuse(ReasonBadCredentials)},
		{"nothing configured: the name means nothing", without, and(right, open), allow("", KindAnonymous)},
		{"nothing configured, anonymous not allowed", without, right, refuse(ReasonNotAuthorized)},
		{"zero Auth", new(Auth), and(right, open), refuse(ReasonUnavailable)},
		{"nil Auth", nil, and(right, open), refuse(ReasonUnavailable)},
	} {
		got := c.a.Authenticate(context.Background(), c.r)
		got.Identity.stamp = 0
		if got != c.want {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
	}
}

// Who got in with a secret that is another now is not welcome any more; what is
// written anew and says the same changes nothing, nor does a restart.
func TestReplacedSecret(t *testing.T) {
	c := Config{PasswordFile: passwords(t, "alice", "bob"), PSKFile: write(t, "psk", "meter:00112233445566778899aabbccddeeff\n")}
	a := mustLoad(t, c)
	alice, bob := login(a, "alice", "alice's").Identity, login(a, "bob", "bob's").Identity
	meter := a.Authenticate(context.Background(), Request{PSKIdentity: "meter"}).Identity
	restored := Identity{Username: "alice", Kind: KindPassword}
	check := func(want string) {
		t.Helper()
		got := fmt.Sprint(a.Valid(&alice), a.Valid(&bob), a.Valid(&meter), a.Valid(&restored))
		if got != want {
			t.Errorf("valid: %s, want %s", got, want)
		}
	}
	check("true true true true")
	if err := a.Reload(c); err != nil {
		t.Fatal(err)
	}
	check("true true true true")
	if err := SetPassword(c.PasswordFile, "alice", "another", Options{Algorithm: PBKDF2SHA512, Iterations: 1000}); err != nil {
		t.Fatal(err)
	}
	c.PSKFile = write(t, "psk", "meter:ffeeddccbbaa99887766554433221100\n")
	if err := a.Reload(c); err != nil {
		t.Fatal(err)
	}
	check("false true false true")
	if again := login(a, "alice", "another").Identity; !a.Valid(&again) || !again.Same(&alice) {
		t.Error("with the new password it is not the same user")
	}
}

func TestReload(t *testing.T) {
	file := passwords(t, "alice", "bob")
	c := Config{PasswordFile: file, ACLFile: write(t, "acl", "topic read #\n")}
	a := mustLoad(t, c)
	id := login(a, "alice", "alice's").Identity
	pool := a.load().pool

	good, _ := os.ReadFile(file)
	os.WriteFile(file, append(good, "broken\n"...), 0o600)
	os.Remove(c.ACLFile)
	err := a.Reload(c)
	if err == nil || !strings.Contains(err.Error(), file+":3: ") || !strings.Contains(err.Error(), c.ACLFile) {
		t.Errorf("both problems should be told: %v", err)
	}
	if !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the cause is lost: %v", err)
	}
	if d := login(a, "alice", "alice's"); !d.Allowed || !a.CanReceive(&Identity{}, "c", "x") {
		t.Error("a bad reload changed something")
	}
	os.WriteFile(file, good, 0o600)
	if err := DeleteUser(file, "alice"); err != nil {
		t.Fatal(err)
	}
	c.ACLFile = ""
	if err := a.Reload(c); err != nil {
		t.Fatal(err)
	}
	// A password that was right before is not remembered, either.
	if login(a, "alice", "alice's").Allowed || a.Valid(&id) || !login(a, "bob", "bob's").Allowed {
		t.Error("the reload changed nothing")
	}
	if a.load().pool != pool {
		t.Error("a reload should keep the workers")
	}
	if b, err := Load(Config{PasswordFile: filepath.Join(t.TempDir(), "none")}); err == nil || b != nil {
		t.Error("a missing file is no error")
	}
	if _, err := Load(Config{PasswordFile: t.TempDir()}); err == nil {
		t.Error("a directory is no error")
	}
}

func TestBusy(t *testing.T) {
	a := mustLoad(t, Config{PasswordFile: passwords(t, "alice", "bob"), Workers: 1, Waiting: -1})
	if !login(a, "alice", "alice's").Allowed {
		t.Fatal("login")
	}
	a.load().pool.slots <- struct{}{} // someone else is at it
	for user, want := range map[string]Reason{"bob": ReasonBusy, "nobody": ReasonBusy, "alice": ReasonNone} {
		// alice was right lately, and needs no worker
		if d := login(a, user, user+"'s"); d.Reason != want {
			t.Errorf("%s: %v", user, d.Reason)
		}
	}
	if d := login(a, "alice", "guess"); d.Reason != ReasonBusy {
		t.Error("a wrong password was judged without a worker")
	}
}

// The cost that an unknown user is given is one of the file's, and does not
// vary between tries.
func TestUnknownUserCosts(t *testing.T) {
	a := mustLoad(t, Config{PasswordFile: passwords(t, "alice", "bob", "carol")})
	s := a.load()
	seen := make(map[hash]bool)
	for _, name := range []string{"x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11"} {
		h := s.standIn(name)
		if h != s.standIn(name) {
			t.Errorf("%s: not the same twice", name)
		}
		seen[h] = true
	}
	if len(seen) < 2 {
		t.Error("all unknown users share one cost")
	}
	if (&snapshot{}).standIn("x") != nobody {
		t.Error("no stand-in for an empty file")
	}
}

func TestBindClientID(t *testing.T) {
	file := passwords(t, "a", "a-b")
	for _, c := range []struct {
		mode       BindMode
		user, id   string
		wantReason Reason
	}{
		{BindOff, "a", "whatever", ReasonNone},
		{BindEqual, "a", "a", ReasonNone},
		{BindEqual, "a", "a-1", ReasonClientID},
		{BindEqual, "a", "b", ReasonClientID},
		{BindEqual, "a", "", ReasonNone},
		{BindEqual, "", "a", ReasonClientID},
		{BindEqual, "", "a-1", ReasonNone},
		{BindPrefix, "a", "a", ReasonNone},
		{BindPrefix, "a", "a-1", ReasonNone},
		{BindPrefix, "a", "a_1", ReasonNone},
		{BindPrefix, "a", "a/1", ReasonNone},
		{BindPrefix, "a", "a:1", ReasonNone},
		{BindPrefix, "a", "a.1", ReasonClientID},
		{BindPrefix, "a", "ab", ReasonClientID},
		{BindPrefix, "a", "a-b", ReasonClientID},
		{BindPrefix, "a", "a-b-1", ReasonClientID},
		{BindPrefix, "a", "a-bc", ReasonNone},
		{BindPrefix, "a-b", "a-b-1", ReasonNone},
		{BindPrefix, "a-b", "a-1", ReasonClientID},
		{BindPrefix, "", "a-1", ReasonClientID},
		{BindPrefix, "", "b-1", ReasonNone},
	} {
		a := mustLoad(t, Config{PasswordFile: file, BindClientID: c.mode})
		r := Request{ClientID: c.id, Username: c.user, AllowAnonymous: true}
		if c.user != "" {
			r.HasPassword, r.Password = true, []byte(c.user+"'s")
		}
		if d := a.Authenticate(context.Background(), r); d.Reason != c.wantReason || d.Allowed != (c.wantReason == ReasonNone) {
			t.Errorf("%+v: %v", c, d.Reason)
		}
	}
	for s, want := range map[string]BindMode{"": BindOff, "off": BindOff, "equal": BindEqual, "prefix": BindPrefix} {
		if m, err := ParseBindMode(s); m != want || err != nil {
			t.Errorf("%q: %v %v", s, m, err)
		}
	}
	if _, err := ParseBindMode("Equal"); err == nil {
		t.Error("Equal is accepted")
	}
	a := mustLoad(t, Config{PasswordFile: file, BindClientID: BindPrefix})
	long := strings.Repeat("-", 65535)
	if s := a.load(); !s.mayUse(&Identity{}, long) || s.longest != len("a-b") {
		t.Errorf("a long ClientID is looked up %d times", s.longest)
	}
}

func TestAuthenticateBans(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	a := mustLoad(t, Config{
		PasswordFile: passwords(t, "alice"),
		Guard:        NewGuard(GuardConfig{Failures: 2, Connects: 3}),
		Now:          func() time.Time { return now },
	})
	try := func(from, password string) Reason {
		return a.Authenticate(context.Background(), Request{
			ClientID: "c", Username: "alice", HasPassword: true, Password: []byte(password),
			Address: netip.MustParseAddrPort(from),
		}).Reason
	}
	bad, ok := "192.0.2.1:1000", "192.0.2.2:1000"
	for i, want := range []Reason{ReasonBadCredentials, ReasonBadCredentials, ReasonBadCredentials, ReasonBanned} {
		if got := try(bad, "guess"); got != want {
			t.Errorf("guess %d: %v", i+1, got)
		}
	}
	if got := try(bad, "alice's"); got != ReasonBanned {
		t.Errorf("the right password lifts a ban: %v", got)
	}
	for i, want := range []Reason{ReasonNone, ReasonNone, ReasonNone, ReasonBanned, ReasonBanned} {
		if got := try(ok, "alice's"); got != want {
			t.Errorf("connect %d: %v", i+1, got)
		}
	}
	now = now.Add(6 * time.Minute)
	if got := try(bad, "alice's"); got != ReasonNone {
		t.Errorf("after the ban: %v", got)
	}
}

// A login that began before a reload does not end with what the reload took.
func TestReloadOvertakesLogin(t *testing.T) {
	c := Config{PasswordFile: passwords(t, "alice", "bob"), Workers: 1}
	a := mustLoad(t, c)
	slots := a.load().pool.slots
	slots <- struct{}{}
	answer := make(chan Decision)
	go func() { answer <- login(a, "alice", "alice's") }()
	for a.load().pool.waiting.Load() == 0 {
		runtime.Gosched()
	}
	if err := DeleteUser(c.PasswordFile, "alice"); err != nil {
		t.Fatal(err)
	}
	if err := a.Reload(c); err != nil {
		t.Fatal(err)
	}
	<-slots
	if d := <-answer; d.Allowed {
		t.Error("a deleted user got in")
	}
}
