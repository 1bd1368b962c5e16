package broker

import (
	"sync/atomic"
	"time"

	"snbroker/internal/mqtt"
)

// Message is an application message as every queue shares it: one body,
// however many sessions wait for it. It is immutable once routed.
type Message struct {
	Topic   string
	Payload []byte
	// Forward holds the encoded MQTT 5 properties that a server passes on
	// unaltered and in order (user properties, content type, ...).
	Forward []byte
	// Publisher is the session it came from, for no-local; nil for messages of
	// the broker itself.
	Publisher *Session
	// Expires is when the message stops being worth delivering; zero: never.
	Expires time.Time
	QoS     mqtt.QoS
	Retain  bool
	spilled bool // payload and properties are on the disk alone
	held    bool // the retained store needs its record
	// charge is what each queue that the message waits in is charged for it
	// against the memory of all: its share of the body.
	charge uint32
	body   uint32 // octets of payload and properties, also if spilled
	order  uint64 // among what came to be retained
	// disk is its record; nil if nobody needs one. Only who has a reference
	// to the record may look.
	disk *onDisk
}

// onDisk is a message's record, as long as somebody needs it.
type onDisk struct {
	refs atomic.Int32  // sessions, the retained store, and whoever is routing it
	size uint32        // octets
	at   atomic.Uint64 // where it is, a store.LSN; 0: nowhere yet
}

// size is what the message counts for against byte limits.
func (m *Message) size() int { return len(m.Topic) + int(m.body) }

// expired reports whether the message is past its expiry. Most messages have
// none, so the clock is only read for those that do.
func (m *Message) expired() bool {
	return !m.Expires.IsZero() && !time.Now().Before(m.Expires)
}

// Publication is a message on its way in. Topic, Payload and Forward may alias
// a read buffer: the broker copies what it keeps before Publish returns.
type Publication struct {
	Topic    string
	Payload  []byte
	Forward  []byte
	Expiry   time.Duration // zero: never expires
	QoS      mqtt.QoS
	Retain   bool
	PacketID uint16 // of the publisher's id space; used at QoS 2
	volatile bool   // the broker's own: retained in memory alone
	willOf   uint32 // number of the session whose will it is; 0: none
	instead  place  // of a delivery to a session that ends
}

// Will is published when a client's connection ends without a DISCONNECT.
type Will struct {
	Topic   string
	Payload []byte
	Forward []byte
	Expiry  time.Duration
	Delay   time.Duration // MQTT 5 §3.1.3.2.2
	QoS     mqtt.QoS
	Retain  bool
	who     any // whose it is, for the Authorizer
}

// A body is allocated together with its message, in a handful of sizes: a
// publish costs one allocation, not two.
type (
	message32 struct {
		Message
		body [32]byte
	}
	message64 struct {
		Message
		body [64]byte
	}
	message128 struct {
		Message
		body [128]byte
	}
	message256 struct {
		Message
		body [256]byte
	}
	message1k struct {
		Message
		body [1024]byte
	}
)

// newBody returns a zero message and n octets of its own.
func newBody(n int) (*Message, []byte) {
	switch {
	case n <= 32:
		m := new(message32)
		return &m.Message, m.body[:n:n]
	case n <= 64:
		m := new(message64)
		return &m.Message, m.body[:n:n]
	case n <= 128:
		m := new(message128)
		return &m.Message, m.body[:n:n]
	case n <= 256:
		m := new(message256)
		return &m.Message, m.body[:n:n]
	case n <= 1024:
		m := new(message1k)
		return &m.Message, m.body[:n:n]
	}
	return new(Message), make([]byte, n)
}

// newMessage copies p, the one copy that a payload gets. topic is the stable
// string for p.Topic.
func newMessage(p *Publication, topic string, from *Session) *Message {
	m, body := newBody(len(p.Payload) + len(p.Forward))
	n := copy(body, p.Payload)
	m.Payload = body[:n:n]
	if len(p.Forward) > 0 {
		copy(body[n:], p.Forward)
		m.Forward = body[n:]
	}
	m.body = uint32(len(p.Payload) + len(p.Forward))
	m.Topic, m.Publisher, m.QoS, m.Retain = topic, from, p.QoS, p.Retain
	if p.Expiry > 0 {
		m.Expires = time.Now().Add(p.Expiry)
	}
	return m
}

// again returns a message of its own with m's content, to be routed once more.
func (m *Message) again() *Message {
	return &Message{Topic: m.Topic, Payload: m.Payload, Forward: m.Forward, Publisher: m.Publisher,
		Expires: m.Expires, QoS: m.QoS, Retain: m.Retain, charge: m.charge, body: m.body}
}

// bodiless returns m without what is on the disk.
func (m *Message) bodiless() *Message {
	return &Message{Topic: m.Topic, Publisher: m.Publisher, Expires: m.Expires, QoS: m.QoS, Retain: m.Retain,
		charge: bodilessCharge, body: m.body, disk: m.disk, spilled: true}
}
