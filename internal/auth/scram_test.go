package auth

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"net/netip"
	"strings"
	"testing"
)

// RFC 7677 §3.
const (
	vectorClientFirst = "n,,n=user,r=rOprNGfwEbeRWgbNEkqO"
	vectorServerNonce = "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
	vectorServerFirst = "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"
	vectorClientFinal = "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
	vectorServerFinal = "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="
)

func TestSCRAMVector(t *testing.T) {
	a := mustLoad(t, Config{SCRAMFile: write(t, "scram", "user:"+scramVectorKeys+"\n")})
	challenge, x, d := a.startSCRAM(Request{}, []byte(vectorClientFirst), vectorServerNonce)
	if x == nil || string(challenge) != vectorServerFirst {
		t.Fatalf("%s %v", challenge, d.Reason)
	}
	final, d := x.Finish([]byte(vectorClientFinal))
	if !a.Valid(&d.Identity) {
		t.Error("not valid")
	}
	d.Identity.stamp = 0
	if want := allow("user", KindSCRAM); string(final) != vectorServerFinal || d != want {
		t.Errorf("%s %+v", final, d)
	}
	if _, d := x.Finish([]byte(vectorClientFinal)); d.Allowed {
		t.Error("finished twice")
	}
	if !a.Valid(&Identity{Username: "user", Kind: KindSCRAM}) {
		t.Error("not valid")
	}
}

// scramClient answers a challenge as RFC 5802 has it, independently of the
// server's code but for the key derivation that vectors pin down.
func scramClient(t testing.TB, bare, header, challenge, password string) string {
	t.Helper()
	f := strings.Split(challenge, ",")
	salt, err := base64.StdEncoding.DecodeString(f[1][2:])
	if err != nil {
		t.Fatal(err)
	}
	var iterations int
	fmt.Sscanf(f[2], "i=%d", &iterations)
	salted := pbkdf2SHA256([]byte(password), salt, iterations)
	client := sign256(salted, "Client Key")
	stored := sha256.Sum256(client)
	without := "c=" + base64.StdEncoding.EncodeToString([]byte(header)) + "," + f[0]
	proof := make([]byte, 32)
	subtle.XORBytes(proof, client, sign256(stored[:], bare+","+challenge+","+without))
	return without + ",p=" + base64.StdEncoding.EncodeToString(proof)
}

func pbkdf2SHA256(password, salt []byte, iterations int) []byte {
	u := sign256(password, string(salt)+"\x00\x00\x00\x01")
	sum := bytes.Clone(u)
	for range iterations - 1 {
		u = sign256(password, string(u))
		subtle.XORBytes(sum, sum, u)
	}
	return sum
}

func TestSCRAMLogin(t *testing.T) {
	file := write(t, "passwords", "")
	for _, user := range []string{"alice", "b,o=b"} {
		if err := SetPassword(file, user, "pässword", Options{Algorithm: SCRAMSHA256, Iterations: 4096}); err != nil {
			t.Fatal(err)
		}
	}
	guard := NewGuard(GuardConfig{Failures: 100})
	a := mustLoad(t, Config{PasswordFile: file, Guard: guard, BindClientID: BindPrefix})
	for _, c := range []struct {
		name, header, sent, id, password string
		want                             Reason
	}{
		{"right", "n,,", "alice", "alice-1", "pässword", ReasonNone},
		{"y flag, own authzid", "y,a=alice,", "alice", "alice-1", "pässword", ReasonNone},
		{"escapes", "n,,", "b=2Co=3Db", "b,o=b", "pässword", ReasonNone},
		{"wrong password", "n,,", "alice", "alice-1", "password", ReasonBadCredentials},
		{"unknown user", "n,,", "nobody", "", "pässword", ReasonBadCredentials},
		{"somebody else's ClientID", "n,,", "alice", "bob", "pässword", ReasonClientID},
	} {
		bare := "n=" + c.sent + ",r=abc"
		challenge, x, d := a.StartSCRAM(Request{ClientID: c.id}, []byte(c.header+bare))
		if x == nil {
			t.Errorf("%s: %v", c.name, d.Reason)
			continue
		}
		final, d := x.Finish([]byte(scramClient(t, bare, c.header, string(challenge), c.password)))
		if d.Reason != c.want || d.Allowed != (c.want == ReasonNone) || d.Allowed != bytes.HasPrefix(final, []byte("v=")) {
			t.Errorf("%s: %v, %s", c.name, d.Reason, final)
		}
	}
	// The same keys serve a password in the clear.
	if d := a.Authenticate(context.Background(), Request{ClientID: "alice", Username: "alice", HasPassword: true, Password: []byte("pässword")}); !d.Allowed {
		t.Errorf("plain: %v", d.Reason)
	}
}

func TestSCRAMMalformed(t *testing.T) {
	a := mustLoad(t, Config{SCRAMFile: write(t, "scram", "user:"+scramVectorKeys+"\n")})
	for _, first := range []string{
		"", "n", "n,", "n,,", "n,,n=user", "n,,n=user,r=", "n,,n=,r=x", "n,,r=x,n=user",
		"p=tls-unique,,n=user,r=x", "x,,n=user,r=x", "n,a=other,n=user,r=x", "n,user,n=user,r=x",
		"n,,m=ext,n=user,r=x", "n,,n=user,r=x,m=ext", "n,,n=us=er,r=x", "n,,n=us=2cer,r=x",
		"n,,n=user,r=x y", "n,,n=user,r=x\x00", "n,,n=us\xffer,r=x", "n,,n=user,r=" + strings.Repeat("x", 5000),
	} {
		if _, x, d := a.StartSCRAM(Request{}, []byte(first)); x != nil || d.Allowed || d.Reason != ReasonBadCredentials {
			t.Errorf("%q: %+v", first, d)
		}
	}
	for _, final := range []string{
		"", "c=biws", strings.Replace(vectorClientFinal, "c=biws", "c=eSws", 1),
		strings.Replace(vectorClientFinal, "c=biws,", "", 1),
		strings.Replace(vectorClientFinal, ",p=", ",m=x,p=", 1),
		strings.Replace(vectorClientFinal, "k0,", "k1,", 1),
		strings.Replace(vectorClientFinal, "VQ=", "VR=", 1),
		strings.Replace(vectorClientFinal, "p=d", "p=e", 1),
		vectorClientFinal + ",x=y", "e=other-error",
	} {
		_, x, _ := a.startSCRAM(Request{}, []byte(vectorClientFirst), vectorServerNonce)
		if out, d := x.Finish([]byte(final)); d.Allowed || string(out) != "e=invalid-proof" {
			t.Errorf("%q: %s %+v", final, out, d)
		}
	}
	var none *SCRAM
	if _, d := none.Finish(nil); d.Allowed {
		t.Error("nil exchange allowed")
	}
	if _, x, d := mustLoad(t, Config{}).StartSCRAM(Request{AllowAnonymous: true}, []byte(vectorClientFirst)); x != nil || d.Allowed {
		t.Error("without keys")
	}
}

// Challenges for users that do not exist are as constant as for those who do,
// over restarts too.
func TestSCRAMUnknownUser(t *testing.T) {
	file := write(t, "scram", "user:"+scramVectorKeys+"\n")
	ask := func(c Config, name string) string {
		c.SCRAMFile = file
		challenge, _, _ := mustLoad(t, c).startSCRAM(Request{}, []byte("n,,n="+name+",r=x"), "y")
		return string(challenge)
	}
	one := ask(Config{}, "nobody")
	if one != ask(Config{}, "nobody") {
		t.Error("another salt after a restart")
	}
	if one == ask(Config{}, "somebody") || one == ask(Config{}, "user") {
		t.Error("one salt for two users")
	}
	if one == ask(Config{Secret: []byte("k")}, "nobody") {
		t.Error("the secret does not matter")
	}
	if len(one) != len(ask(Config{}, "user")) || !strings.HasSuffix(one, ",i=4096") {
		t.Errorf("a made up challenge looks different: %s", one)
	}
}

func TestSCRAMBan(t *testing.T) {
	a := mustLoad(t, Config{SCRAMFile: write(t, "scram", "user:"+scramVectorKeys+"\n"), Guard: NewGuard(GuardConfig{Failures: 1})})
	r := Request{ClientID: "c", Address: netip.MustParseAddrPort("192.0.2.1:1")}
	for range 2 {
		_, x, _ := a.StartSCRAM(r, []byte("n,,n=user,r=x"))
		x.Finish(nil)
	}
	if _, x, d := a.StartSCRAM(r, []byte("n,,n=user,r=x")); x != nil || d.Reason != ReasonBanned {
		t.Errorf("%v", d.Reason)
	}
}
