package auth

import (
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"
)

const (
	prefixArgon2 = "$argon2id$"

	// What Mosquitto 2.1 writes: 46 MiB, one pass, one lane. Every password
	// that is being checked takes that much memory, see Config.Workers.
	defaultArgon2Memory = 47104 // KiB

	maxArgon2Memory = 1 << 20 // KiB
	maxArgon2Passes = 100
	maxArgon2Lanes  = 16
	maxArgon2Sum    = 128
)

// argon2Hash is $argon2id$v=19$m=47104,t=1,p=1$salt$hash, the encoding of the
// reference implementation.
type argon2Hash struct {
	memory, passes uint32
	lanes          uint8
	salt, sum      []byte
}

func parseArgon2(s string) (hash, error) {
	part := strings.Split(strings.TrimPrefix(s, prefixArgon2), "$")
	if len(part) != 4 || part[0] != "v=19" {
		return nil, errHashForm
	}
	cost := strings.Split(part[1], ",")
	if len(cost) != 3 {
		return nil, errHashForm
	}
	number := func(s, key string, limit int) int {
		s, ok := strings.CutPrefix(s, key)
		if n, fits := decimal(s, limit); ok && fits {
			return n
		}
		return 0
	}
	m := number(cost[0], "m=", maxArgon2Memory)
	t := number(cost[1], "t=", maxArgon2Passes)
	p := number(cost[2], "p=", maxArgon2Lanes)
	if m == 0 || t == 0 || p == 0 || m < 8*p { // RFC 9106 §3.1
		return nil, errHashCost
	}
	salt, err := decodeSalt(base64.RawStdEncoding, part[2])
	if err != nil {
		return nil, err
	}
	sum, err := decode(base64.RawStdEncoding, part[3])
	if err != nil || len(sum) < 16 || len(sum) > maxArgon2Sum {
		return nil, errHashForm
	}
	return &argon2Hash{memory: uint32(m), passes: uint32(t), lanes: uint8(p), salt: salt, sum: sum}, nil
}

func newArgon2(password []byte, memory, passes int) *argon2Hash {
	h := &argon2Hash{
		memory: uint32(memory), passes: uint32(passes), lanes: 1,
		salt: newSalt(16), sum: make([]byte, 32),
	}
	h.sum = h.of(password)
	return h
}

func (h *argon2Hash) of(password []byte) []byte {
	return argon2.IDKey(password, h.salt, h.passes, h.memory, h.lanes, uint32(len(h.sum)))
}

func (h *argon2Hash) verify(password []byte) bool {
	return subtle.ConstantTimeCompare(h.of(password), h.sum) == 1
}

func (h *argon2Hash) encode() string {
	return fmt.Sprintf("%sv=19$m=%d,t=%d,p=%d$%s$%s", prefixArgon2, h.memory, h.passes, h.lanes,
		base64.RawStdEncoding.EncodeToString(h.salt), base64.RawStdEncoding.EncodeToString(h.sum))
}

// weak: OWASP's smallest choice is 7 MiB with five passes.
func (h *argon2Hash) weak() bool { return uint64(h.memory)*uint64(h.passes) < 7*1024*5 }
