package auth

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"math/big"
	"slices"
	"strconv"
	"strings"
)

// tokenKey verifies one algorithm. The key decides which: a token only says
// which key it means, so its header cannot turn a public key into a secret.
type tokenKey struct {
	id     string // kid, "" for none
	alg    string
	verify func(signed, signature []byte) bool
}

const (
	maxTokenKeys = 64 // each is tried for a token that names none
	minSecret    = 32 // RFC 7518 §3.2: as long as the hash
	minRSABits   = 2048
	maxRSABits   = 8192 // so that a key cannot make every login slow
)

func secretKey(secret []byte) tokenKey {
	return tokenKey{alg: "HS256", verify: func(signed, signature []byte) bool {
		m := hmac.New(sha256.New, secret)
		m.Write(signed)
		return hmac.Equal(m.Sum(nil), signature)
	}}
}

// parseSecret takes a file's content as it is, less a final newline, which
// editors add.
func parseSecret(file, text string) ([]tokenKey, error) {
	text = strings.TrimSuffix(strings.TrimSuffix(text, "\n"), "\r")
	if len(text) < minSecret {
		return nil, wrongAt(file, 0, "the secret has %d bytes; HS256 needs at least %d", len(text), minSecret)
	}
	return []tokenKey{secretKey([]byte(text))}, nil
}

// parseJWKS reads a JSON Web Key Set, RFC 7517. Keys of other kinds or for
// other uses are left out with a warning, as §5 asks.
func parseJWKS(file, text string, warn *warnings) ([]tokenKey, error) {
	set, err := parseObject([]byte(strings.TrimPrefix(text, byteOrderMark)))
	if err != nil {
		return nil, &FileError{File: file, Err: err}
	}
	var list []json.RawMessage
	if json.Unmarshal(set["keys"], &list) != nil || list == nil {
		return nil, wrongAt(file, 0, `has no array "keys"`)
	}
	var keys []tokenKey
	for i, raw := range list {
		at := "key " + strconv.Itoa(i+1)
		key, err := parseJWK(raw)
		switch {
		case errors.Is(err, errKeyUnused):
			warn.add("%s: %s is left out: only RSA (RS256), P-256 (ES256) and Ed25519 (EdDSA) keys for signatures are used", file, at)
			continue
		case err != nil:
			return nil, &FileError{File: file, Problem: at, Err: err}
		}
		for _, other := range keys {
			if key.id != "" && other.id == key.id && other.alg == key.alg {
				return nil, wrongAt(file, 0, "%s: kid %s is given twice", at, quote(key.id))
			}
		}
		keys = append(keys, key)
	}
	if len(keys) == 0 {
		return nil, wrongAt(file, 0, "has no key that can verify RS256, ES256 or EdDSA")
	}
	if len(keys) > maxTokenKeys {
		return nil, wrongAt(file, 0, "has more than %d keys", maxTokenKeys)
	}
	return keys, nil
}

var (
	errKeyUnused  = errors.New("not for verifying signatures")
	errKeyPrivate = errors.New("is a private key; this file takes public ones only")
	errKeyForm    = errors.New("is malformed")
	errKeySize    = errors.New("is an RSA key of a size or exponent that is not accepted")
)

func parseJWK(raw []byte) (tokenKey, error) {
	m, err := parseObject(raw)
	if err != nil {
		return tokenKey{}, err
	}
	kty, ok := textMember(m, "kty")
	if !ok {
		return tokenKey{}, errKeyForm
	}
	if _, private := m["d"]; private {
		return tokenKey{}, errKeyPrivate
	}
	if !forSignatures(m) {
		return tokenKey{}, errKeyUnused
	}
	var k tokenKey
	crv, _ := textMember(m, "crv")
	switch {
	case kty == "RSA":
		k, err = rsaKey(m)
	case kty == "EC" && crv == "P-256":
		k, err = ecKey(m)
	case kty == "OKP" && crv == "Ed25519":
		k, err = edKey(m)
	default: // oct above all: a secret has a file of its own
		return tokenKey{}, errKeyUnused
	}
	if err != nil {
		return tokenKey{}, err
	}
	if _, given := m["alg"]; given {
		if alg, _ := textMember(m, "alg"); alg != k.alg {
			return tokenKey{}, errKeyUnused
		}
	}
	if _, given := m["kid"]; given {
		if k.id, ok = textMember(m, "kid"); !ok {
			return tokenKey{}, errKeyForm
		}
	}
	return k, nil
}

func forSignatures(m map[string]json.RawMessage) bool {
	if _, given := m["use"]; given {
		if use, _ := textMember(m, "use"); use != "sig" {
			return false
		}
	}
	if raw, given := m["key_ops"]; given {
		var ops []string
		return json.Unmarshal(raw, &ops) == nil && slices.Contains(ops, "verify")
	}
	return true
}

func rsaKey(m map[string]json.RawMessage) (tokenKey, error) {
	n, okN := bytesMember(m, "n")
	e, okE := bytesMember(m, "e")
	if !okN || !okE {
		return tokenKey{}, errKeyForm
	}
	modulus, exponent := new(big.Int).SetBytes(n), new(big.Int).SetBytes(e)
	if bits := modulus.BitLen(); bits < minRSABits || bits > maxRSABits || modulus.Bit(0) == 0 {
		return tokenKey{}, errKeySize
	}
	if exponent.BitLen() > 31 || exponent.Int64() < 3 || exponent.Bit(0) == 0 {
		return tokenKey{}, errKeySize
	}
	public := &rsa.PublicKey{N: modulus, E: int(exponent.Int64())}
	return tokenKey{alg: "RS256", verify: func(signed, signature []byte) bool {
		sum := sha256.Sum256(signed)
		return rsa.VerifyPKCS1v15(public, crypto.SHA256, sum[:], signature) == nil
	}}, nil
}

func ecKey(m map[string]json.RawMessage) (tokenKey, error) {
	x, okX := bytesMember(m, "x")
	y, okY := bytesMember(m, "y")
	if !okX || !okY || len(x) != 32 || len(y) != 32 { // RFC 7518 §6.2.1.2
		return tokenKey{}, errKeyForm
	}
	public, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), bytes.Join([][]byte{{4}, x, y}, nil))
	if err != nil { // not on the curve
		return tokenKey{}, errKeyForm
	}
	return tokenKey{alg: "ES256", verify: func(signed, signature []byte) bool {
		if len(signature) != 64 { // R || S, RFC 7518 §3.4
			return false
		}
		r, s := new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:])
		sum := sha256.Sum256(signed)
		return ecdsa.Verify(public, sum[:], r, s)
	}}, nil
}

func edKey(m map[string]json.RawMessage) (tokenKey, error) {
	x, ok := bytesMember(m, "x")
	if !ok || len(x) != ed25519.PublicKeySize {
		return tokenKey{}, errKeyForm
	}
	return tokenKey{alg: "EdDSA", verify: func(signed, signature []byte) bool {
		return len(signature) == ed25519.SignatureSize && ed25519.Verify(x, signed, signature)
	}}, nil
}

func bytesMember(m map[string]json.RawMessage, name string) ([]byte, bool) {
	s, ok := textMember(m, name)
	if !ok {
		return nil, false
	}
	b, err := decode(base64.RawURLEncoding, s)
	return b, err == nil && len(b) > 0
}
