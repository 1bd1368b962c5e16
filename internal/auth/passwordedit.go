package auth

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
)

// Algorithm is how SetPassword stores a password.
type Algorithm uint8

const (
	Argon2id     Algorithm = iota // the default; Mosquitto reads it from 2.1 on
	PBKDF2SHA512                  // $7$, for Mosquitto 2.0
	SHA512                        // $6$, for Mosquitto 1.x; cheap to guess
	SCRAMSHA256                   // for SCRAM; serves plain passwords, too
)

// ParseAlgorithm reads the names that mosquitto_passwd has, and scram.
func ParseAlgorithm(s string) (Algorithm, error) {
	switch s {
	case "argon2id", "":
		return Argon2id, nil
	case "sha512-pbkdf2", "pbkdf2-sha512":
		return PBKDF2SHA512, nil
	case "sha512":
		return SHA512, nil
	case "scram", "scram-sha-256":
		return SCRAMSHA256, nil
	}
	return Argon2id, errors.New("auth: the algorithm is one of argon2id, pbkdf2-sha512, sha512, scram-sha-256")
}

// Options of SetPassword. Zero is the default everywhere.
type Options struct {
	Algorithm  Algorithm
	Iterations int // PBKDF2SHA512 0 for 210000, SCRAMSHA256 0 for 15000, Argon2id 0 for 1 pass
	Memory     int // Argon2id, in KiB, 0 for 47104
}

// SetPassword adds a user to a password file or replaces its line, and keeps
// everything else as it is. A file that does not exist is made, readable by
// its owner alone. The file is replaced as a whole: whoever reads it, and a
// power cut, find the old or the new one.
func SetPassword(file, user, password string, o Options) error {
	if p := nameProblem(user); p != "" {
		return fmt.Errorf("auth: user %s: %s", quote(user), p)
	}
	if password == "" {
		return errors.New("auth: the password is empty")
	}
	if len(password) > maxName {
		return errors.New("auth: the password is longer than MQTT can carry")
	}
	h, err := o.hash([]byte(password))
	if err != nil {
		return err
	}
	return edit(file, user, user+":"+h.encode())
}

// DeleteUser removes a user from a password file; the error is ErrNoUser when
// it is not there.
func DeleteUser(file, user string) error { return edit(file, user, "") }

func (o Options) hash(password []byte) (hash, error) {
	costs := errors.New("auth: the cost of the hash is out of range")
	if o.Iterations < 0 || o.Iterations > maxIterations || o.Memory < 0 || o.Memory > maxArgon2Memory {
		return nil, costs
	}
	switch o.Algorithm {
	case Argon2id:
		memory, passes := or(o.Memory, defaultArgon2Memory), or(o.Iterations, 1)
		if memory < 8 || passes > maxArgon2Passes {
			return nil, costs
		}
		return newArgon2(password, memory, passes), nil
	case PBKDF2SHA512:
		return newPBKDF2(password, or(o.Iterations, defaultPBKDF2Iterations))
	case SHA512:
		return newSHA512(password), nil
	case SCRAMSHA256:
		iterations := or(o.Iterations, defaultSCRAMIterations)
		if iterations < minSCRAMIterations {
			return nil, costs
		}
		return newSCRAMKeys(password, iterations)
	}
	return nil, errors.New("auth: unknown algorithm")
}

// editing lets the users of this process not overwrite each other's edits.
// Between processes the last one wins.
var editing sync.Mutex

// edit replaces a user's line, or removes it when line is "".
func edit(file, user, line string) error {
	editing.Lock()
	defer editing.Unlock()
	if target, err := filepath.EvalSymlinks(file); err == nil {
		file = target // the link stays one
	}
	var quiet warnings
	text, err := readFile(file, true, &quiet)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if line == "" {
			return ErrNoUser
		}
	case err != nil:
		return err
	}
	// Nor is anything written into what is not a password file.
	if _, err := parsePasswords(file, text, &quiet); err != nil {
		return err
	}
	text, found := replaceLine(text, user, line)
	if !found && line == "" {
		return ErrNoUser
	}
	return replaceFile(file, text)
}

// replaceLine puts line in the place of the user's last one, the one that
// counted, and removes those before it. A new user goes to the end.
func replaceLine(text, user, line string) (_ string, found bool) {
	text, marked := strings.CutPrefix(text, byteOrderMark)
	var kept []string
	last := -1
	for old := range strings.Lines(text) {
		if name, _, ok := strings.Cut(content(old), ":"); !ok || name != user {
			kept = append(kept, old)
			continue
		}
		if last >= 0 {
			kept[last] = ""
		}
		last = len(kept)
		kept = append(kept, "")
	}
	end := "\n"
	if strings.Contains(text, "\r\n") {
		end = "\r\n"
	}
	switch {
	case line == "":
	case last >= 0:
		kept[last] = line + end
	default:
		if n := len(kept); n > 0 && !strings.HasSuffix(kept[n-1], "\n") {
			kept[n-1] += end
		}
		kept = append(kept, line+end)
	}
	text = strings.Join(kept, "")
	if marked {
		text = byteOrderMark + text
	}
	return text, last >= 0
}

// replaceFile writes beside the file, to the disk, and renames. Mode and owner
// stay; a new file is its owner's alone.
func replaceFile(file, text string) (err error) {
	dir := filepath.Dir(file)
	f, err := os.CreateTemp(dir, "."+filepath.Base(file)+".*") // mode 0600
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(f.Name())
		}
	}()
	if old, err := os.Stat(file); err == nil {
		if err := keepOwner(f, old); err != nil {
			return fmt.Errorf("auth: keep the owner of %s: %w", file, err)
		}
		if err := f.Chmod(old.Mode().Perm()); err != nil {
			return err
		}
	}
	if _, err := f.WriteString(text); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), file); err != nil {
		return err
	}
	return syncDir(dir)
}
