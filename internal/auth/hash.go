package auth

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"strconv"
	"strings"
)

// hash is a stored password: what a line of the password file holds after the
// name.
type hash interface {
	// verify takes as long for a wrong password as for the right one.
	verify(password []byte) bool
	// encode is the inverse of parseHash.
	encode() string
	// weak: whether guessing is far cheaper than it need be.
	weak() bool
}

// Causes never quote what they judge: it may be a password in the clear.
var (
	errNotHash  = errors.New("what follows the name is not a password hash ($6$, $7$, $argon2id$ or SCRAM-SHA-256$)")
	errHashForm = errors.New("the password hash is malformed")
	errHashCost = errors.New("the password hash has a cost out of range")
)

func parseHash(s string) (hash, error) {
	switch {
	case strings.HasPrefix(s, prefixSHA512):
		return parseSHA512(s)
	case strings.HasPrefix(s, prefixPBKDF2):
		return parsePBKDF2(s)
	case strings.HasPrefix(s, prefixArgon2):
		return parseArgon2(s)
	case strings.HasPrefix(s, prefixSCRAM):
		k, err := parseSCRAMKeys(s)
		if err != nil {
			return nil, err // not a typed nil
		}
		return k, nil
	}
	return nil, errNotHash
}

// Bounds on costs, so that a typing error in a file cannot stall the broker.
const (
	maxIterations = 50_000_000
	maxSalt       = 1024
)

// decodeSalt and decodeExact accept one spelling of each value, so that what
// was parsed is written back as it was.
func decodeSalt(enc *base64.Encoding, s string) ([]byte, error) {
	salt, err := decode(enc, s)
	if err != nil || len(salt) == 0 || len(salt) > maxSalt {
		return nil, errHashForm
	}
	return salt, nil
}

func decodeExact(enc *base64.Encoding, s string, size int) ([]byte, error) {
	b, err := decode(enc, s)
	if err != nil || len(b) != size {
		return nil, errHashForm
	}
	return b, nil
}

// decode is strict; the package's own decoder skips line ends.
func decode(enc *base64.Encoding, s string) ([]byte, error) {
	if strings.ContainsAny(s, "\r\n") {
		return nil, errHashForm
	}
	return enc.Strict().DecodeString(s)
}

// decimal parses a number written the one way: no sign, no leading zero.
func decimal(s string, limit int) (int, bool) {
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 || n > limit || strconv.Itoa(n) != s {
		return 0, false
	}
	return n, true
}

func newSalt(n int) []byte {
	b := make([]byte, n)
	rand.Read(b) // never fails
	return b
}
