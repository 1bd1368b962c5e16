package main

import (
	"log/slog"
	"os"
	"os/signal"
	"strings"

	"snbroker/internal/config"
)

// program is what signals act on.
type program struct {
	file  string // "": built-in defaults
	cfg   *config.Config
	debug bool // -v: wins over the file's level
	level *slog.LevelVar
	log   *slog.Logger
	exit  func(code int) // os.Exit, but for tests

	manager *manager // nil: not started by systemd
}

// signals are those that the program answers. They are watched from before the
// start on, so that none is lost while it starts.
type signals struct {
	end    chan os.Signal
	reload chan os.Signal
}

func watchSignals() signals {
	s := signals{make(chan os.Signal, 2), make(chan os.Signal, 1)}
	signal.Notify(s.end, endSignals...)
	if len(reloadSignals) > 0 {
		signal.Notify(s.reload, reloadSignals...)
	}
	return s
}

func (s signals) stop() {
	signal.Stop(s.end)
	signal.Stop(s.reload)
}

// until runs until a signal ends the program, or a listener its life.
func (p *program) until(in signals, s *server) error {
	for {
		select {
		case <-in.reload:
			p.manager.reloading()
			p.reload(s)
			p.manager.ready(s.summary())
		case <-s.reloads:
			p.manager.reloading()
			p.reload(s)
			p.manager.ready(s.summary())
		case err := <-s.failed:
			s.stop()
			return err
		case sig := <-in.end:
			p.log.Info("ending", "signal", sig)
			p.manager.stopping()
			go p.exitAtOnce(in)
			s.stop()
			p.log.Info("ended")
			return nil
		}
	}
}

// exitAtOnce is for those who cannot wait. The process ends it, if nothing else
// does.
func (p *program) exitAtOnce(in signals) {
	<-in.end
	p.exit(exitFailed)
}

// reload reads the file again. What cannot change while the program runs is
// named.
func (p *program) reload(s *server) {
	if p.file == "" {
		p.log.Info("nothing to reload: running without -config")
		return
	}
	cfg, err := config.Load(p.file, os.Environ())
	if err != nil {
		p.log.Error("not reloaded, the settings stay as they are", "error", err)
		return
	}
	p.cfg.Log.Level = cfg.Log.Level
	p.setLevel()
	s.reloadTLS()
	s.reloadAdmins(cfg)
	if s.reloadAuth(cfg) {
		guard := p.cfg.Auth
		p.cfg.Auth = cfg.Auth
		p.cfg.Auth.KeepGuard(&guard)
	} else {
		cfg.Auth = p.cfg.Auth // told already
	}
	p.adopt(cfg, s)
	s.showSettings(p.cfg)
	if later := config.Changed(p.cfg, cfg); len(later) > 0 {
		p.log.Warn("reloaded; some changes need a restart", "file", p.file, "changes", strings.Join(later, ", "))
		return
	}
	p.log.Info("reloaded", "file", p.file)
}

// adopt puts limits and the gateway's settings in force that can change while
// devices and clients are there. Listeners tell clients of session_expiry, so that
// it needs a restart as they do.
func (p *program) adopt(cfg *config.Config, s *server) {
	expiry, listeners := p.cfg.Limits.SessionExpiry, p.cfg.MQTTSN.Listeners
	p.cfg.Limits, p.cfg.MQTTSN = cfg.Limits, cfg.MQTTSN
	p.cfg.Limits.SessionExpiry, p.cfg.MQTTSN.Listeners = expiry, listeners
	s.broker.SetLimits(p.cfg.Broker())
	s.gateway.Reconfigure(p.cfg.Gateway())
}

func (p *program) setLevel() {
	if p.debug {
		p.level.Set(slog.LevelDebug)
	} else {
		p.level.Set(p.cfg.Log.SlogLevel())
	}
}
