package auth

import (
	"crypto/pbkdf2"
	"crypto/sha512"
	"crypto/subtle"
	"encoding/base64"
	"strconv"
	"strings"
)

const (
	prefixPBKDF2 = "$7$"

	// defaultPBKDF2Iterations is OWASP's figure for SHA-512. Mosquitto writes
	// 101 or 1000.
	defaultPBKDF2Iterations = 210_000
	weakPBKDF2Iterations    = 10_000
)

// pbkdf2Hash is $7$iterations$salt$hash, PBKDF2-HMAC-SHA512, of Mosquitto 2.0.
type pbkdf2Hash struct {
	iterations int
	salt, sum  []byte
}

func parsePBKDF2(s string) (hash, error) {
	part := strings.Split(strings.TrimPrefix(s, prefixPBKDF2), "$")
	if len(part) != 3 {
		return nil, errHashForm
	}
	iterations, ok := decimal(part[0], maxIterations)
	if !ok {
		return nil, errHashCost
	}
	salt, err := decodeSalt(base64.StdEncoding, part[1])
	if err != nil {
		return nil, err
	}
	sum, err := decodeExact(base64.StdEncoding, part[2], sha512.Size)
	if err != nil {
		return nil, err
	}
	return &pbkdf2Hash{iterations: iterations, salt: salt, sum: sum}, nil
}

func newPBKDF2(password []byte, iterations int) (*pbkdf2Hash, error) {
	// Mosquitto 2.0 reads no salt but one of 12 bytes; 96 random bits do.
	h := &pbkdf2Hash{iterations: iterations, salt: newSalt(12)}
	var err error
	h.sum, err = h.of(password)
	return h, err
}

func (h *pbkdf2Hash) of(password []byte) ([]byte, error) {
	return pbkdf2.Key(sha512.New, string(password), h.salt, h.iterations, sha512.Size)
}

func (h *pbkdf2Hash) verify(password []byte) bool {
	sum, err := h.of(password)
	return err == nil && subtle.ConstantTimeCompare(sum, h.sum) == 1
}

func (h *pbkdf2Hash) encode() string {
	return prefixPBKDF2 + strconv.Itoa(h.iterations) +
		"$" + base64.StdEncoding.EncodeToString(h.salt) +
		"$" + base64.StdEncoding.EncodeToString(h.sum)
}

func (h *pbkdf2Hash) weak() bool { return h.iterations < weakPBKDF2Iterations }
