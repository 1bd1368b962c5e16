package auth

import (
	"strings"
	"sync/atomic"
)

// user is a line of the password file.
type user struct {
	hash hash
	// seen is a digest of the password that was right last, under a key of
	// this process, so that a fleet that reconnects pays for its hashes once.
	// Only successes are kept: a wrong password always pays in full.
	seen atomic.Pointer[[32]byte]
}

// parsePasswords reads name:hash lines.
func parsePasswords(file, text string, warn *warnings) (map[string]*user, error) {
	users := make(map[string]*user)
	weak := 0
	for n, line := range lines(text) {
		name, h, err := parsePasswordLine(file, n, line)
		if err != nil {
			return nil, err
		}
		if users[name] != nil {
			warn.add("%s:%d: user %q stands in the file twice; this line counts", file, n, name)
		}
		if h.weak() {
			weak++
		}
		users[name] = &user{hash: h}
	}
	if weak > 0 {
		warn.add("%s: %d users have hashes that are cheap to guess ($6$, or few iterations); set their passwords anew", file, weak)
	}
	if len(users) == 0 {
		warn.add("%s: has no users", file)
	}
	return users, nil
}

func parsePasswordLine(file string, n int, line string) (string, hash, error) {
	name, rest, ok := strings.Cut(line, ":")
	if !ok {
		return "", nil, wrongAt(file, n, "expected name:hash")
	}
	if p := nameProblem(name); p != "" {
		return "", nil, wrongAt(file, n, "%s", p)
	}
	h, err := parseHash(rest)
	if err != nil {
		return "", nil, &FileError{File: file, Line: n, Problem: "user " + quote(name), Err: err}
	}
	return name, h, nil
}

// parseSCRAMFile is parsePasswords for a file of nothing but SCRAM keys.
func parseSCRAMFile(file, text string, warn *warnings) (map[string]*scramKeys, error) {
	keys := make(map[string]*scramKeys)
	for n, line := range lines(text) {
		name, h, err := parsePasswordLine(file, n, line)
		if err != nil {
			return nil, err
		}
		k, ok := h.(*scramKeys)
		if !ok {
			return nil, wrongAt(file, n, "user %q: expected SCRAM-SHA-256 keys", name)
		}
		if keys[name] != nil {
			warn.add("%s:%d: user %q stands in the file twice; this line counts", file, n, name)
		}
		keys[name] = k
	}
	return keys, nil
}
