package admin

import (
	"crypto/tls"
	"log/slog"
	"time"

	"snbroker/broker"
	"snbroker/gateway"
	"snbroker/internal/auth"
	"snbroker/internal/listener"
	"snbroker/internal/store"
	"snbroker/internal/tap"
	"snbroker/transport"
	"snbroker/transport/dtls"
	"snbroker/transport/serial"
)

// Config says what is looked into. Fields that may be nil say so.
type Config struct {
	Version string
	Broker  *broker.Broker
	Gateway *gateway.Gateway
	Tap     *tap.Tap
	Clients *auth.Auth // who judges clients, for its counts

	// Users may log in; nil: nobody. Without users whoever is on this machine may
	// look, and nobody may change anything.
	Users *auth.Auth

	// Listeners tells of all that is listened on, with the counts of the moment.
	Listeners func() []Listener
	// Store is what survives a restart; nil: nothing does.
	Store *store.Log
	// Damage is how many stretches of the store could not be read at the start.
	Damage int
	// History is what charts begin with; nil: they begin empty.
	History *History
	// Settings are those in force, in the order of their file; Warnings the last
	// that were logged, newest first.
	Settings func() []Setting
	Warnings func() []Warning
	// TLS is what those who ask are met with; nil: plain HTTP.
	TLS *tls.Config
	// Exposed says that what passes can be read on the way: it is plain HTTP, and not
	// for this machine alone.
	Exposed bool
	// Reload asks for the settings to be read again.
	Reload func()

	Log *slog.Logger
}

// Listener is an address that is listened on. One of MQTT and Link is set.
type Listener struct {
	Protocol  string          // "mqtt" or "mqttsn"
	Type      string          // as in the settings: "tcp", "udp", ...
	Address   string          // where it is
	Name      string          // for metrics: type and address
	Anonymous bool            // lets in whoever can reach it
	MQTT      *listener.Stats // nil: it is for devices
	Link      *transport.Stats
	DTLS      *dtls.Stats       // nil: no DTLS
	Line      *serial.LineStats // nil: no serial line
}

// Setting is one of the settings in force.
type Setting struct {
	Key     string `json:"key"`
	Value   string `json:"value"`
	Default bool   `json:"default"` // it is what it would be without a file
}

// Warning is a line of the log.
type Warning struct {
	At    time.Time `json:"at"`
	Level string    `json:"level"`
	Text  string    `json:"text"`
}
