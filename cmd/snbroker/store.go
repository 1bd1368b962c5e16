package main

import (
	"errors"
	"fmt"
	"time"

	"snbroker/internal/auth"
	"snbroker/internal/store"
)

// openStore takes over what an earlier run has left, before anybody is served.
func (s *server) openStore() error {
	settings := &s.cfg.Store
	if settings.Path == "" {
		s.log.Warn(`everything is in memory alone: sessions and messages are gone with the program; [store] path = "data" keeps them`)
		return nil
	}
	o := settings.Options()
	o.Log, o.OnHealth = s.log, s.storeHealth
	log, err := store.Open(o)
	if err != nil {
		return explainStore(settings.Path, err)
	}
	restored, err := s.broker.Persist(log, identities{s.auth})
	if err != nil {
		log.Close()
		return explainStore(settings.Path, err)
	}
	s.store = log
	devices := s.gateway.Restore(s.broker.Survivors())
	s.broker.Release()
	r := &restored
	s.damage = len(r.Store.Damage)
	for _, d := range r.Store.Damage {
		if !d.Known {
			s.log.Error("part of the store is damaged; the rest is in use", "damage", d)
		}
	}
	if r.Store.Torn != nil {
		s.log.Warn("the store's end was cut: power was lost, or the program was killed", "cut", r.Store.Torn)
	}
	if r.Skipped > 0 {
		s.log.Error("the store has records that make no sense; they are left out", "records", r.Skipped)
	}
	s.log.Info("restored", "path", settings.Path, "sessions", r.Sessions, "devices", devices, "subscriptions", r.Subscriptions,
		"queued", r.Queued, "retained", r.Retained, "stopped_for", r.Stopped.Round(time.Second), "took", r.Took.Round(time.Millisecond))
	return nil
}

func (s *server) closeStore() {
	if s.store == nil {
		return
	}
	if err := s.store.Close(); err != nil {
		s.log.Error("not everything could be written before the end", "error", err)
	}
}

// storeHealth is told when the disk fails, and when it works again.
func (s *server) storeHealth(err error) {
	s.troubled.Store(err != nil)
	s.led.Load().change()
	switch {
	case err == nil:
		s.log.Info("the disk works again: everything is taken in")
	case errors.Is(err, store.ErrFull):
		s.log.Error("the disk is full: publishes at QoS 1 and 2, new sessions and subscriptions that would be kept are refused until there is space; what is kept is delivered", "error", err)
	default:
		s.log.Error("the disk fails: publishes at QoS 1 and 2, new sessions and subscriptions that would be kept are refused until it works; what is kept is delivered", "error", err)
	}
}

// explainStore says what to do about a store that cannot be used.
func explainStore(path string, err error) error {
	switch {
	case errors.Is(err, store.ErrLocked):
		return fmt.Errorf("%w, with [store] path", err)
	case errors.Is(err, store.ErrFormat):
		return err
	}
	return fmt.Errorf("[store] path = %q: %w; name a folder that the program may write to, or path = \"\" to keep everything in memory", path, err)
}

// identities lets wills keep whose they are over a restart.
type identities struct{ auth *auth.Auth }

// AppendIdentity implements broker.Identities.
func (identities) AppendIdentity(b []byte, who any) []byte {
	if who == nil {
		return b
	}
	id := identityOf(who)
	return append(append(b, byte(id.Kind)), id.Username...)
}

// Identity implements broker.Identities.
func (identities) Identity(b []byte) any {
	return &auth.Identity{Kind: auth.Kind(b[0]), Username: string(b[1:])}
}
