package config

import (
	"path/filepath"

	"snbroker/internal/auth"
	"snbroker/internal/listener"
)

// Admin is how the program is looked into: health, metrics, API and dashboard.
type Admin struct {
	// Address is host:port; "": nothing is served.
	Address string `toml:"address"`
	// PasswordFile names those who may log in; "": nobody can, and whoever is on
	// this machine may look, but change nothing.
	PasswordFile string `toml:"password_file"`
	// CertFile and KeyFile are for TLS; "": plain HTTP.
	CertFile string `toml:"cert_file"`
	KeyFile  string `toml:"key_file"`
}

func defaultAdmin() Admin { return Admin{Address: "127.0.0.1:8080"} }

// Users is what the package auth needs to know of those who may log in. Bans are
// by address alone: there are no ClientIDs.
func (a *Admin) Users() auth.Config {
	return auth.Config{PasswordFile: a.PasswordFile, Guard: auth.NewGuard(auth.GuardConfig{Connects: -1})}
}

func (a *Admin) locate(folder string) {
	for _, file := range []*string{&a.PasswordFile, &a.CertFile, &a.KeyFile} {
		if *file != "" && !filepath.IsAbs(*file) {
			*file = filepath.Join(folder, *file)
		}
	}
}

// TLS is how those who look in are met, where CertFile is set.
func (a *Admin) TLS() listener.TLSConfig {
	c := listener.DefaultTLSConfig()
	c.CertFile, c.KeyFile = a.CertFile, a.KeyFile
	return c
}

func (v *validator) admin(a *Admin) {
	if (a.CertFile == "") != (a.KeyFile == "") {
		v.wrong("admin.cert_file", "admin.cert_file and key_file go together: files in PEM")
	}
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
