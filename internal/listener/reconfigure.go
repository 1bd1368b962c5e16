package listener

import (
	"snbroker/internal/auth"
	"snbroker/internal/mqtt"
)

// rules are a Config and what serves it. They are never changed: a connection
// keeps those that it came under.
type rules struct {
	Config
	web *web // nil: clients speak MQTT at once
}

// Reconfigure has those who come from now on meet other settings; Log, Auth and Tap
// stay those of New, and the socket stays open. Clients that are there keep the
// settings that they came under, but for two kinds, which are disconnected:
//
//   - anonymous ones, where they are not let in any more;
//   - all of them, where it is another question how a client comes, or proves who it
//     is: with TLS or without, as a WebSocket or not, and by which certificates.
//
// It tells how many those are.
func (l *Listener) Reconfigure(cfg Config) (gone int) {
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		return 0
	}
	old := l.cfg
	cfg.Log, cfg.Auth, cfg.Tap = old.Log, old.Auth, old.Tap
	l.adopt(cfg)
	if old.web != nil {
		close(old.web.quit)
	}
	if l.cfg.web != nil {
		l.cfg.web.start()
	}
	anew := old.WebSocket != cfg.WebSocket || !old.TLS.asks(cfg.TLS)
	var out []*conn
	why := mqtt.ReasonNotAuthorized
	if anew {
		why = mqtt.ReasonAdministrativeAction
		for a := range l.arrivals {
			a.net.Close()
		}
	}
	for c := range l.conns {
		if who := c.who.Load(); anew || who != nil && !cfg.mayEnter(who) {
			out = append(out, c)
		}
	}
	l.mu.Unlock()
	for _, c := range out {
		c.Closed(why)
	}
	return len(out)
}

// adopt makes cfg the rules for those who come.
func (l *Listener) adopt(cfg Config) {
	r := &rules{Config: cfg}
	if cfg.WebSocket {
		r.web = newWeb(l, r)
	}
	l.cfg = r
	l.hosts.bound(cfg.MaxConnectionsPerAddress, cfg.ConnectionRate, cfg.MaxMessageRatePerAddress)
}

// mayEnter tells whether a client's identity is enough.
func (cfg *Config) mayEnter(who *auth.Identity) bool {
	return cfg.Anonymous || who.Kind != auth.KindAnonymous
}

// welcomes tells whether the rules of now let somebody in.
func (l *Listener) welcomes(who *auth.Identity) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.cfg.mayEnter(who)
}

// files are what the listener has of TLS at present; nil for one without.
func (l *Listener) files() *TLS {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.cfg.TLS
}

// asks tells whether clients are asked for the same by both, which may be nil.
func (t *TLS) asks(other *TLS) bool {
	if t == nil || other == nil {
		return t == other
	}
	a, b := &t.cfg, &other.cfg
	return a.ClientCAFile == b.ClientCAFile && a.RequireClientCert == b.RequireClientCert && a.CRLFile == b.CRLFile && a.Identity == b.Identity
}
