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
// named; a part whose files or addresses cannot be had stays as it was.
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
	whole := p.adoptAuth(cfg, s)
	whole = p.adopt(cfg, s) && whole
	whole = s.reloadTLS() && whole
	s.sweep()
	whole = p.adoptAdmin(cfg, s) && whole
	s.reloadLED(cfg.Status.LED)
	s.showSettings(p.cfg)
	later := config.Changed(p.cfg, cfg)
	switch {
	case !whole:
		p.log.Warn("reloaded in part: see the errors above", "file", p.file)
	case len(later) == 0:
		p.log.Info("reloaded", "file", p.file)
	}
	if len(later) > 0 {
		p.log.Warn("reloaded; some changes need a restart", "file", p.file, "changes", strings.Join(later, ", "))
	}
}

// The parts of a reload report whether they did theirs. One that did not has told
// why, and makes cfg what is still in force.

func (p *program) adoptAuth(cfg *config.Config, s *server) bool {
	if !s.reloadAuth(cfg) {
		cfg.Auth = p.cfg.Auth
		return false
	}
	guard := p.cfg.Auth
	p.cfg.Auth = cfg.Auth
	p.cfg.Auth.KeepGuard(&guard)
	return true
}

func (p *program) adoptAdmin(cfg *config.Config, s *server) bool {
	if !s.reloadAdmin(cfg) {
		cfg.Admin = p.cfg.Admin
		return false
	}
	return true
}

// adopt puts limits, listeners and the gateway's settings in force.
func (p *program) adopt(cfg *config.Config, s *server) bool {
	next := *p.cfg
	next.Limits, next.MQTTSN, next.MQTT.Listeners = cfg.Limits, cfg.MQTTSN, cfg.MQTT.Listeners
	whole, err := s.relisten(&next)
	if err != nil {
		for _, err := range each(err) {
			p.log.Error("listeners not changed, they stay as they were", "error", err)
		}
		// Listeners tell clients of session_expiry.
		cfg.MQTT.Listeners, cfg.MQTTSN.Listeners, cfg.Limits.SessionExpiry = p.cfg.MQTT.Listeners, p.cfg.MQTTSN.Listeners, p.cfg.Limits.SessionExpiry
		p.cfg.Limits, p.cfg.MQTTSN = cfg.Limits, cfg.MQTTSN
	}
	s.broker.SetLimits(p.cfg.Broker())
	s.gateway.Reconfigure(p.cfg.Gateway())
	return whole
}

func (p *program) setLevel() {
	if p.debug {
		p.level.Set(slog.LevelDebug)
	} else {
		p.level.Set(p.cfg.Log.SlogLevel())
	}
}
