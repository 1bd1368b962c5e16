package auth

import (
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"strconv"
	"strings"
)

const (
	prefixSCRAM = "SCRAM-SHA-256$"

	minSCRAMIterations     = 4096   // RFC 7677 §4
	defaultSCRAMIterations = 15_000 // the client pays; RFC 7677's own example of 0.1 s
)

// scramKeys is SCRAM-SHA-256$iterations:salt$StoredKey:ServerKey, as PostgreSQL
// writes it. Neither key lets its thief log in; RFC 5802 §9.
type scramKeys struct {
	iterations     int
	salt           []byte
	stored, server []byte
}

func parseSCRAMKeys(s string) (*scramKeys, error) {
	cost, keys, ok := strings.Cut(strings.TrimPrefix(s, prefixSCRAM), "$")
	count, salt64, ok1 := strings.Cut(cost, ":")
	stored64, server64, ok2 := strings.Cut(keys, ":")
	if !ok || !ok1 || !ok2 {
		return nil, errHashForm
	}
	k := &scramKeys{}
	if k.iterations, ok = decimal(count, maxIterations); !ok || k.iterations < minSCRAMIterations {
		return nil, errHashCost
	}
	var err error
	if k.salt, err = decodeSalt(base64.StdEncoding, salt64); err != nil {
		return nil, err
	}
	if k.stored, err = decodeExact(base64.StdEncoding, stored64, sha256.Size); err != nil {
		return nil, err
	}
	if k.server, err = decodeExact(base64.StdEncoding, server64, sha256.Size); err != nil {
		return nil, err
	}
	return k, nil
}

func newSCRAMKeys(password []byte, iterations int) (*scramKeys, error) {
	k := &scramKeys{iterations: iterations, salt: newSalt(16)}
	var err error
	k.stored, k.server, err = k.of(password)
	return k, err
}

func (k *scramKeys) of(password []byte) (stored, server []byte, err error) {
	salted, err := pbkdf2.Key(sha256.New, string(password), k.salt, k.iterations, sha256.Size)
	if err != nil {
		return nil, nil, err
	}
	client := sha256.Sum256(sign256(salted, "Client Key"))
	return client[:], sign256(salted, "Server Key"), nil
}

// verify serves clients that send the password itself.
func (k *scramKeys) verify(password []byte) bool {
	stored, _, err := k.of(password)
	return err == nil && subtle.ConstantTimeCompare(stored, k.stored) == 1
}

func (k *scramKeys) encode() string {
	b64 := base64.StdEncoding.EncodeToString
	return prefixSCRAM + strconv.Itoa(k.iterations) + ":" + b64(k.salt) + "$" + b64(k.stored) + ":" + b64(k.server)
}

func (k *scramKeys) weak() bool { return false }

func sign256(key []byte, message string) []byte {
	m := hmac.New(sha256.New, key)
	m.Write([]byte(message))
	return m.Sum(nil)
}
