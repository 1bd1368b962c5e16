package client

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"snbroker/mqttsn"
)

// Config is a device. Clients may share the maps, slices and functions in it,
// which are not written to.
type Config struct {
	// ClientID names the device; 1 to 23 octets, says the standard. Only a
	// device that does nothing but publish at QoS -1 has none.
	ClientID string

	// CleanSession asks the gateway to forget what it knew of this ClientID,
	// and to keep nothing afterwards.
	CleanSession bool

	// KeepAlive is the longest silence; whole seconds, rounded up, up to
	// 65535. Zero is none: the gateway will not miss the device.
	KeepAlive time.Duration

	// Will is what the gateway publishes if the device is lost. Nil leaves a
	// persistent session the will that it has; one with an empty Topic
	// deletes it.
	Will *Will

	// Login goes in an AUTH message behind each CONNECT. Nil sends none: it is
	// not of MQTT-SN 1.2.
	Login *Login

	// TRetry is the wait for an answer. Zero is DefaultTRetry.
	TRetry time.Duration

	// NRetry is how often a request is repeated. Zero is DefaultNRetry,
	// negative never.
	NRetry int

	// TWait is the pause after the gateway said congestion. Zero is
	// DefaultTWait.
	TWait time.Duration

	// Predefined gives the names of predefined topic ids, for the Message
	// event. An id that is not here is known once it has been subscribed to.
	Predefined map[mqttsn.TopicID]string

	// AcceptTopic answers a REGISTER from the gateway: a name that a wildcard
	// subscription covers and that the device may not want. Nil takes all.
	AcceptTopic func(topicName string) mqttsn.ReturnCode

	// QueueSize is how many requests wait, the outstanding one included;
	// one more is ErrQueueFull. Zero is DefaultQueueSize.
	QueueSize int

	// MaxTopics is how many topic ids are remembered; one more pushes out the
	// oldest, which costs a REGISTER if it is used again. Zero is
	// DefaultMaxTopics.
	MaxTopics int

	// MaxMessage is the longest message that the network carries; a longer
	// one is ErrTooLong. Zero is DefaultMaxMessage.
	MaxMessage int

	// FirstMsgID is where message ids begin; zero is 1. A device that comes
	// back to a persistent session without its memory should begin elsewhere
	// than last time: the gateway may still hold a QoS 2 id of then.
	FirstMsgID mqttsn.MsgID

	// Scratch is shared by the Clients of one loop. Nil gives the Client one
	// of its own, which is most of its size.
	Scratch *Scratch

	// OnMessage is for Conn: it gets what none of its subscriptions matches,
	// such as messages that a persistent session kept. Nil drops those.
	OnMessage func(*Message)
}

// Will is a message left with the gateway.
type Will struct {
	Topic   string
	Message []byte
	QoS     mqttsn.QoS // not QoSMinusOne
	Retain  bool
}

// Login is a username and a password, which anybody on the way can read unless the
// link is encrypted. Neither has a zero octet.
type Login struct {
	Username string
	Password string // or a token
}

// What zero stands for in Config. Times and counts are the standard's, SN
// §7.2, where it recommends some: T_retry 10 to 15 s, N_retry 3 to 5, T_WAIT
// 5 minutes at least.
const (
	DefaultTRetry     = 10 * time.Second
	DefaultNRetry     = 3
	DefaultTWait      = 5 * time.Minute
	DefaultQueueSize  = 8
	DefaultMaxTopics  = 256
	DefaultMaxMessage = 65507 // a UDP datagram over IPv4
)

const maxDuration = 65535 * time.Second

// MaxInbound is how many QoS 2 messages may be between PUBLISH and PUBREL at
// once; one more is refused with congestion. A gateway has one, seldom a few.
const MaxInbound = 16

var (
	ErrConfig    = errors.New("client: bad configuration")
	ErrQueueFull = errors.New("client: request queue is full")
	ErrState     = errors.New("client: not possible in this state")
	ErrTopic     = errors.New("client: topic not allowed here")
	ErrTooLong   = errors.New("client: message too long")
	ErrQoS       = errors.New("client: no such QoS here")

	// ErrIgnored is Receive's: a message that a device has no use for now.
	ErrIgnored = errors.New("client: message ignored")
)

func (c *Config) setDefaults() {
	def(&c.TRetry, DefaultTRetry)
	def(&c.NRetry, DefaultNRetry)
	def(&c.TWait, DefaultTWait)
	def(&c.QueueSize, DefaultQueueSize)
	def(&c.MaxTopics, DefaultMaxTopics)
	def(&c.MaxMessage, DefaultMaxMessage)
	def(&c.FirstMsgID, 1)
	c.NRetry = min(max(c.NRetry, 0), 100)
	c.MaxMessage = min(c.MaxMessage, mqttsn.MaxLength)
	if c.Scratch == nil {
		c.Scratch = new(Scratch)
	}
}

func def[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// validate says what CONNECT could not carry.
func (c *Config) validate() error {
	switch {
	case c.ClientID == "":
		return fmt.Errorf("%w: ClientID is empty", ErrConfig)
	case len(c.ClientID) > c.MaxMessage-8:
		return fmt.Errorf("%w: ClientID does not fit a message", ErrConfig)
	case c.KeepAlive < 0 || c.KeepAlive > maxDuration:
		return fmt.Errorf("%w: KeepAlive is not within 0 and %v", ErrConfig, maxDuration)
	}
	if err := c.Login.validate(c.MaxMessage); err != nil {
		return err
	}
	return c.validateWill(c.Will)
}

func (l *Login) validate(maxMessage int) error {
	switch {
	case l == nil:
		return nil
	case l.Username == "":
		return fmt.Errorf("%w: Login without a username", ErrConfig)
	case strings.Contains(l.Username+l.Password, "\x00"):
		return fmt.Errorf("%w: a zero octet in Login", ErrConfig)
	case len(l.Username)+len(l.Password) > maxMessage-len(mqttsn.AuthPlain)-8:
		return fmt.Errorf("%w: Login does not fit a message", ErrConfig)
	}
	return nil
}

func (c *Config) validateWill(w *Will) error {
	switch {
	case w == nil:
		return nil
	case w.QoS > mqttsn.QoS2:
		return fmt.Errorf("%w: will QoS", ErrConfig)
	case len(w.Topic) > c.MaxMessage-5 || len(w.Message) > c.MaxMessage-4:
		return fmt.Errorf("%w: will does not fit a message", ErrConfig)
	case hasWildcard(w.Topic):
		return fmt.Errorf("%w: wildcard in will topic", ErrConfig)
	}
	return nil
}

// seconds rounds up: a device that promised more than it meant to is late, one
// that promised less is only early.
func seconds(d time.Duration) uint16 {
	return uint16((d + time.Second - 1) / time.Second)
}
