package dtls

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"time"
)

const (
	// MaxMTU is what pion reads from the socket at once, less a record's overhead:
	// header with Connection ID, explicit nonce, content type, tag.
	MaxMTU     = inbound - (13 + cidLength + 8 + 1 + 16)
	inbound    = 8192
	defaultMTU = 2048
)

// Config says how to meet devices. DefaultConfig fills in all but who they are.
type Config struct {
	// Address, ReceiveBuffer and SendBuffer are those of udp.Config.
	Address                   string
	ReceiveBuffer, SendBuffer int
	// MTU is the largest plaintext received or sent, in octets; each session
	// holds so much memory. 0 is 2048; at most 8146.
	MTU int

	// PSK returns the key of an identity; nil: no pre-shared keys. For an unknown
	// identity it returns a key that nobody knows, in the same time.
	PSK func(identity string) []byte
	// Credentials returns the certificates in force, for each handshake anew;
	// nil: none.
	Credentials func() Credentials
	// Identify says who a peer is, once its handshake has proved something; an
	// error refuses it. nil: Identity returns the Proof.
	Identify func(Proof) (any, error)

	// MaxSessions bounds the sessions; at the limit the one that has been silent
	// for longest ends.
	MaxSessions int
	// MaxHandshakes bounds those that are not finished. While half as many wait
	// for their cookie, a ClientHello is answered when it comes again. At the limit
	// the oldest gives way, one that has not returned its cookie if there is one. A
	// network (a /24 of IPv4, a /56 of IPv6) may have a quarter of them; more are not
	// answered.
	MaxHandshakes int
	// HandshakeTimeout is how long a handshake may take.
	HandshakeTimeout time.Duration
	// HandshakeRate is how many handshakes such a network may begin in a second.
	// More are not answered. 0: no bound.
	HandshakeRate int
	// IdleTimeout ends sessions that have been silent for so long. It has to be
	// more than devices sleep. 0: never.
	IdleTimeout time.Duration

	Log *slog.Logger // nil: slog.Default()
}

// DefaultConfig returns the recommended settings.
func DefaultConfig() Config {
	return Config{
		MTU:              defaultMTU,
		MaxSessions:      10_000,
		MaxHandshakes:    500,
		HandshakeTimeout: 15 * time.Second,
		HandshakeRate:    100,
		IdleTimeout:      24 * time.Hour, // MQTT-SN sleeps up to 18.2 h
	}
}

// Credentials are the server's certificate, and what it asks of clients'.
type Credentials struct {
	Certificate tls.Certificate
	// ClientCAs are the authorities of clients' certificates; nil: clients are
	// not asked for one.
	ClientCAs *x509.CertPool
	// RequireClientCert refuses clients that have none and no pre-shared key.
	RequireClientCert bool
	// Verify has the last word on a client's chain, its own certificate first;
	// nil: yes.
	Verify func(chain []*x509.Certificate) error
}

func (c Config) withDefaults() (Config, error) {
	switch {
	case c.PSK == nil && c.Credentials == nil:
		return c, errors.New("dtls: neither pre-shared keys nor a certificate: give one of them")
	case c.MTU < 0 || c.MTU > MaxMTU:
		return c, fmt.Errorf("dtls: MTU %d: must be between 1 and %d, or 0 for %d", c.MTU, MaxMTU, defaultMTU)
	case c.MaxSessions < 1 || c.MaxHandshakes < 1 || c.HandshakeTimeout <= 0:
		return c, errors.New("dtls: MaxSessions, MaxHandshakes and HandshakeTimeout must be positive: begin with DefaultConfig")
	case c.HandshakeRate < 0 || c.IdleTimeout < 0:
		return c, errors.New("dtls: HandshakeRate and IdleTimeout must not be negative")
	}
	if c.MTU == 0 {
		c.MTU = defaultMTU
	}
	if c.Log == nil {
		c.Log = slog.Default()
	}
	return c, nil
}
