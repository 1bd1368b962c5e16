package auth

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
	"strings"
	"testing"
	"time"
)

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// RFC 7515 appendix A and RFC 8037 appendix A.
const (
	rfcClaims = "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
	rfcSecret = "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"
	rfcHS256  = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9." + rfcClaims + ".dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
	rfcRSAKey = `{"kty":"RSA","e":"AQAB","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ"}`
	rfcRS256  = "eyJhbGciOiJSUzI1NiJ9." + rfcClaims + ".cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw"
	rfcECKey  = `{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}`
	rfcES256  = "eyJhbGciOiJFUzI1NiJ9." + rfcClaims + ".DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"
	rfcEdKey  = `{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}`
	rfcEdDSA  = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
)

func TestJWTVectors(t *testing.T) {
	secret, err := base64.RawURLEncoding.DecodeString(rfcSecret)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := parseJWKS("jwks", `{"keys":[`+rfcRSAKey+","+rfcECKey+","+rfcEdKey+"]}", new(warnings))
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		token string
		keys  []tokenKey
	}{
		"HS256": {rfcHS256, []tokenKey{secretKey(secret)}},
		"RS256": {rfcRS256, keys},
		"ES256": {rfcES256, keys},
	} {
		v := &jwtVerifier{keys: c.keys}
		claims, ok := v.open([]byte(c.token))
		if iss, _ := textMember(claims, "iss"); !ok || iss != "joe" {
			t.Errorf("%s: %t %s", name, ok, claims)
		}
		bad := []byte(c.token)
		bad[len(bad)-10] ^= 1
		if _, ok := v.open(bad); ok {
			t.Errorf("%s: a changed signature", name)
		}
	}
	// This one's payload is no object, so only its signature is looked at.
	part := strings.Split(rfcEdDSA, ".")
	signature, _ := base64.RawURLEncoding.DecodeString(part[2])
	if !keys[2].verify([]byte(part[0]+"."+part[1]), signature) || keys[2].verify([]byte(part[0]+"."), signature) {
		t.Error("EdDSA")
	}
}

var jwtNow = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

const hsSecret = "0123456789abcdef0123456789abcdef"

func hsToken(header, claims string) string {
	signed := b64([]byte(header)) + "." + b64([]byte(claims))
	return signed + "." + b64(sign256([]byte(hsSecret), signed))
}

func loginToken(a *Auth, token string) Decision {
	return a.Authenticate(context.Background(), Request{HasPassword: true, Password: []byte(token), AllowAnonymous: true})
}

func TestJWTClaims(t *testing.T) {
	now := jwtNow
	c := Config{
		JWT: JWTConfig{SecretFile: write(t, "secret", hsSecret+"\n"), Issuer: "https://id", Audience: "broker"},
		Now: func() time.Time { return now },
	}
	a := mustLoad(t, c)
	at := func(d time.Duration) int64 { return now.Add(d).Unix() }
	full := func(extra string) string {
		return fmt.Sprintf(`{"iss":"https://id","aud":"broker","sub":"alice","exp":%d%s}`, at(time.Hour), extra)
	}
	h := `{"alg":"HS256","typ":"JWT"}`
	for _, k := range []struct {
		name, header, claims string
		want                 Reason
	}{
		{"right", h, full(""), ReasonNone},
		{"audience in a list", h, strings.Replace(full(""), `"broker"`, `["x","broker"]`, 1), ReasonNone},
		{"at+jwt", `{"alg":"HS256","typ":"at+JWT"}`, full(""), ReasonNone},
		{"no typ, unknown members", `{"alg":"HS256","jku":"https://evil","x":{"y":[1]}}`, full(""), ReasonNone},
		{"nbf past", h, full(fmt.Sprintf(`,"nbf":%d`, at(-time.Hour))), ReasonNone},
		{"nbf within leeway", h, full(fmt.Sprintf(`,"nbf":%d`, at(20*time.Second))), ReasonNone},
		{"nbf future", h, full(fmt.Sprintf(`,"nbf":%d`, at(40*time.Second))), ReasonExpired},
		{"nbf text", h, full(`,"nbf":"1"`), ReasonBadCredentials},
		{"other issuer", h, strings.Replace(full(""), "https://id", "https://id2", 1), ReasonBadCredentials},
		{"no issuer", h, strings.Replace(full(""), `"iss"`, `"Iss"`, 1), ReasonBadCredentials},
		{"other audience", h, strings.Replace(full(""), `"broker"`, `["x",1,"broker"]`, 1), ReasonBadCredentials},
		{"no audience", h, strings.Replace(full(""), `"aud"`, `"Aud"`, 1), ReasonBadCredentials},
		{"no exp", h, strings.Replace(full(""), `"exp"`, `"Exp"`, 1), ReasonBadCredentials},
		{"exp text", h, `{"iss":"https://id","aud":"broker","sub":"alice","exp":"9999999999"}`, ReasonBadCredentials},
		{"exp endless", h, `{"iss":"https://id","aud":"broker","sub":"alice","exp":1e300}`, ReasonBadCredentials},
		{"expired", h, fmt.Sprintf(`{"iss":"https://id","aud":"broker","sub":"alice","exp":%d}`, at(-31*time.Second)), ReasonExpired},
		{"expired within leeway", h, fmt.Sprintf(`{"iss":"https://id","aud":"broker","sub":"alice","exp":%d}`, at(-29*time.Second)), ReasonNone},
		{"no sub", h, strings.Replace(full(""), "sub", "Sub", 1), ReasonBadCredentials},
		{"sub empty", h, strings.Replace(full(""), "alice", "", 1), ReasonBadCredentials},
		{"sub control", h, strings.Replace(full(""), "alice", `a\u0000`, 1), ReasonBadCredentials},
		{"sub half a surrogate", h, strings.Replace(full(""), "alice", `a\ud800`, 1), ReasonBadCredentials},
		{"sub twice", h, full(`,"sub":"bob"`), ReasonBadCredentials},
		{"sub twice, escaped", h, full(`,"\u0073ub":"bob"`), ReasonBadCredentials},
		{"something after", h, full("") + "{}", ReasonBadCredentials},
		{"claims null", h, "null", ReasonBadCredentials},
		{"alg none", `{"alg":"none"}`, full(""), ReasonBadCredentials},
		{"alg of another case", `{"alg":"hs256"}`, full(""), ReasonBadCredentials},
		{"alg twice", `{"alg":"HS256","alg":"HS256"}`, full(""), ReasonBadCredentials},
		{"alg RS256", `{"alg":"RS256"}`, full(""), ReasonBadCredentials},
		{"alg missing", `{"typ":"JWT"}`, full(""), ReasonBadCredentials},
		{"crit", `{"alg":"HS256","crit":["b64"],"b64":false}`, full(""), ReasonBadCredentials},
		{"typ", `{"alg":"HS256","typ":"logout+jwt"}`, full(""), ReasonBadCredentials},
		{"kid number", `{"alg":"HS256","kid":1}`, full(""), ReasonBadCredentials},
		{"kid of nobody", `{"alg":"HS256","kid":"x"}`, full(""), ReasonNone},
		{"too large", h, full(`,"x":"` + strings.Repeat("x", maxToken) + `"`), ReasonBadCredentials},
	} {
		d := loginToken(a, hsToken(k.header, k.claims))
		if d.Reason != k.want || d.Allowed != (k.want == ReasonNone) {
			t.Errorf("%s: %v", k.name, d.Reason)
		}
		if d.Allowed && (d.Identity != Identity{Username: "alice", Kind: KindJWT} || d.Expires.IsZero()) {
			t.Errorf("%s: %+v", k.name, d)
		}
	}
	good := hsToken(h, full(""))
	if d := loginToken(a, good); !d.Expires.Equal(now.Add(time.Hour + 30*time.Second)) {
		t.Errorf("ends at %v", d.Expires)
	}
	for name, bad := range map[string]string{
		"padding":   good + "=",
		"newline":   good[:len(good)-1] + "\n" + good[len(good)-1:],
		"two parts": good[:strings.LastIndex(good, ".")],
		"four":      good + ".x",
		"unsigned":  good[:strings.LastIndex(good, ".")+1],
		"stray bit": good[:len(good)-1] + string(rune(good[len(good)-1]+1)),
	} {
		if d := loginToken(a, bad); d.Allowed {
			t.Errorf("%s: accepted", name)
		}
	}
	now = time.Unix(1000, 0)
	if d := loginToken(a, good); d.Reason != ReasonUnavailable {
		t.Errorf("a clock of 1970: %v", d.Reason)
	}
}

// jwks makes a set of one key each, and signers for them.
func jwks(t *testing.T) (set string, sign map[string]func(string) []byte) {
	t.Helper()
	r, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	e, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	point, err := e.PublicKey.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	b, _ := json.Marshal(map[string]any{"keys": []map[string]any{
		{"kty": "RSA", "kid": "r", "use": "sig", "n": b64(r.N.Bytes()), "e": b64(big.NewInt(int64(r.E)).Bytes())},
		{"kty": "EC", "crv": "P-256", "kid": "e", "alg": "ES256", "x": b64(point[1:33]), "y": b64(point[33:])},
		{"kty": "OKP", "crv": "Ed25519", "kid": "d", "key_ops": []string{"verify"}, "x": b64(public)},
		{"kty": "oct", "k": b64([]byte(hsSecret))},
		{"kty": "RSA", "use": "enc", "n": b64(r.N.Bytes()), "e": "AQAB"},
	}})
	return string(b), map[string]func(string) []byte{
		"RS256": func(s string) []byte {
			sum := sha256.Sum256([]byte(s))
			sig, _ := rsa.SignPKCS1v15(nil, r, crypto.SHA256, sum[:])
			return sig
		},
		"ES256": func(s string) []byte {
			sum := sha256.Sum256([]byte(s))
			a, b, _ := ecdsa.Sign(rand.Reader, e, sum[:])
			return append(a.FillBytes(make([]byte, 32)), b.FillBytes(make([]byte, 32))...)
		},
		"EdDSA": func(s string) []byte { return ed25519.Sign(private, []byte(s)) },
		"HS256": func(s string) []byte { return sign256([]byte(hsSecret), s) },
		// Alg confusion: the public key used as a secret.
		"confused": func(s string) []byte { return sign256(r.N.Bytes(), s) },
	}
}

func TestJWKS(t *testing.T) {
	set, sign := jwks(t)
	a := mustLoad(t, Config{
		JWT: JWTConfig{JWKSFile: write(t, "jwks", set), UsernameClaim: "device"},
		Now: func() time.Time { return jwtNow },
	})
	if n := len(a.Warnings()); n != 2 {
		t.Errorf("%d warnings: %q", n, a.Warnings())
	}
	claims := b64(fmt.Appendf(nil, `{"device":"d 1","exp":%d}`, jwtNow.Unix()+60))
	for _, c := range []struct {
		signer, header string
		want           bool
	}{
		{"RS256", `{"alg":"RS256"}`, true},
		{"RS256", `{"alg":"RS256","kid":"r"}`, true},
		{"RS256", `{"alg":"RS256","kid":"e"}`, false},
		{"RS256", `{"alg":"PS256","kid":"r"}`, false},
		{"ES256", `{"alg":"ES256","kid":"e"}`, true},
		{"ES256", `{"alg":"RS256","kid":"e"}`, false},
		{"EdDSA", `{"alg":"EdDSA","kid":"d"}`, true},
		{"EdDSA", `{"alg":"EdDSA","kid":"x"}`, false},
		{"HS256", `{"alg":"HS256"}`, false},
		{"confused", `{"alg":"HS256"}`, false},
		{"confused", `{"alg":"HS256","kid":"r"}`, false},
		{"confused", `{"alg":"RS256","kid":"r"}`, false},
	} {
		signed := b64([]byte(c.header)) + "." + claims
		d := loginToken(a, signed+"."+b64(sign[c.signer](signed)))
		if d.Allowed != c.want || c.want && d.Identity.Username != "d 1" {
			t.Errorf("%s signed %s: %+v", c.signer, c.header, d)
		}
	}
	// A bare password is no token, and there is no file for it.
	if d := login(a, "alice", "secret"); d.Reason != ReasonBadCredentials {
		t.Errorf("password: %v", d.Reason)
	}
}

func TestJWTFileErrors(t *testing.T) {
	small := b64(new(big.Int).Lsh(big.NewInt(3), 1022).Bytes())
	for text, want := range map[string]string{
		``:                         "not a JSON object",
		`[]`:                       "not a JSON object",
		`{"keys":1}`:               "has no array",
		`{"keys":[]}`:              "has no key",
		`{"keys":[],"keys":[]}`:    "given twice",
		`{"keys":[1]}`:             "key 1: not a JSON object",
		`{"keys":[{"kty":"oct"}]}`: "has no key",
		`{"keys":[{"kty":"RSA","n":"` + small + `","e":"AQAB"}]}`:                                                                      "size or exponent",
		`{"keys":[{"kty":"RSA","n":"` + strings.Repeat("_", 400) + `","e":"AQ"}]}`:                                                     "size or exponent",
		`{"keys":[{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}]}`:                                                                      "malformed",
		strings.Replace(`{"keys":[`+rfcECKey+`]}`, `"x":"f`, `"x":"g`, 1):                                                              "malformed",
		strings.Replace(`{"keys":[`+rfcEdKey+`]}`, `{"kty"`, `{"d":"AA","kty"`, 1):                                                     "private key",
		`{"keys":[` + strings.Replace(rfcEdKey, "{", `{"kid":"a",`, 1) + "," + strings.Replace(rfcEdKey, "{", `{"kid":"a",`, 1) + `]}`: "given twice",
	} {
		if _, err := Load(Config{JWT: JWTConfig{JWKSFile: write(t, "jwks", text)}}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", text, err)
		}
	}
	_, err := Load(Config{JWT: JWTConfig{SecretFile: write(t, "secret", "hunter2\n")}})
	if err == nil || !strings.Contains(err.Error(), "7 bytes") || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("short secret: %v", err)
	}
	if _, err := Load(Config{JWT: JWTConfig{SecretFile: "a", JWKSFile: "b"}}); err == nil {
		t.Error("both files are accepted")
	}
}
