package main

import (
	"context"
	"errors"
	"reflect"
	"syscall"

	"snbroker/internal/config"
	"snbroker/internal/listener"
	"snbroker/transport/dtls"
	"snbroker/transport/udp"
)

// opening is all that a link for devices is opened with: where that is the same, a
// reload keeps the link, and its rules alone are changed.
type opening struct {
	link   any // udp.Config, dtls.Config or serial.Config
	groups []udp.GroupConfig
	every  config.Duration // between two ADVERTISE
	// Of DTLS: how devices prove who they are.
	proofs    listener.TLSConfig
	psk, cert bool
}

func (s *server) openingOf(cfg *config.Config, rules *config.MQTTSNListener, address string) opening {
	var o opening
	switch rules.Type {
	case "dtls":
		o.link, o.proofs = rules.DTLSLink(address), rules.TLS()
		o.psk, o.cert = cfg.Auth.PSKFile != "", rules.CertFile != ""
		o.proofs.CertFile, o.proofs.KeyFile = "", "" // others can come in their place
	case "serial":
		o.link = rules.Serial()
	default:
		link := rules.UDP(address)
		link.ShareAddress = anyGroups(cfg)
		o.link, o.every = link, rules.AdvertiseInterval
		for _, g := range rules.Groups {
			o.groups = append(o.groups, rules.Group(g))
		}
	}
	return o
}

// anyGroups: a group may be on the port of any service.
func anyGroups(cfg *config.Config) bool {
	for i := range cfg.MQTTSN.Listeners {
		if len(cfg.MQTTSN.Listeners[i].Groups) > 0 {
			return true
		}
	}
	return false
}

// opened is what open has come to.
type opened struct {
	sockets          // all that is to be listened on
	fresh   sockets  // those of them that are new
	files   []func() // give links other certificates
	// later open what could not be had beside sockets that go.
	later []func(*opened) error
}

// open opens the sockets that cfg names, and takes those that are there already
// over from old, where those are left that are in it no more. After an error, what
// is fresh is to be closed.
func (s *server) open(cfg *config.Config, old *sockets) (*opened, error) {
	o := new(opened)
	known := old.loaded()
	for i := range cfg.MQTT.Listeners {
		rules := &cfg.MQTT.Listeners[i]
		secure, err := known.clients(rules)
		if err != nil {
			return o, err
		}
		for _, address := range rules.Address {
			if c, ok := takeFrom(&old.clients, func(c *clients) bool { return c.at == rules.Network()+" "+address }); ok {
				c.rules, c.tls = rules, secure
				o.clients = append(o.clients, c)
				continue
			}
			open := func(o *opened) error { return s.openClients(o, cfg, rules, address, secure) }
			if err := s.openOrWait(o, old, open); err != nil {
				return o, err
			}
		}
	}
	for i := range cfg.MQTTSN.Listeners {
		rules := &cfg.MQTTSN.Listeners[i]
		if rules.Type == "serial" {
			if err := s.openSerial(o, old, cfg, rules); err != nil {
				return o, err
			}
			continue
		}
		files, err := known.devices(rules)
		if err != nil {
			return o, err
		}
		for _, address := range rules.Address {
			as := s.openingOf(cfg, rules, address)
			if d, ok := takeFrom(&old.devices, func(d *devices) bool { return reflect.DeepEqual(d.opened, as) }); ok {
				d.rules = rules
				if d.files != nil {
					o.files = append(o.files, func() { d.files.current.Store(files) })
				}
				o.devices = append(o.devices, d)
				continue
			}
			open := func(o *opened) error { return s.openDevices(o, rules, address, as, files) }
			if err := s.openOrWait(o, old, open); err != nil {
				return o, err
			}
		}
	}
	if len(old.clients)+len(old.devices)+len(old.lines) == 0 {
		return o, o.catchUp() // nothing goes that would make room
	}
	return o, nil
}

// openOrWait opens a socket, or leaves it for later where one that goes may be in
// its way.
func (s *server) openOrWait(o *opened, old *sockets, open func(*opened) error) error {
	err := open(o)
	if errors.Is(err, syscall.EADDRINUSE) && len(old.clients)+len(old.devices) > 0 {
		o.later = append(o.later, open)
		return nil
	}
	return err
}

// catchUp opens what was left for later.
func (o *opened) catchUp() error {
	var all []error
	for _, open := range o.later {
		all = append(all, open(o))
	}
	o.later = nil
	return errors.Join(all...)
}

// takeFrom takes an element out of a slice.
func takeFrom[T any](from *[]T, is func(*T) bool) (one T, ok bool) {
	for i := range *from {
		if is(&(*from)[i]) {
			one = (*from)[i]
			rest := append([]T(nil), (*from)[:i]...)
			*from = append(rest, (*from)[i+1:]...)
			return one, true
		}
	}
	return one, false
}

func (s *server) openClients(o *opened, cfg *config.Config, rules *config.MQTTListener, address string, secure *listener.TLS) error {
	l, err := listen(rules.Network(), address)
	if err != nil {
		if err = explain(rules.Network(), address, mqttTable(rules), err); rules.Address.Spare(address) {
			s.log.Warn("not listening on an address; going on without it", "address", address, "error", err)
			return nil
		}
		return err
	}
	c := clients{listener.New(s.rulesFor(cfg, rules, secure), s.broker, l), rules.Network() + " " + address, rules, secure}
	o.clients, o.fresh.clients = append(o.clients, c), append(o.fresh.clients, c)
	return nil
}

// rulesFor are the rules of a listener for clients.
func (s *server) rulesFor(cfg *config.Config, rules *config.MQTTListener, secure *listener.TLS) listener.Config {
	c := cfg.Listener(rules)
	c.Log, c.Tap, c.TLS, c.Auth = s.log, s.tap, secure, s.auth
	return c
}

func (s *server) openDevices(o *opened, rules *config.MQTTSNListener, address string, as opening, files *listener.TLS) error {
	d, err := devices{rules: rules}, error(nil)
	switch link := as.link.(type) {
	case dtls.Config:
		d, err = s.openDTLS(rules, link, files)
	case udp.Config:
		var l *udp.Link
		if l, err = udp.Listen(link); err == nil {
			d.announced, d.socket, d.udp = announce(l), l, l
		}
	}
	if err != nil {
		if err = explain(rules.Type, address, mqttsnTable(rules), err); rules.Address.Spare(address) {
			s.log.Warn("not listening on an address; going on without it", "address", address, "error", err)
			return nil
		}
		return err
	}
	d.opened = as
	o.devices, o.fresh.devices = append(o.devices, d), append(o.fresh.devices, d)
	return nil
}

// openSerial opens a line, once another that goes has left its device.
func (s *server) openSerial(o *opened, old *sockets, cfg *config.Config, rules *config.MQTTSNListener) error {
	as := s.openingOf(cfg, rules, "")
	if l, ok := takeFrom(&old.lines, func(l *serialLine) bool { return reflect.DeepEqual(l.opened, as) }); ok {
		l.rules = rules
		o.lines = append(o.lines, l)
		return nil
	}
	open := func(o *opened) error {
		l, err := s.openLine(rules, as)
		if err == nil {
			o.lines, o.fresh.lines = append(o.lines, l), append(o.fresh.lines, l)
		}
		return err
	}
	if len(old.lines) > 0 {
		o.later = append(o.later, open)
		return nil
	}
	return open(o)
}

// close closes sockets that nobody uses, or has been told of.
func (on *sockets) close() {
	gone, cancel := context.WithCancel(context.Background())
	cancel()
	for _, c := range on.clients {
		c.Close(gone)
	}
	for _, d := range on.devices {
		d.Close()
	}
	for _, l := range on.lines {
		l.Close()
	}
}

// serve begins to serve what is open.
func (s *server) serve(on *sockets) {
	for _, c := range on.clients {
		s.run(func() error { return c.Serve() })
	}
	for _, d := range on.devices {
		s.run(func() error { return s.gateway.Serve(d.announced, s.options(&d)) })
		<-d.served
	}
	s.serveLines(on.lines)
}
