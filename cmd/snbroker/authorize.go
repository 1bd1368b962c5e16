package main

import (
	"errors"
	"fmt"
	"log/slog"

	"snbroker/gateway"
	"snbroker/internal/auth"
	"snbroker/internal/config"
	"snbroker/internal/mqtt"
)

// loadAuth reads the files of [auth]. The error names them, and lines.
func loadAuth(cfg *config.Config) (*auth.Auth, error) {
	c := cfg.Auth.Config()
	c.Guard = auth.NewGuard(cfg.Auth.Guard())
	a, err := auth.Load(c)
	if err != nil {
		return nil, fmt.Errorf("[auth]: %w", err)
	}
	return a, nil
}

// reloadAuth reads them again, and reports whether it did; else they are as they were.
func (s *server) reloadAuth(cfg *config.Config) bool {
	if err := s.auth.Reload(cfg.Auth.Config()); err != nil {
		for _, err := range each(err) {
			s.log.Error("users and rights not reloaded, they stay as they were", "error", err)
		}
		return false
	}
	warnOf(s.auth, s.log)
	return true
}

// sweep disconnects who is not welcome any more, by the files of now.
func (s *server) sweep() {
	gone := 0
	for _, c := range s.clients {
		gone += c.Sweep(s.auth.Valid)
	}
	if gone > 0 {
		s.log.Info("clients disconnected: their users are not there any more, have new secrets, or their certificates are revoked", "clients", gone)
	}
	if devices, sessions := s.sweepDevices(); devices+sessions > 0 {
		s.log.Info("devices disconnected: their identities are not there any more, have new secrets, or their certificates are revoked", "devices", devices, "dtls_sessions", sessions)
	}
}

// each takes apart what errors.Join put together.
func each(err error) []error {
	if all, ok := err.(interface{ Unwrap() []error }); ok {
		return all.Unwrap()
	}
	return []error{err}
}

func warnOf(a *auth.Auth, log *slog.Logger) {
	for _, text := range a.Warnings() {
		log.Warn(text)
	}
}

// judge lets the broker ask what clients may do.
type judge struct {
	auth   *auth.Auth
	denied *denials
}

// anonymous are all who come with no identity.
var anonymous = &auth.Identity{Kind: auth.KindAnonymous}

func identityOf(who any) *auth.Identity {
	if id, ok := who.(*auth.Identity); ok && id != nil {
		return id
	}
	return anonymous
}

// CanPublish implements broker.Authorizer.
func (j judge) CanPublish(who any, clientID, topic string) bool {
	if j.auth.CanPublish(identityOf(who), clientID, topic) {
		return true
	}
	j.denied.tell(&j.denied.publish, denialsEvery, "not published: the client may not write this topic; acl_file has who may", who, clientID, topic)
	return false
}

// CanSubscribe implements broker.Authorizer.
func (j judge) CanSubscribe(who any, clientID, filter string) bool {
	if j.auth.CanSubscribe(identityOf(who), clientID, filter) {
		return true
	}
	j.denied.tell(&j.denied.subscribe, denialsEvery, "not subscribed: the client may read nothing of this filter; acl_file has who may", who, clientID, filter)
	return false
}

// CanReceive implements broker.Authorizer.
func (j judge) CanReceive(who any, clientID, topic string) bool {
	if j.auth.CanReceive(identityOf(who), clientID, topic) {
		return true
	}
	j.denied.tell(&j.denied.receive, undeliveredEvery, "not delivered: the client may not read this topic; acl_file has who may", who, clientID, topic)
	return false
}

// bound keeps devices from ClientIDs that bind_client_id keeps for others, and
// from identities that a reload has taken away.
type bound struct {
	gateway.Backend
	auth *auth.Auth
}

// Connect implements gateway.Backend.
func (b bound) Connect(o gateway.ConnectRequest, client gateway.Client, token gateway.Token) (gateway.Conn, mqtt.ReasonCode, bool) {
	if reason := b.MayConnect(o.Identity, o.ClientID); reason != mqtt.ReasonSuccess {
		return nil, reason, true
	}
	return b.Backend.Connect(o, client, token)
}

// MayConnect implements gateway.Backend.
func (b bound) MayConnect(of any, clientID string) mqtt.ReasonCode {
	switch who := identityOf(of); {
	case !b.auth.Valid(who):
		return mqtt.ReasonNotAuthorized
	case !b.auth.MayUse(who, clientID):
		return mqtt.ReasonClientIDNotValid
	}
	return b.Backend.MayConnect(of, clientID)
}

// checkAuth reads all files and lists what is wrong, a line each.
func checkAuth(cfg *config.Config) error {
	_, err := auth.Load(cfg.Auth.Config())
	var all []error
	if err != nil {
		for _, err := range each(err) {
			all = append(all, fmt.Errorf("[auth]: %w", err))
		}
	}
	return errors.Join(all...)
}
