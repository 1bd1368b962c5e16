package auth

import (
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash/maphash"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Auth answers who and what. It is safe for concurrent use; every answer comes
// from one snapshot, which Reload replaces as a whole. A nil or zero Auth
// denies everything.
type Auth struct {
	current atomic.Pointer[snapshot]
	reload  sync.Mutex // held while a snapshot is made
	guard   *Guard     // set once by Load
	counts  counts
	denied  denials
}

// snapshot is immutable but for the pool and users' seen.
type snapshot struct {
	users      map[string]*user      // nil: no password file
	names      []string              // of users, sorted: stand-ins for those unknown
	scram      map[string]*scramKeys // nil: no SCRAM
	scramNames []string              // sorted: stand-ins, too
	psk        map[string][]byte
	jwt        *jwtVerifier // nil: no tokens
	acl        *acl         // nil: no ACL file
	bind       BindMode

	longest int // of the names that bind knows

	pool     *pool
	now      func() time.Time
	secret   [32]byte // of this process
	fake     [32]byte // for salts that have to outlive it
	warnings warnings
}

// Load reads all that c names. On an error Auth is nil, which denies
// everything.
func Load(c Config) (*Auth, error) {
	a := &Auth{guard: c.Guard}
	if err := a.Reload(c); err != nil {
		return nil, err
	}
	return a, nil
}

// Reload is Load into an Auth in use. On an error nothing changes.
func (a *Auth) Reload(c Config) error {
	a.reload.Lock()
	defer a.reload.Unlock()
	s, err := newSnapshot(c)
	if err != nil {
		return err
	}
	if old := a.current.Load(); old != nil && old.pool.fits(c) {
		s.pool = old.pool // or reloads in a storm would multiply the workers
	}
	a.current.Store(s)
	return nil
}

// Warnings of the files in use: nothing failed for them.
func (a *Auth) Warnings() []string {
	if s := a.load(); s != nil {
		return slices.Clone(s.warnings)
	}
	return nil
}

// Valid reports whether an identity would still be accepted, as far as files and
// its Proof can tell: after a reload, connections for which it is false should end.
func (a *Auth) Valid(id *Identity) bool {
	s := a.load()
	if s == nil || id == nil || id.Proof != nil && !id.Proof.Good() {
		return false
	}
	switch id.Kind {
	case KindPassword, KindSCRAM, KindPSK:
		stamp := s.stamp(id)
		return stamp != 0 && (stamp == id.stamp || id.stamp == 0)
	case KindJWT:
		return s.jwt != nil
	}
	return true // what certificates are worth is the Proof's to say
}

var stamps = maphash.MakeSeed()

// stamp tells a user's secret from another one, without being it; 0: there is none.
// Who got in with a secret that has been replaced, perhaps because it was stolen, is
// not to stay.
func (s *snapshot) stamp(id *Identity) uint64 {
	switch id.Kind {
	case KindPassword:
		if u := s.users[id.Username]; u != nil {
			return maphash.String(stamps, u.hash.encode())
		}
	case KindSCRAM:
		if k := s.scram[id.Username]; k != nil {
			return maphash.String(stamps, k.encode())
		}
	case KindPSK:
		if key := s.psk[id.Username]; key != nil {
			return maphash.Bytes(stamps, key)
		}
	}
	return 0
}

func (a *Auth) load() *snapshot {
	if a == nil {
		return nil
	}
	return a.current.Load()
}

func newSnapshot(c Config) (*snapshot, error) {
	s := &snapshot{bind: c.BindClientID, now: c.Now, pool: newPool(c)}
	if s.now == nil {
		s.now = time.Now
	}
	if s.bind > BindPrefix {
		return nil, fmt.Errorf("auth: unknown bind mode %d", s.bind)
	}
	rand.Read(s.secret[:]) // never fails
	// Every file is looked at even after one has failed: an operator would
	// rather hear of all problems at once.
	err := errors.Join(
		load(c.PasswordFile, true, &s.users, parsePasswords, &s.warnings),
		load(c.SCRAMFile, true, &s.scram, parseSCRAMFile, &s.warnings),
		load(c.PSKFile, true, &s.psk, parsePSKs, &s.warnings),
		load(c.ACLFile, false, &s.acl, parseACL, &s.warnings),
		s.loadJWT(c.JWT),
	)
	if err != nil {
		return nil, err
	}
	s.names = slices.Sorted(maps.Keys(s.users))
	s.collectSCRAM()
	s.scramNames = slices.Sorted(maps.Keys(s.scram))
	s.longest = s.longestName()
	s.fake = fakeSecret(c.Secret, s)
	return s, nil
}

func load[T any](file string, secret bool, into *T, parse func(file, text string, w *warnings) (T, error), w *warnings) error {
	if file == "" {
		return nil
	}
	text, err := readFile(file, secret, w)
	if err != nil {
		return err
	}
	*into, err = parse(file, text, w)
	return err
}

// collectSCRAM lets the SCRAM lines of the password file serve SCRAM too. The
// file of their own wins.
func (s *snapshot) collectSCRAM() {
	for name, u := range s.users {
		k, ok := u.hash.(*scramKeys)
		if !ok || s.scram[name] != nil {
			continue
		}
		if s.scram == nil {
			s.scram = make(map[string]*scramKeys)
		}
		s.scram[name] = k
	}
}

// fakeSecret is from the files when none is given, because what is invented
// for users that do not exist has to survive a restart as real salts do.
func fakeSecret(given []byte, s *snapshot) [32]byte {
	h := sha256.New()
	if len(given) > 0 {
		h.Write(given)
	} else {
		for _, name := range s.names {
			fmt.Fprintf(h, "%q %s\n", name, s.users[name].hash.encode())
		}
		for _, name := range s.scramNames {
			fmt.Fprintf(h, "%q %s\n", name, s.scram[name].encode())
		}
	}
	return [32]byte(h.Sum(nil))
}
