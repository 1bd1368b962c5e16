package config

import (
	"path/filepath"
	"time"

	"snbroker/internal/auth"
)

// bindModes are the words for an auth.BindMode.
var bindModes = []string{"off", "equal", "prefix"}

// addressFailures is how many times the failures of one ClientID an address may
// have in all: many clients can be behind one.
const addressFailures = 10

func defaultAuth() Auth {
	return Auth{
		BindClientID:     "off",
		JWTUsernameClaim: "sub",
		HashWorkers:      2,
		BanFailures:      5,
		BanTime:          Duration(5 * time.Minute),
		MaxConnects:      120,
	}
}

// files are the settings that name files.
func (a *Auth) files() []*string {
	return []*string{&a.PasswordFile, &a.ACLFile, &a.SCRAMFile, &a.PSKFile, &a.JWTSecretFile, &a.JWKSFile}
}

// locate has the files begin where the configuration is, so that it does not
// matter where the program was started.
func (a *Auth) locate(folder string) {
	for _, file := range a.files() {
		if *file != "" && !filepath.IsAbs(*file) {
			*file = filepath.Join(folder, *file)
		}
	}
}

// Proves tells whether clients can prove who they are, other than by a
// certificate.
func (a *Auth) Proves() bool {
	return a.PasswordFile != "" || a.SCRAMFile != "" || a.JWTSecretFile != "" || a.JWKSFile != ""
}

// Config is what the package auth needs to know, but for the Guard.
func (a *Auth) Config() auth.Config {
	bind, _ := auth.ParseBindMode(a.BindClientID) // Validate has refused other words
	return auth.Config{
		PasswordFile: a.PasswordFile,
		SCRAMFile:    a.SCRAMFile,
		ACLFile:      a.ACLFile,
		PSKFile:      a.PSKFile,
		JWT: auth.JWTConfig{
			SecretFile:    a.JWTSecretFile,
			JWKSFile:      a.JWKSFile,
			Issuer:        a.JWTIssuer,
			Audience:      a.JWTAudience,
			UsernameClaim: a.JWTUsernameClaim,
		},
		BindClientID: bind,
		Workers:      a.HashWorkers,
	}
}

// Guard is who is banned.
func (a *Auth) Guard() auth.GuardConfig {
	return auth.GuardConfig{
		Failures:        orOff(a.BanFailures),
		AddressFailures: orOff(addressFailures * a.BanFailures),
		Connects:        orOff(a.MaxConnects),
		Ban:             time.Duration(a.BanTime),
	}
}

// orOff says 0, which is no bound in the file, as package auth does.
func orOff(n int) int {
	if n == 0 {
		return -1
	}
	return n
}

// KeepGuard takes over from old what cannot change while the program runs.
func (a *Auth) KeepGuard(old *Auth) {
	a.BanFailures, a.BanTime, a.MaxConnects = old.BanFailures, old.BanTime, old.MaxConnects
}

func (v *validator) auth(a *Auth) {
	v.oneOf("auth.bind_client_id", a.BindClientID, bindModes...)
	between(v, "auth.hash_workers", a.HashWorkers, 1, 1024)
	between(v, "auth.ban_failures", a.BanFailures, 0, many/addressFailures)
	between(v, "auth.ban_time", a.BanTime, Duration(time.Second), 3650*Duration(day))
	between(v, "auth.max_connects", a.MaxConnects, 0, many)
	if a.JWTUsernameClaim == "" {
		v.wrong("auth.jwt_username_claim", `auth.jwt_username_claim = "": want the name of a claim, such as "sub"`)
	}
}
