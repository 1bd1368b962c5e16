package gateway

import (
	"log/slog"
	"sync"
	"time"

	"snbroker/broker"
	"snbroker/internal/tap"
	"snbroker/mapping"
	"snbroker/mqttsn"
	"snbroker/transport"
)

// Config holds what a Gateway needs to know. DefaultConfig fills it in.
type Config struct {
	GatewayID mqttsn.GwID
	// TRetry is how long the gateway waits for a device's answer, NRetry how
	// often it asks again before it gives the device up (SN §6.13, §7.2).
	TRetry time.Duration
	NRetry int
	// TWait is how long a device that answered "congestion" is left alone.
	TWait time.Duration
	// Predefined are the topic ids agreed on before; nil for none.
	Predefined *mapping.Predefined
	// MaxTopics bounds the registered topic ids of a device; at the limit
	// REGISTER and SUBSCRIBE are answered with "congestion".
	MaxTopics int
	// MaxClientID is the longest ClientID taken, in octets. The standard
	// says 23; many devices have longer ones.
	MaxClientID int
	// MaxDevices bounds the devices that are there, also those whose address
	// another has taken; at the limit CONNECT is answered with "congestion".
	MaxDevices int
	// MaxWakeMessages ends a sleeper's flush after so many messages, so that
	// a busy topic cannot keep it awake; the rest waits for its next wake.
	// 0: no limit.
	MaxWakeMessages int
	// AddressChange lets a sleeping device wake at another address than the
	// one it went to sleep at.
	AddressChange bool
	// TakeoverWill publishes the will of an active device whose ClientID
	// connects from another address, as MQTT does.
	TakeoverWill bool
	// AssignClientID gives a device that connects without a ClientID one made
	// from its address; otherwise it is refused.
	AssignClientID bool
	// MaxIdle is how long a device may be silent that asked for no keep-alive
	// (a Duration of 0 in CONNECT); 0: for ever.
	MaxIdle time.Duration
	// SessionExpiry is how long a session without CleanSession outlives its
	// connection.
	SessionExpiry time.Duration
	// MaxAmplification is how many octets an address that has proved nothing is
	// sent for each that came from it. What is more waits until it has, or, as a
	// repetition, is not sent. 0: no bound.
	MaxAmplification int
	// Authenticate checks a username and a password. It does not block, and calls
	// answer once, from any goroutine. nil: nobody has a password.
	Authenticate func(r AuthRequest, answer func(AuthAnswer))
	// SameIdentity tells whether two identities are one; nil: if they are equal.
	SameIdentity func(a, b any) bool
	Log          *slog.Logger // nil: slog.Default()
	Tap          *tap.Tap     // shows datagrams to who watches; nil: to nobody
}

// DefaultConfig returns the recommended settings.
func DefaultConfig() Config {
	return Config{
		GatewayID:     1,
		TRetry:        10 * time.Second,
		NRetry:        3,
		TWait:         5 * time.Minute,
		MaxTopics:     1_000,
		MaxClientID:   256,
		MaxDevices:    1_000_000,
		AddressChange: true,
		MaxIdle:       24 * time.Hour,
		TakeoverWill:  true,
		SessionExpiry: broker.Never,

		MaxAmplification: 3,
	}
}

// LinkOptions are a listener's rules.
type LinkOptions struct {
	// Anonymous lets devices in that have proved no identity.
	Anonymous bool
	// Identify says who has been proved to be at an address, where a link knows
	// that: nil for nobody. Without it nobody is known.
	Identify func(transport.Addr) any
	// Whereabouts tells where an address is at present, for the log, where that
	// changes; nil where it does not.
	Whereabouts func(transport.Addr) transport.Addr
	// ClientIDs are those that may connect, with "*" for any octets; none: all.
	ClientIDs []string
	// PlainAuth takes a username and a password in AUTH, and waits for them where
	// a device is anonymous and may not be.
	PlainAuth bool
	// MaxMessageRate is how many PUBLISH messages a device may send in a second,
	// on average, and MaxMessageRatePerAddress how many an IP address, of IPv6 a
	// /64 network. More are answered with "congestion", or dropped if they have no
	// answer. 0: no bound.
	MaxMessageRate, MaxMessageRatePerAddress int
	// QoSMinusOne takes in PUBLISH messages without a connection (SN §6.8).
	QoSMinusOne bool
	// MaxMessage is the longest MQTT-SN message sent to a device, in octets;
	// longer ones are dropped (SN §6.10). 0: what the link carries.
	MaxMessage int
	// Everybody says where ADVERTISE goes on the link itself, at the time; while that
	// is nowhere, it is tried again soon. nil: the link has no way to reach all.
	Everybody func() []transport.Addr
	// AdvertiseEvery is the time between two ADVERTISE (SN §7.2: more than 15
	// minutes); 0: none.
	AdvertiseEvery time.Duration
}

// Gateway serves MQTT-SN devices. Make one with New, start it with Start, give
// it links with Serve, end it with Close.
type Gateway struct {
	cfg     Config
	backend Backend
	epoch   time.Time
	inbox   inbox // what others report; has its own lock

	turn        sync.Mutex // held by whoever has the turn; guards all below
	size        int        // octets of the message that is being handled; 0: none is
	now         instant
	lenient     instant // nobody is lost before; see stall.go
	byPeer      map[peer]*session
	byID        map[string]*session
	timers      timers
	ends        []*link    // touched in this turn, to be flushed
	ready       []*session // have something to deliver
	listed      []*session // the other half, being worked through
	tx          messages   // scratch for what is sent
	encode      []byte
	name        []byte
	decode      mqttsn.Decoder
	pulled      [1]broker.Delivery
	publication broker.Publication
	served      map[transport.Link]*link
	adverts     []*advert
	short       [2]byte
	noted       []byte      // scratch for what is kept
	spare       []*exchange // unused ones
	guard       strangers
	guesses     []guess              // by hash of the host; nil: there was none
	numbers     mqttsn.MsgID         // see number
	deviceRates map[*session]*bucket // of those that are limited; nil: none is
	complained  map[string]instant   // when a refusal was last logged, by its text
	stats       Stats
	closed      bool

	links sync.WaitGroup
	pump  sync.WaitGroup
	wake  chan struct{} // capacity 1: there is something for the pump
	quit  chan struct{}
}

// instant is a time as nanoseconds since the gateway began, monotonic: sessions
// hold many, and a time.Time is three words.
type instant int64

const never = instant(1<<63 - 1)

// after returns the instant d later; a duration without end has none.
func (i instant) after(d time.Duration) instant {
	if t := i + instant(d); t >= i {
		return t
	}
	return never
}

// New returns a Gateway in front of backend.
func New(cfg Config, backend Backend) *Gateway {
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	if cfg.Predefined == nil {
		cfg.Predefined = new(mapping.Predefined)
	}
	g := &Gateway{
		cfg:        cfg,
		backend:    backend,
		epoch:      time.Now(),
		byPeer:     make(map[peer]*session),
		byID:       make(map[string]*session),
		served:     make(map[transport.Link]*link),
		complained: make(map[string]instant),
		wake:       make(chan struct{}, 1),
		quit:       make(chan struct{}),
	}
	g.guard.init()
	return g
}

// Start begins the gateway's one goroutine of its own, the pump.
func (g *Gateway) Start() {
	g.pump.Add(1)
	go g.runPump()
}

// link is a transport.Link and its rules. Its identity is part of a peer's.
type link struct {
	transport.Link
	options LinkOptions
	// maxMessage is the longest message to send, encapsulation not counted.
	maxMessage int
	dirty      bool // something was sent in this turn
	ended      bool // by Unlink

	addressRates []bucket // by hash; nil: there is no bound
}

// Serve receives from l until it is closed. Several links may be served at
// once; a device is known by its ClientID on all of them.
func (g *Gateway) Serve(l transport.Link, o LinkOptions) error {
	g.links.Add(1)
	defer g.links.Done()
	at := &link{Link: l}
	at.adopt(o)
	g.beginTurn()
	g.served[l] = at
	g.advertiseOn(at)
	g.endTurn()
	defer g.unserve(at)
	return l.Serve(receiver{g, at})
}

// Close tells the devices that are awake to connect anew elsewhere and ends the
// pump. The links are closed by their owner, after Close.
func (g *Gateway) Close() {
	g.beginTurn()
	if g.closed {
		g.endTurn()
		return
	}
	g.closed = true
	for _, s := range g.byPeer {
		if s.state == Active || s.state == Awake {
			s.send(&g.tx.disconnect)
		}
	}
	g.endTurn()
	close(g.quit)
	g.pump.Wait()
}
