package auth

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"math"
	"slices"
	"strings"
	"time"
)

// maxToken is far above what issuers send, and keeps what has to be decoded
// before a signature has been checked small.
const maxToken = 8 << 10

const defaultLeeway = 30 * time.Second

// jwtVerifier believes compact JWS tokens, RFC 7515 and 7519, of its keys.
type jwtVerifier struct {
	keys             []tokenKey
	issuer, audience string
	claim            string
	leeway           time.Duration
}

func (s *snapshot) loadJWT(c JWTConfig) error {
	if !c.enabled() {
		return nil
	}
	file := c.SecretFile
	if file == "" {
		file = c.JWKSFile
	} else if c.JWKSFile != "" {
		return wrongAt(file, 0, "a token secret and a key set (%s) exclude each other", c.JWKSFile)
	}
	text, err := readFile(file, file == c.SecretFile, &s.warnings)
	if err != nil {
		return err
	}
	v := &jwtVerifier{issuer: c.Issuer, audience: c.Audience, claim: c.UsernameClaim, leeway: c.Leeway}
	if file == c.SecretFile {
		v.keys, err = parseSecret(file, text)
	} else {
		v.keys, err = parseJWKS(file, text, &s.warnings)
	}
	if err != nil {
		return err
	}
	if v.claim == "" {
		v.claim = "sub"
	}
	switch {
	case v.leeway == 0:
		v.leeway = defaultLeeway
	case v.leeway < 0:
		v.leeway = 0
	}
	s.jwt = v
	return nil
}

// looksLikeToken decides by shape alone which passwords are taken for tokens,
// so that the way a login goes does not tell whether its user exists. "eyJ" is
// how any encoded object begins that opens with a member.
func looksLikeToken(password []byte) bool {
	return bytes.HasPrefix(password, []byte("eyJ")) && bytes.Count(password, []byte{'.'}) == 2
}

func (v *jwtVerifier) authenticate(now time.Time, token []byte) Decision {
	claims, ok := v.open(token)
	if !ok {
		return refuse(ReasonBadCredentials)
	}
	if v.issuer != "" {
		if iss, ok := textMember(claims, "iss"); !ok || iss != v.issuer {
			return refuse(ReasonBadCredentials)
		}
	}
	if v.audience != "" && !slices.Contains(audiences(claims["aud"]), v.audience) {
		return refuse(ReasonBadCredentials)
	}
	name, ok := textMember(claims, v.claim)
	if !ok || !validName(name) {
		return refuse(ReasonBadCredentials)
	}
	// A token without an end would outlive its owner's leave.
	exp, ok := dateMember(claims, "exp")
	if !ok {
		return refuse(ReasonBadCredentials)
	}
	if !clockSet(now) {
		return refuse(ReasonUnavailable)
	}
	end := exp.Add(v.leeway)
	if !now.Before(end) {
		return refuse(ReasonExpired)
	}
	if _, given := claims["nbf"]; given {
		nbf, ok := dateMember(claims, "nbf")
		if !ok {
			return refuse(ReasonBadCredentials)
		}
		if now.Add(v.leeway).Before(nbf) {
			return refuse(ReasonExpired)
		}
	}
	d := allow(name, KindJWT)
	d.Expires = end
	return d
}

// open checks form and signature, and returns the claims.
func (v *jwtVerifier) open(token []byte) (map[string]json.RawMessage, bool) {
	if len(token) > maxToken {
		return nil, false
	}
	part := strings.Split(string(token), ".")
	if len(part) != 3 {
		return nil, false
	}
	header, ok := decodeObject(part[0])
	if !ok {
		return nil, false
	}
	alg, kid, ok := readHeader(header)
	if !ok {
		return nil, false
	}
	signature, err := decode(base64.RawURLEncoding, part[2])
	if err != nil {
		return nil, false
	}
	signed := token[:len(part[0])+1+len(part[1])]
	if !v.signed(alg, kid, signed, signature) {
		return nil, false
	}
	return decodeObject(part[1]) // only now: nobody else's claims get parsed
}

func decodeObject(s string) (map[string]json.RawMessage, bool) {
	b, err := decode(base64.RawURLEncoding, s)
	if err != nil {
		return nil, false
	}
	m, err := parseObject(b)
	return m, err == nil
}

// readHeader looks at what it understands. Keys and addresses of keys that a
// token brings along (jwk, jku, x5c, x5u) are never followed; crit asks for
// something that is not understood here.
func readHeader(h map[string]json.RawMessage) (alg, kid string, ok bool) {
	if _, given := h["crit"]; given {
		return "", "", false
	}
	if _, given := h["typ"]; given {
		// Other types share keys with access tokens at some issuers.
		typ, ok := textMember(h, "typ")
		typ = strings.TrimPrefix(strings.ToLower(typ), "application/")
		if !ok || typ != "jwt" && typ != "at+jwt" {
			return "", "", false
		}
	}
	if _, given := h["kid"]; given {
		if kid, ok = textMember(h, "kid"); !ok {
			return "", "", false
		}
	}
	alg, ok = textMember(h, "alg")
	return alg, kid, ok
}

func (v *jwtVerifier) signed(alg, kid string, signed, signature []byte) bool {
	for i := range v.keys {
		k := &v.keys[i]
		if k.alg != alg || kid != "" && k.id != "" && k.id != kid {
			continue
		}
		if k.verify(signed, signature) {
			return true
		}
	}
	return false
}

// audiences: one string, or an array of nothing but strings.
func audiences(raw json.RawMessage) []string {
	if len(raw) == 0 {
		return nil
	}
	if raw[0] == '"' {
		raw = slices.Concat([]byte{'['}, raw, []byte{']'})
	}
	var all []any
	if json.Unmarshal(raw, &all) != nil {
		return nil
	}
	list := make([]string, 0, len(all))
	for _, a := range all {
		s, ok := a.(string)
		if !ok {
			return nil
		}
		list = append(list, s)
	}
	return list
}

// dateMember reads a NumericDate: seconds since 1970, maybe with a fraction.
func dateMember(m map[string]json.RawMessage, name string) (time.Time, bool) {
	raw := m[name]
	if len(raw) == 0 || raw[0] != '-' && (raw[0] < '0' || raw[0] > '9') {
		return time.Time{}, false
	}
	var f float64
	if json.Unmarshal(raw, &f) != nil {
		return time.Time{}, false
	}
	const year9999 = 253402300799
	if f < 0 || f > year9999 {
		return time.Time{}, false
	}
	whole, fraction := math.Modf(f)
	return time.Unix(int64(whole), int64(fraction*1e9)), true
}
