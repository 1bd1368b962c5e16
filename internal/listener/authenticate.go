package listener

import (
	"context"
	"net"
	"net/netip"

	"snbroker/internal/auth"
	"snbroker/internal/mqtt"
)

// authReasons is where an authentication's reasons become MQTT 5's; earlier
// versions get what comes closest (mqtt.ConnackCode31).
var authReasons = map[auth.Reason]mqtt.ReasonCode{
	auth.ReasonBadCredentials: mqtt.ReasonBadUserNameOrPassword,
	auth.ReasonNotAuthorized:  mqtt.ReasonNotAuthorized,
	auth.ReasonClientID:       mqtt.ReasonClientIDNotValid,
	auth.ReasonBanned:         mqtt.ReasonBanned,
	auth.ReasonExpired:        mqtt.ReasonNotAuthorized,
	auth.ReasonBusy:           mqtt.ReasonServerBusy,
	auth.ReasonUnavailable:    mqtt.ReasonServerUnavailable,
}

// authenticate finds out who the client is and lets it in, refuses it, or
// begins an enhanced authentication (MQTT 5 §4.12). It may wait for a password
// to be hashed: only this client waits with it.
func (c *conn) authenticate(w *worker, p *mqtt.Connect, a *admission) error {
	request := auth.Request{
		ClientID:            c.id,
		Username:            string(p.Username),
		HasPassword:         p.HasPassword,
		Password:            p.Password,
		CertificateIdentity: c.identity,
		Proof:               c.proof,
		Address:             addressOf(c.net),
		AllowAnonymous:      c.cfg.Anonymous,
	}
	method := string(p.Properties.AuthMethod)
	if p.Properties.AuthMethod == nil {
		return c.decide(w, a, c.cfg.authority().Authenticate(context.Background(), request))
	}
	if method != auth.SCRAMMethod {
		a.ack.ReasonCode = mqtt.ReasonBadAuthenticationMethod // [MQTT-4.12.0-1]
		return c.answerConnect(w, &a.ack)
	}
	challenge, scram, decision := c.cfg.authority().StartSCRAM(request, p.Properties.AuthData)
	if scram == nil {
		return c.decide(w, a, decision)
	}
	a.scram = scram
	c.admission, c.method = a, method
	return c.sendAuth(w, mqtt.ReasonContinueAuthentication, challenge)
}

// decide lets the client in or refuses it.
func (c *conn) decide(w *worker, a *admission, d auth.Decision) error {
	if d.Allowed {
		c.expires = d.Expires
		who := d.Identity
		a.options.Identity = &who
		c.who.Store(&who)
		// A reload may have come between, and Sweep or Reconfigure too early.
		switch {
		case !c.cfg.authority().Valid(&who):
			d = auth.Decision{Reason: auth.ReasonBadCredentials}
		case !c.listener.welcomes(&who):
			d = auth.Decision{Reason: auth.ReasonNotAuthorized}
		default:
			return c.enter(w, a)
		}
	}
	log := c.cfg.Log.With("listener", c.listener.Addr(), "client", c.id, "peer", c.net.RemoteAddr())
	if d.Reason == auth.ReasonNotAuthorized && !c.cfg.Anonymous {
		log.Info("CONNECT refused: anonymous clients are not allowed on this listener; set allow_anonymous = true to let them in")
	} else {
		log.Info("CONNECT refused", "reason", d.Reason)
	}
	a.ack.ReasonCode = authReasons[d.Reason]
	if a.ack.ReasonCode == mqtt.ReasonSuccess {
		a.ack.ReasonCode = mqtt.ReasonNotAuthorized // whatever comes to be added
	}
	return c.answerConnect(w, &a.ack)
}

func (c *conn) sendAuth(w *worker, reason mqtt.ReasonCode, data []byte) error {
	p := mqtt.Auth{ReasonCode: reason, Properties: mqtt.AuthProperties{AuthMethod: []byte(c.method), AuthData: data}}
	var err error
	w.acks, err = p.AppendTo(w.acks, c.version)
	return err
}

var (
	errAuthUnexpected = &closing{mqtt.ReasonProtocolError, "AUTH outside an enhanced authentication"}
	errAuthMethod     = &closing{mqtt.ReasonBadAuthenticationMethod, "AUTH with another method"}
	errReauthRefused  = &closing{mqtt.ReasonNotAuthorized, "re-authentication failed"}
)

// auth handles AUTH: the client's part of an enhanced authentication, within
// CONNECT or, as re-authentication, at any time after it (MQTT 5 §4.12.1).
func (c *conn) auth(w *worker, p *mqtt.Auth) error {
	switch {
	case c.method == "":
		return errAuthUnexpected // [MQTT-4.12.0-7]
	case string(p.Properties.AuthMethod) != c.method:
		return errAuthMethod // [MQTT-4.12.0-5] [MQTT-4.12.1-1]
	case p.ReasonCode == mqtt.ReasonReAuthenticate && c.session != nil && c.admission == nil:
		request := auth.Request{ClientID: c.id, Address: addressOf(c.net), CertificateIdentity: c.identity}
		challenge, scram, _ := c.cfg.authority().StartSCRAM(request, p.Properties.AuthData)
		if scram == nil {
			return errReauthRefused
		}
		c.admission = &admission{scram: scram}
		return c.sendAuth(w, mqtt.ReasonContinueAuthentication, challenge)
	case p.ReasonCode != mqtt.ReasonContinueAuthentication || c.admission == nil:
		return errAuthUnexpected
	}
	a := c.admission
	c.admission = nil
	final, decision := a.scram.Finish(p.Properties.AuthData)
	if c.session == nil {
		a.ack.Properties.AuthMethod, a.ack.Properties.AuthData = []byte(c.method), final
		return c.decide(w, a, decision)
	}
	if !decision.Allowed || decision.Identity.Username != c.username() {
		return errReauthRefused // who it is may not change, [MQTT-4.12.1-2]
	}
	return c.sendAuth(w, mqtt.ReasonSuccess, final)
}

func (c *conn) username() string {
	if who, ok := c.session.Identity().(*auth.Identity); ok {
		return who.Username
	}
	return ""
}

// authority is who decides; without one only anonymous clients can be let in.
func (cfg *Config) authority() *auth.Auth {
	if cfg.Auth != nil {
		return cfg.Auth
	}
	return anonymousOnly
}

var anonymousOnly, _ = auth.Load(auth.Config{}) // with no file there is nothing to fail

// addressOf is the client's address; zero for one without, as on a Unix socket.
func addressOf(nc net.Conn) netip.AddrPort {
	if a, ok := nc.RemoteAddr().(*net.TCPAddr); ok {
		return a.AddrPort()
	}
	return netip.AddrPort{}
}
