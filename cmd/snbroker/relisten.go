package main

import (
	"context"
	"sync"

	"snbroker/internal/config"
	"snbroker/internal/listener"
)

// relisten has what is listened on be what cfg says; cfg is in force from then on.
// What is set as it was stays open, and gets the rules that are there now. After an
// error all is as it was. It is not whole where an address is still somebody else's
// when sockets that could have been in its way have gone; the next reload tries again.
func (s *server) relisten(cfg *config.Config) (whole bool, err error) {
	before, going := s.sockets, s.sockets
	o, err := s.open(cfg, &going)
	if err == nil && len(o.later) == 0 {
		_, err = groupsOf(cfg, o.devices)
	}
	if err != nil {
		o.fresh.close()
		return false, err
	}
	s.stopGroups()
	regroup := len(going.devices)+len(o.fresh.devices)+len(o.later) > 0
	if regroup {
		s.closeGroups()
	}
	s.part(&going)
	missing := o.catchUp()
	if missing != nil {
		s.log.Error("not listening on all that is set", "error", missing)
	}
	for _, put := range o.files {
		put()
	}
	expiry := s.cfg.Limits.SessionExpiry
	s.mu.Lock()
	s.sockets = o.sockets
	s.mu.Unlock()
	*s.cfg = *cfg
	s.rule(&before, expiry)
	s.serve(&o.fresh)
	s.announce(&o.fresh)
	if regroup {
		if s.groups, err = groupsOf(cfg, s.devices); err != nil {
			s.log.Error("devices cannot find the gateway by its groups", "error", err)
		}
	}
	s.startGroups()
	return missing == nil, nil
}

// part closes sockets. Who is there is told.
func (s *server) part(going *sockets) {
	for _, d := range going.devices {
		s.gateway.Unlink(d.announced)
		d.Close()
		<-d.ended
		s.log.Info("not listening any more", "on", d.Name())
	}
	for _, l := range going.lines {
		s.gateway.Unlink(l.Link)
		l.Close()
		s.log.Info("not listening any more", "on", l.Name())
	}
	ctx, cancel := context.WithTimeout(context.Background(), grace)
	defer cancel()
	var ending sync.WaitGroup
	for _, c := range going.clients {
		ending.Go(func() { c.Close(ctx) })
		s.log.Info("not listening any more", "on", c.rules.Type+" "+c.Addr().String())
	}
	ending.Wait()
}

// rule gives sockets that were there before their rules of now.
func (s *server) rule(before *sockets, expiry config.Expiry) {
	for i := range s.clients {
		c := &s.clients[i]
		old := find(before.clients, func(o *clients) bool { return o.Listener == c.Listener })
		if old == nil || old.rules.Same(c.rules) && expiry == s.cfg.Limits.SessionExpiry {
			continue
		}
		gone := c.Reconfigure(s.rulesFor(s.cfg, c.rules, c.tls))
		s.log.Info("new rules for MQTT clients", "on", c.rules.Type+" "+c.Addr().String(), "disconnected", gone)
		s.clientAccess(c)
	}
	proves := s.cfg.Auth.Proves()
	for i := range s.devices {
		d := &s.devices[i]
		old := find(before.devices, func(o *devices) bool { return o.announced == d.announced })
		if old == nil || old.rules.Same(d.rules) && s.proved == proves {
			continue
		}
		gone := s.gateway.Relink(d.announced, s.options(d))
		s.log.Info("new rules for MQTT-SN devices", "on", d.Name(), "disconnected", gone)
		s.deviceAccess(d)
	}
	s.proved = proves
	for i := range s.lines {
		l := &s.lines[i]
		if old := find(before.lines, func(o *serialLine) bool { return o.Link == l.Link }); old != nil && !old.rules.Same(l.rules) {
			gone := s.gateway.Relink(l.Link, l.options())
			s.log.Info("new rules for MQTT-SN devices", "on", l.Name(), "disconnected", gone)
			s.announceLines([]serialLine{*l})
		}
	}
}

func find[T any](in []T, is func(*T) bool) *T {
	for i := range in {
		if is(&in[i]) {
			return &in[i]
		}
	}
	return nil
}

// loaded are certificates by the settings that name their files.
type loaded map[listener.TLSConfig]*listener.TLS

func (on *sockets) loaded() loaded {
	all := make(loaded)
	for _, c := range on.clients {
		if c.tls != nil {
			all[c.rules.TLS()] = c.tls
		}
	}
	for _, d := range on.devices {
		if t := d.files.now(); t != nil {
			all[d.rules.TLS()] = t
		}
	}
	return all
}

// clients returns what a listener's files hold, or held when they were last read.
func (l loaded) clients(rules *config.MQTTListener) (*listener.TLS, error) {
	if t := l[rules.TLS()]; t != nil && rules.Secure() {
		return t, nil
	}
	return l.keep(loadTLS(rules))
}

// devices is the same for a listener for devices.
func (l loaded) devices(rules *config.MQTTSNListener) (*listener.TLS, error) {
	if t := l[rules.TLS()]; t != nil && rules.CertFile != "" {
		return t, nil
	}
	return l.keep(loadDTLS(rules))
}

// keep has listeners with the same files share them, from the beginning: a reload
// of one is that of all.
func (l loaded) keep(t *listener.TLS, err error) (*listener.TLS, error) {
	if t != nil {
		l[t.Settings()] = t
	}
	return t, err
}
