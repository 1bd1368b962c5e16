package main

import (
	"context"
	"log/slog"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"snbroker/broker"
	"snbroker/gateway"
	"snbroker/internal/admin"
	"snbroker/internal/auth"
	"snbroker/internal/config"
	"snbroker/internal/listener"
	"snbroker/internal/store"
	"snbroker/internal/tap"
	"snbroker/transport/dtls"
	"snbroker/transport/udp"
)

// grace is how long clients may take to their end when the program ends.
const grace = 5 * time.Second

// server is the broker, the gateway and what they listen on.
type server struct {
	cfg     *config.Config
	log     *slog.Logger
	auth    *auth.Auth
	broker  *broker.Broker
	store   *store.Log // nil: everything is in memory alone
	gateway *gateway.Gateway

	clients []clients
	devices []devices
	lines   []serialLine
	groups  []*group // the keeper's, while there is one

	checks *passwords // of devices
	// What looks into the program.
	admin    *admin.Server // nil: nothing does
	admins   *auth.Auth    // who may log in there; nil: nobody
	tap      *tap.Tap
	recent   *recent
	settings atomic.Pointer[[]admin.Setting]
	damage   int           // stretches of the store that could not be read
	reloads  chan struct{} // asks for a reload

	keeper  sync.WaitGroup
	quit    chan struct{} // ends the keeper
	serving sync.WaitGroup
	failed  chan error // gets the first failure while serving
}

// clients is a listener for regular clients.
type clients struct {
	*listener.Listener
	rules *config.MQTTListener
	tls   *listener.TLS // nil without; shared by the addresses of a listener
}

// devices is a socket for devices.
type devices struct {
	*announced
	socket interface{ LocalAddr() netip.AddrPort }
	udp    *udp.Link     // nil for other types
	dtls   *dtls.Link    // the same
	tls    *listener.TLS // of dtls with certificates; shared by the addresses of a listener
	rules  *config.MQTTSNListener
}

// start opens everything that cfg names, then serves. It returns when all are
// being served.
func start(cfg *config.Config, log *slog.Logger) (*server, error) {
	recently := new(recent)
	log = slog.New(remembering{log.Handler(), recently})
	who, err := loadAuth(cfg)
	if err != nil {
		return nil, err
	}
	warnOf(who, log)
	admins, err := loadAdmins(cfg)
	if err != nil {
		return nil, err
	}
	s := &server{cfg: cfg, log: log, auth: who, failed: make(chan error, 1), quit: make(chan struct{}),
		admins: admins, tap: new(tap.Tap), recent: recently, reloads: make(chan struct{}, 1)}
	s.broker = broker.New(cfg.Broker())
	s.broker.Authorize(judge{who, &denials{log: log}})
	g := cfg.Gateway()
	g.Log, g.Tap = log, s.tap
	g.SameIdentity = sameIdentity
	s.checks = newPasswords(who)
	g.Authenticate = s.checks.check
	s.gateway = gateway.New(g, bound{gateway.NewEmbedded(s.broker), who})
	if err := s.open(); err != nil {
		s.closeSockets()
		return nil, err
	}
	if err := s.openStore(); err != nil {
		s.closeSockets()
		return nil, err
	}
	s.gateway.Start()
	s.serve()
	s.announce()
	s.joinGroups()
	s.keeper.Go(s.keepGroups)
	s.keeper.Go(s.report)
	s.openAdmin()
	if s.admin != nil {
		s.admin.Ready()
	}
	log.Info("ready", "version", version())
	return s, nil
}

// open opens the sockets of all services, and finds out which of them answers
// which group.
func (s *server) open() error {
	for i := range s.cfg.MQTT.Listeners {
		if err := s.openClients(&s.cfg.MQTT.Listeners[i]); err != nil {
			return err
		}
	}
	for i := range s.cfg.MQTTSN.Listeners {
		if err := s.openDevices(&s.cfg.MQTTSN.Listeners[i]); err != nil {
			return err
		}
	}
	for i := range s.cfg.MQTTSN.Listeners {
		if err := s.wantGroups(&s.cfg.MQTTSN.Listeners[i]); err != nil {
			return err
		}
	}
	return nil
}

func (s *server) openClients(rules *config.MQTTListener) error {
	secure, err := loadTLS(rules)
	if err != nil {
		return err
	}
	for _, address := range rules.Address {
		l, err := listen(rules.Network(), address)
		if err != nil {
			if err = explain(rules.Network(), address, mqttTable(rules), err); rules.Address.Spare(address) {
				s.log.Warn("not listening on an address; going on without it", "address", address, "error", err)
				continue
			}
			return err
		}
		cfg := s.cfg.Listener(rules)
		cfg.Log, cfg.Tap = s.log, s.tap
		cfg.TLS = secure
		cfg.Auth = s.auth
		s.clients = append(s.clients, clients{listener.New(cfg, s.broker, l), rules, secure})
	}
	return nil
}

func (s *server) openDevices(rules *config.MQTTSNListener) error {
	switch rules.Type {
	case "dtls":
		return s.openDTLS(rules)
	case "serial":
		return s.openLine(rules)
	}
	for _, address := range rules.Address {
		cfg := rules.UDP(address)
		cfg.ShareAddress = s.anyGroups()
		l, err := udp.Listen(cfg)
		if err != nil {
			if err = explain(rules.Type, address, mqttsnTable(rules), err); rules.Address.Spare(address) {
				s.log.Warn("not listening on an address; going on without it", "address", address, "error", err)
				continue
			}
			return err
		}
		s.devices = append(s.devices, devices{announced: announce(l), socket: l, udp: l, rules: rules})
	}
	return nil
}

// anyGroups: a group may be on the port of any service.
func (s *server) anyGroups() bool {
	for i := range s.cfg.MQTTSN.Listeners {
		if len(s.cfg.MQTTSN.Listeners[i].Groups) > 0 {
			return true
		}
	}
	return false
}

// serve begins to serve all that is open.
func (s *server) serve() {
	for _, c := range s.clients {
		s.run(func() error { return c.Serve() })
	}
	for _, d := range s.devices {
		s.run(func() error { return s.gateway.Serve(d.announced, s.options(&d)) })
		<-d.served
	}
	s.serveLines()
}

// alive comes back if nobody keeps the locks that all work goes through.
func (s *server) alive() {
	s.broker.Stats()
	s.gateway.Stats()
}

// run serves until stop; an end before that is the program's.
func (s *server) run(serve func() error) {
	s.serving.Go(func() {
		if err := serve(); err != nil {
			select {
			case s.failed <- err:
			default: // the first one tells
			}
		}
	})
}

// stop ends everything, in the order that lets peers know: devices, clients,
// then the sockets.
func (s *server) stop() {
	s.closeAdmin()
	close(s.quit)
	s.keeper.Wait()
	s.gateway.Close()
	s.checks.close()
	ctx, cancel := context.WithTimeout(context.Background(), grace)
	defer cancel()
	var ending sync.WaitGroup
	for _, c := range s.clients {
		ending.Go(func() { c.Close(ctx) })
	}
	ending.Wait()
	s.broker.Close()
	s.closeSockets()
	s.serving.Wait()
	s.closeStore()
}

// closeSockets closes what is open. The listeners for clients are closed twice
// at the end of stop, which is harmless.
func (s *server) closeSockets() {
	gone, cancel := context.WithCancel(context.Background())
	cancel()
	for _, c := range s.clients {
		c.Close(gone)
	}
	for _, g := range s.groups {
		if g.link != nil {
			g.link.Close()
		}
	}
	for _, d := range s.devices {
		d.Close()
	}
	s.closeLines()
}
