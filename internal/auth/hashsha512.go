package auth

import (
	"crypto/sha512"
	"crypto/subtle"
	"encoding/base64"
	"strings"
)

const prefixSHA512 = "$6$"

// sha512Hash is $6$salt$hash, SHA-512(password || salt), of Mosquitto before
// 2.0. It resembles crypt(3)'s $6$ in name only.
type sha512Hash struct {
	salt, sum []byte
}

func parseSHA512(s string) (hash, error) {
	salt64, sum64, ok := strings.Cut(strings.TrimPrefix(s, prefixSHA512), "$")
	if !ok {
		return nil, errHashForm
	}
	salt, err := decodeSalt(base64.StdEncoding, salt64)
	if err != nil {
		return nil, err
	}
	sum, err := decodeExact(base64.StdEncoding, sum64, sha512.Size)
	if err != nil {
		return nil, err
	}
	return &sha512Hash{salt: salt, sum: sum}, nil
}

func newSHA512(password []byte) *sha512Hash {
	h := &sha512Hash{salt: newSalt(12)} // the length that Mosquitto's reader expects
	h.sum = h.of(password)
	return h
}

func (h *sha512Hash) of(password []byte) []byte {
	d := sha512.New()
	d.Write(password)
	d.Write(h.salt)
	return d.Sum(nil)
}

func (h *sha512Hash) verify(password []byte) bool {
	return subtle.ConstantTimeCompare(h.of(password), h.sum) == 1
}

func (h *sha512Hash) encode() string {
	return prefixSHA512 + base64.StdEncoding.EncodeToString(h.salt) + "$" + base64.StdEncoding.EncodeToString(h.sum)
}

func (h *sha512Hash) weak() bool { return true }
