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

	mu sync.Mutex // guards sockets for others than the main goroutine
	sockets
	groups      []*group // the keeper's, while there is one
	groupKeeper sync.WaitGroup
	groupsQuit  chan struct{}

	checks *passwords // of devices
	proved bool       // users have passwords, as devices' listeners know it
	// What looks into the program.
	admin    *admin.Server // nil: nothing does
	admins   *auth.Auth    // who may log in there; nil: nobody
	adminTLS *listener.TLS // nil: plain HTTP
	history  *admin.History
	tap      *tap.Tap
	recent   *recent
	settings atomic.Pointer[[]admin.Setting]
	led      atomic.Pointer[led] // nil: there is none
	ready    atomic.Bool         // all is served that was to be
	troubled atomic.Bool         // the disk fails
	damage   int                 // stretches of the store that could not be read
	reloads  chan struct{}       // asks for a reload

	keeper  sync.WaitGroup
	quit    chan struct{} // ends the keeper
	serving sync.WaitGroup
	failed  chan error // gets the first failure while serving
}

// sockets are what is listened on.
type sockets struct {
	clients []clients
	devices []devices
	lines   []serialLine
}

// clients is a listener for regular clients.
type clients struct {
	*listener.Listener
	at    string // network and address, as they are set
	rules *config.MQTTListener
	tls   *listener.TLS // nil without; shared by the addresses of a listener
}

// devices is a socket for devices.
type devices struct {
	*announced
	opened opening
	socket interface{ LocalAddr() netip.AddrPort }
	udp    *udp.Link     // nil for other types
	dtls   *dtls.Link    // the same
	files  *certificates // of dtls with certificates
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
	adminTLS, err := loadAdminTLS(cfg)
	if err != nil {
		return nil, err
	}
	s := &server{cfg: cfg, log: log, auth: who, failed: make(chan error, 1), quit: make(chan struct{}),
		admins: admins, adminTLS: adminTLS, tap: new(tap.Tap), recent: recently, reloads: make(chan struct{}, 1)}
	s.broker = broker.New(cfg.Broker())
	s.broker.Authorize(judge{who, &denials{log: log}})
	s.broker.OnLoss(func(id string, why broker.DropReason) {
		log.Warn("a client loses messages, which were acknowledged to their publishers", "client", id, "why", admin.Explain(why))
	})
	g := cfg.Gateway()
	g.Log, g.Tap = log, s.tap
	g.SameIdentity = sameIdentity
	s.checks = newPasswords(who)
	g.Authenticate = s.checks.check
	s.gateway = gateway.New(g, bound{gateway.NewEmbedded(s.broker), who})
	s.openLED()
	s.broker.OnPresence(func() { s.led.Load().change() })
	defer func() {
		if !s.ready.Load() {
			s.closeLED()
		}
	}()
	fresh, err := s.open(cfg, new(sockets))
	s.sockets = fresh.sockets
	if err != nil {
		s.closeSockets()
		return nil, err
	}
	if s.groups, err = groupsOf(cfg, s.devices); err != nil {
		s.closeSockets()
		return nil, err
	}
	if err := s.openStore(); err != nil {
		s.closeSockets()
		return nil, err
	}
	s.gateway.Start()
	s.proved = cfg.Auth.Proves()
	s.serve(&s.sockets)
	s.announce(&s.sockets)
	s.announceReach()
	s.startGroups()
	s.history = admin.NewHistory(s.broker, s.gateway, s.store)
	every := time.Duration(cfg.MQTT.SysInterval)
	s.keeper.Go(func() { s.report(every) })
	s.openAdmin()
	s.ready.Store(true)
	s.led.Load().change()
	log.Info("ready", "version", version())
	return s, nil
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
	s.stopGroups()
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
	s.closeLED()
}

// closeSockets closes what is open. The listeners for clients are closed twice
// at the end of stop, which is harmless.
func (s *server) closeSockets() {
	s.closeGroups()
	s.sockets.close()
}
