package auth

import "time"

// Config says what a snapshot is made of. A path that is "" is not configured;
// one that is given has to be readable and correct.
type Config struct {
	PasswordFile string // name:hash lines, as mosquitto_passwd writes; SCRAM keys too
	SCRAMFile    string // name:SCRAM-SHA-256$... lines, for those who want them apart
	ACLFile      string
	PSKFile      string // identity:hexkey lines
	JWT          JWTConfig

	BindClientID BindMode

	// Workers is how many passwords are checked at a time, 0 for 2. Each takes
	// a core for some 50 ms, and with argon2id 46 MiB of memory.
	Workers int
	// Waiting is how many more may wait for a worker before clients are told
	// that the server is busy, 0 for 256, negative for none.
	Waiting int

	// Guard counts failures and bans; nil for none. Reload does not change it.
	Guard *Guard

	// Secret makes up the answers for users that do not exist. When it stays
	// the same over restarts and edits of the files, so do they. Empty: it is
	// derived from the password files.
	Secret []byte

	// Now is wall time, nil for time.Now.
	Now func() time.Time
}

// JWTConfig says which tokens are believed. It is off while neither file is
// given; one excludes the other.
type JWTConfig struct {
	SecretFile string // HS256: the secret itself, at least 32 bytes; a final newline is not part of it
	JWKSFile   string // RS256, ES256, EdDSA: a JSON Web Key Set of public keys

	Issuer   string // what iss has to be; "" for anything
	Audience string // what aud has to be or contain; "" for anything

	UsernameClaim string        // "" for "sub"
	Leeway        time.Duration // between clocks; 0 for 30 s, negative for none
}

func (c JWTConfig) enabled() bool { return c.SecretFile != "" || c.JWKSFile != "" }
