package main

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"syscall"

	"snbroker/internal/admin"
	"snbroker/internal/auth"
	"snbroker/internal/config"
	"snbroker/internal/listener"
)

// loadAdmins reads who may log in to the admin address; nil: nobody.
func loadAdmins(cfg *config.Config) (*auth.Auth, error) {
	if cfg.Admin.PasswordFile == "" {
		return nil, nil
	}
	a, err := auth.Load(cfg.Admin.Users())
	if err != nil {
		return nil, fmt.Errorf("[admin]: %w", err)
	}
	return a, nil
}

// loadAdminTLS reads the certificate of the admin address; nil: there is none.
func loadAdminTLS(cfg *config.Config) (*listener.TLS, error) {
	if cfg.Admin.CertFile == "" {
		return nil, nil
	}
	t, err := listener.LoadTLS(cfg.Admin.TLS())
	if err != nil {
		return nil, fmt.Errorf("[admin]: %w", err)
	}
	return t, nil
}

// checkAdmin reads the files of [admin].
func checkAdmin(cfg *config.Config) error {
	_, users := loadAdmins(cfg)
	_, files := loadAdminTLS(cfg)
	return errors.Join(users, files)
}

// openAdmin opens the admin address. The program runs without it, too.
func (s *server) openAdmin() {
	if s.cfg.Admin.Address == "" {
		return
	}
	l, err := listen("tcp", s.cfg.Admin.Address)
	if err != nil {
		s.log.Warn("no health, metrics, API and dashboard: the address cannot be had; set address in [admin]", "address", s.cfg.Admin.Address, "error", err)
		return
	}
	s.serveAdmin(l)
}

func (s *server) serveAdmin(l net.Listener) {
	s.showSettings(s.cfg)
	scheme, exposed := "http", !isLocal(l.Addr())
	var secure *tls.Config
	if files := s.adminTLS; files != nil {
		scheme, exposed = "https", false
		secure = &tls.Config{GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) { return files.Config(), nil }}
		s.announceCertificate("[admin]", files)
	}
	s.admin = admin.New(admin.Config{
		Version:   version(),
		Broker:    s.broker,
		Gateway:   s.gateway,
		Tap:       s.tap,
		Clients:   s.auth,
		Users:     s.admins,
		Listeners: s.listeners,
		Store:     s.store,
		History:   s.history,
		Damage:    s.damage,
		Settings:  func() []admin.Setting { return *s.settings.Load() },
		Warnings:  s.recent.list,
		Reload:    s.askReload,
		Exposed:   exposed,
		TLS:       secure,
		Log:       s.log,
	})
	s.admin.Ready() // it comes last, at the start as well
	at := s.admin
	s.run(func() error { return at.Serve(l) })
	s.log.Info("health, metrics, API and dashboard", "url", scheme+"://"+l.Addr().String()+"/")
	if exposed {
		s.log.Warn("passwords and what devices send are readable on the way to the admin address: it has no TLS; set cert_file and key_file in [admin], or use a tunnel", "address", l.Addr())
	}
}

// closeAdmin ends what looks into the program.
func (s *server) closeAdmin() {
	if s.admin != nil {
		s.admin.Close()
		s.admin = nil
	}
}

// reloadAdmin puts [admin] in force, and reads again who may log in. It reports
// whether it did; else all is as it was.
func (s *server) reloadAdmin(cfg *config.Config) bool {
	if cfg.Admin == s.cfg.Admin {
		if s.admin == nil {
			s.openAdmin() // the address may be free by now
		}
		return s.reloadAdminFiles(cfg)
	}
	err := s.moveAdmin(cfg)
	if err != nil {
		s.log.Error("[admin] not changed, it stays as it was", "error", err)
	}
	return err == nil
}

func (s *server) reloadAdminFiles(cfg *config.Config) (whole bool) {
	whole = true
	if s.admins != nil {
		if err := s.admins.Reload(cfg.Admin.Users()); err != nil {
			s.log.Error("[admin]: users not reloaded, they stay as they were", "error", err)
			whole = false
		}
	}
	if s.adminTLS != nil {
		if err := s.adminTLS.Reload(); err != nil {
			s.log.Error("[admin]: certificate not reloaded, it stays as it was", "error", err)
			return false
		}
		s.announceCertificate("[admin]", s.adminTLS)
	}
	return whole
}

// moveAdmin begins anew at an address, which may be the one of before. Logins end.
func (s *server) moveAdmin(cfg *config.Config) error {
	admins, err := loadAdmins(cfg)
	if err != nil {
		return err
	}
	secure, err := loadAdminTLS(cfg)
	if err != nil {
		return err
	}
	var l net.Listener
	if cfg.Admin.Address != "" {
		l, err = listen("tcp", cfg.Admin.Address)
	}
	if errors.Is(err, syscall.EADDRINUSE) && s.admin != nil { // by ourselves, perhaps
		s.closeAdmin()
		if l, err = listen("tcp", cfg.Admin.Address); err != nil {
			s.openAdmin()
		}
	}
	if err != nil {
		return err
	}
	s.closeAdmin()
	s.cfg.Admin, s.admins, s.adminTLS = cfg.Admin, admins, secure
	if l != nil {
		s.serveAdmin(l)
	}
	return nil
}

// showSettings has the settings seen that are in force.
func (s *server) showSettings(cfg *config.Config) {
	var all []admin.Setting
	for _, one := range cfg.Settings() {
		all = append(all, admin.Setting(one))
	}
	s.settings.Store(&all)
}

// askReload asks for what SIGHUP does; several times at once are one.
func (s *server) askReload() {
	select {
	case s.reloads <- struct{}{}:
	default:
	}
}

// listeners tells what is listened on, and what came and went.
func (s *server) listeners() (all []admin.Listener) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.clients {
		stats := c.Stats()
		all = append(all, admin.Listener{Protocol: "mqtt", Type: c.rules.Type, Address: address(c.Addr()), Name: c.rules.Type + " " + address(c.Addr()),
			Anonymous: c.rules.AllowAnonymous, MQTT: &stats})
	}
	for _, d := range s.devices {
		stats := d.Stats()
		l := admin.Listener{Protocol: "mqttsn", Type: d.rules.Type, Address: d.socket.LocalAddr().String(), Name: d.Name(),
			Anonymous: d.rules.AllowAnonymous, Link: &stats}
		if d.dtls != nil {
			n := d.dtls.SessionStats()
			l.DTLS = &n
		}
		all = append(all, l)
	}
	for _, l := range s.lines {
		all = append(all, l.seen())
	}
	return all
}

func address(a net.Addr) string {
	if s := a.String(); s != "" {
		return s
	}
	return a.Network()
}
