package auth

import (
	"strings"
	"testing"
)

// vectors: the $6$ and $7$ lines are mosquitto_passwd's, those of argon2id the
// reference implementation's, SCRAM's is RFC 7677's user in PostgreSQL's form.
var vectors = []struct{ name, hash, password string }{
	{"sha512", "$6$RpwFjHSRv2DeFk8u$l3BpGt8IUFanxqBwyGwWH9DZ/O1dcZWPgqy+iqrSfLoQFxZ606rfzwdK4I4fg1GM9kP7GB+09fWVCPNS1vOlrw==", "secret"},
	{"pbkdf2", "$7$101$3j9JrKr8fBgbwkC3$tzMmNUIFp7h9ZW0Ppyj3MCQ33q7HoI/gJxBoGRpOrJH2MSMJUdBk21r0E1BI7KHV6zO/3/aWRlpnRNaSjb8rWw==", "pbk"},
	{"argon2id", "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc", "password"},
	{"argon2id, little memory", "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4", "password"},
	{"scram", scramVectorKeys, "pencil"},
}

const scramVectorKeys = "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU="

func TestHashVectors(t *testing.T) {
	for _, v := range vectors {
		h, err := parseHash(v.hash)
		if err != nil {
			t.Errorf("%s: %v", v.name, err)
			continue
		}
		if !h.verify([]byte(v.password)) {
			t.Errorf("%s: the password is wrong", v.name)
		}
		if h.verify([]byte(v.password+"x")) || h.verify(nil) {
			t.Errorf("%s: another password is right", v.name)
		}
		if got := h.encode(); got != v.hash {
			t.Errorf("%s: written back as %s", v.name, got)
		}
	}
}

func TestMadeHashes(t *testing.T) {
	for _, o := range []Options{
		{Algorithm: Argon2id, Memory: 64},
		{Algorithm: PBKDF2SHA512, Iterations: 10},
		{Algorithm: SHA512},
		{Algorithm: SCRAMSHA256, Iterations: 4096},
	} {
		one, err := o.hash([]byte("p\x00äss"))
		if err != nil {
			t.Fatal(err)
		}
		two, _ := o.hash([]byte("p\x00äss"))
		if one.encode() == two.encode() {
			t.Errorf("%d: the salt is not random", o.Algorithm)
		}
		back, err := parseHash(one.encode())
		if err != nil {
			t.Fatalf("%d: %v", o.Algorithm, err)
		}
		if !back.verify([]byte("p\x00äss")) || back.verify([]byte("p")) {
			t.Errorf("%d: verify", o.Algorithm)
		}
	}
	for _, o := range []Options{
		{Algorithm: SCRAMSHA256, Iterations: 4095},
		{Algorithm: Argon2id, Memory: 7},
		{Iterations: -1},
		{Iterations: maxIterations + 1},
		{Algorithm: 9},
	} {
		if _, err := o.hash([]byte("x")); err == nil {
			t.Errorf("%+v: accepted", o)
		}
	}
}

func TestMalformedHashes(t *testing.T) {
	sum := strings.Repeat("A", 86) + "=="
	for _, s := range []string{
		"", "secret", "$5$a$b", "$6$", "$6$AAAA", "$6$AAAA$AAAA", "$6$$" + sum,
		"$6$AAAA$" + sum + "x", "$6$AAAA$" + sum[:86], "$6$AA!A$" + sum,
		"$7$$AAAA$" + sum, "$7$0$AAAA$" + sum, "$7$-1$AAAA$" + sum, "$7$01$AAAA$" + sum,
		"$7$999999999999$AAAA$" + sum, "$7$1$AAAA$" + sum + "$", "$7$1$AAAA",
		"$6$AAAB$" + sum[:85] + "B==", // bits after the end
		"$argon2id$v=16$m=64,t=1,p=1$c29tZXNhbHQ$" + strings.Repeat("A", 43),
		"$argon2id$v=19$m=7,t=1,p=1$c29tZXNhbHQ$" + strings.Repeat("A", 43),
		"$argon2id$v=19$m=64,t=0,p=1$c29tZXNhbHQ$" + strings.Repeat("A", 43),
		"$argon2id$v=19$m=64,p=1,t=1$c29tZXNhbHQ$" + strings.Repeat("A", 43),
		"$argon2id$v=19$m=99999999,t=1,p=1$c29tZXNhbHQ$" + strings.Repeat("A", 43),
		"$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ$AAAA",
		"$argon2i$v=19$m=64,t=1,p=1$c29tZXNhbHQ$" + strings.Repeat("A", 43),
		"SCRAM-SHA-256$4095:AAAA$" + strings.Repeat("A", 43) + "=:" + strings.Repeat("A", 43) + "=",
		"SCRAM-SHA-256$4096:AAAA$" + strings.Repeat("A", 43) + "=",
	} {
		if _, err := parseHash(s); err == nil {
			t.Errorf("%q: accepted", s)
		}
	}
}

func BenchmarkVerifyDefault(b *testing.B) {
	for name, o := range map[string]Options{"argon2id": {}, "pbkdf2": {Algorithm: PBKDF2SHA512}} {
		h, err := o.hash([]byte("password"))
		if err != nil {
			b.Fatal(err)
		}
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				h.verify([]byte("guess"))
			}
		})
	}
}
