package config

import (
	"path/filepath"

	"snbroker/internal/auth"
)

// Admin is how the program is looked into: health, metrics, API and dashboard.
type Admin struct {
	// Address is host:port; "": nothing is served.
	Address string `toml:"address"`
	// PasswordFile names those who may log in; "": nobody can, and whoever is on
	// this machine may look, but change nothing.
	PasswordFile string `toml:"password_file"`
}

func defaultAdmin() Admin { return Admin{Address: "127.0.0.1:8080"} }

// Users is what the package auth needs to know of those who may log in. Bans are
// by address alone: there are no ClientIDs.
func (a *Admin) Users() auth.Config {
	return auth.Config{PasswordFile: a.PasswordFile, Guard: auth.NewGuard(auth.GuardConfig{Connects: -1})}
}

func (a *Admin) locate(folder string) {
	if a.PasswordFile != "" && !filepath.IsAbs(a.PasswordFile) {
		a.PasswordFile = filepath.Join(folder, a.PasswordFile)
	}
}

func (v *validator) admin(a *Admin) {
	if a.Address == "" {
		return
	}
	h, err := parseAddress(a.Address)
	switch {
	case err != nil:
		v.wrong("admin.address", "admin.address = %q: %v", a.Address, err)
	case !h.loopback() && a.PasswordFile == "":
		v.wrong("admin.address", `admin.address = %q: others than this machine could look into the program, and nobody could log in: `+
			`set password_file ("snbroker passwd -c FILE USER" makes one), or an address such as "127.0.0.1:8080"`, a.Address)
	}
}
