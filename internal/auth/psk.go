package auth

import (
	"encoding/hex"
	"strings"
)

// maxPSK is OpenSSL's bound, PSK_MAX_PSK_LEN of the versions in the field.
const maxPSK = 512

// parsePSKs reads identity:hexkey lines.
func parsePSKs(file, text string, warn *warnings) (map[string][]byte, error) {
	keys := make(map[string][]byte)
	for n, line := range lines(text) {
		name, digits, ok := strings.Cut(line, ":")
		if !ok {
			return nil, wrongAt(file, n, "expected identity:hexkey")
		}
		if p := nameProblem(name); p != "" {
			return nil, wrongAt(file, n, "%s", p)
		}
		key, err := hex.DecodeString(digits)
		switch {
		case err != nil: // its text quotes a digit of the key
			return nil, wrongAt(file, n, "identity %s: the key is not pairs of hexadecimal digits", quote(name))
		case len(key) == 0:
			return nil, wrongAt(file, n, "identity %s: the key is empty", quote(name))
		case len(key) > maxPSK:
			return nil, wrongAt(file, n, "identity %s: the key is longer than %d bytes", quote(name), maxPSK)
		case len(key) < 16:
			warn.add("%s:%d: identity %s has a key of %d bits; 128 is the least that resists guessing", file, n, quote(name), 8*len(key))
		}
		if keys[name] != nil {
			warn.add("%s:%d: identity %s stands in the file twice; this line counts", file, n, quote(name))
		}
		keys[name] = key
	}
	return keys, nil
}

// PSK returns the key of an identity, for the DTLS handshake. For an unknown
// identity known is false and key is a stable invention: a handshake that goes
// on with it fails in the same step, after the same time, as one with a wrong
// key, and so does not tell which identities exist. key may not be modified.
func (a *Auth) PSK(identity string) (key []byte, known bool) {
	s := a.load()
	if s == nil {
		return nil, false
	}
	fake := sign256(s.secret[:], "psk\x00"+identity)[:16] // invented in either case
	if key, known = s.psk[identity]; known {
		return key, true
	}
	return fake, false
}
