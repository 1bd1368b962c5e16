package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"sync/atomic"

	"snbroker/gateway"
	"snbroker/internal/auth"
	"snbroker/internal/config"
	"snbroker/internal/listener"
	"snbroker/transport"
	"snbroker/transport/dtls"
)

// loadDTLS reads the files of a listener for devices; nil for one without.
func loadDTLS(rules *config.MQTTSNListener) (*listener.TLS, error) {
	if rules.CertFile == "" {
		return nil, nil
	}
	t, err := listener.LoadTLS(rules.TLS())
	if err != nil {
		return nil, fmt.Errorf("%s: %w", mqttsnTable(rules), err)
	}
	return t, nil
}

// certificates are what a listener's files hold. Other files may come in their
// place.
type certificates struct{ current atomic.Pointer[listener.TLS] }

// now returns them; nil where there are none.
func (c *certificates) now() *listener.TLS {
	if c == nil {
		return nil
	}
	return c.current.Load()
}

// openDTLS opens a socket of a listener of type "dtls".
func (s *server) openDTLS(rules *config.MQTTSNListener, cfg dtls.Config, files *listener.TLS) (devices, error) {
	d := devices{rules: rules}
	if files != nil {
		d.files = new(certificates)
		d.files.current.Store(files)
		cfg.Credentials = func() dtls.Credentials { return credentials(d.files.now()) }
	}
	cfg.Log = s.log
	cfg.Identify = prover{s.auth, d.files}.identify
	if s.cfg.Auth.PSKFile != "" {
		cfg.PSK = func(identity string) []byte {
			key, _ := s.auth.PSK(identity)
			return key
		}
	}
	l, err := dtls.Listen(cfg)
	if err == nil {
		d.announced, d.socket, d.dtls = announce(l), l, l
	}
	return d, err
}

// credentials is what a listener's files hold, in pion's terms.
func credentials(files *listener.TLS) dtls.Credentials {
	c := files.Config()
	return dtls.Credentials{
		Certificate:       c.Certificates[0],
		ClientCAs:         c.ClientCAs,
		RequireClientCert: c.ClientAuth == tls.RequireAndVerifyClientCert,
		Verify:            files.Verify,
	}
}

// prover makes identities of what DTLS has proved.
type prover struct {
	auth  *auth.Auth
	files *certificates // nil without
}

// identify returns an *auth.Identity. That of a device which has proved nothing is
// anonymous: whether it may come in is the listener's to say.
func (p prover) identify(proof dtls.Proof) (any, error) {
	r := auth.Request{PSKIdentity: proof.PSKIdentity, AllowAnonymous: true}
	if proof.Certificate != nil {
		r.CertificateIdentity, r.Proof = p.files.now().Name(proof.Certificate), listener.Proof(proof.Certificate, p.files.now)
	}
	d := p.auth.Authenticate(context.Background(), r)
	if !d.Allowed {
		return nil, errors.New("identity refused: " + d.Reason.String())
	}
	return &d.Identity, nil
}

// options are the rules for a link's devices.
func (s *server) options(d *devices) gateway.LinkOptions {
	o := d.rules.Link()
	o.PlainAuth = o.PlainAuth && s.cfg.Auth.Proves() // else it would be waited for in vain
	if d.dtls != nil {
		o.Identify = func(a transport.Addr) any {
			if id, ok := d.dtls.Identity(a).(*auth.Identity); ok && id.Kind != auth.KindAnonymous {
				return id
			}
			return nil
		}
		o.Whereabouts = d.dtls.Whereabouts
	}
	return o
}

// sameIdentity compares what identify returns.
func sameIdentity(a, b any) bool { return identityOf(a).Same(identityOf(b)) }

// sweepDevices disconnects devices whose identity is not there any more, and ends DTLS
// sessions of such, with devices or without.
func (s *server) sweepDevices() (gone, sessions int) {
	welcome := func(who any) bool {
		id, ok := who.(*auth.Identity)
		return !ok || s.auth.Valid(id)
	}
	gone = s.gateway.Sweep(welcome) // they are told, before their sessions end
	for _, d := range s.devices {
		if d.dtls != nil {
			sessions += d.dtls.Sweep(welcome)
		}
	}
	return gone, sessions
}
