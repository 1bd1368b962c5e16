package client

import (
	"fmt"
	"time"

	"snbroker/mqttsn"
)

// Output is where a Client's effects go.
type Output interface {
	// Send puts a datagram on its way to the gateway. It may fail in silence,
	// as networks do. The octets are the Client's again when Send returns;
	// Send must not call the Client.
	Send(datagram []byte)

	// Handle takes an event, which is the Client's again when Handle returns,
	// what it points to included. Handle may call the Client.
	Handle(Event)
}

// Event is a pointer to one of the event structs of this package.
type Event interface{ event() }

// Token ties an event to the request that it answers. Zero is a request that
// was done when its method returned; no event follows.
type Token uint32

// Connected: CONNACK, accepted. Resumed is true if it ended sleep rather than
// having begun a connection.
type Connected struct{ Resumed bool }

// Refused: CONNACK, not accepted. After ReturnCongestion the next Connect
// should wait for TWait.
type Refused struct{ ReturnCode mqttsn.ReturnCode }

// Disconnected: the connection is over, or did not come about. What was queued
// still is.
type Disconnected struct {
	Reason Reason

	// Of ReasonNoAnswer: what went unanswered, how often it was sent, and
	// for how long in all.
	Request mqttsn.MsgType
	Tries   int
	Waited  time.Duration
}

// FellAsleep: the gateway has confirmed Sleep.
type FellAsleep struct{ Duration time.Duration }

// AwakeEnded: an awake period is over, and the device asleep again. Complete
// means that the gateway ended it, having nothing more.
type AwakeEnded struct{ Complete bool }

// Registered answers Register.
type Registered struct {
	Token      Token
	TopicID    mqttsn.TopicID
	ReturnCode mqttsn.ReturnCode
}

// Published says what became of a PUBLISH: at QoS 0 that it was sent.
type Published struct {
	Token      Token
	ReturnCode mqttsn.ReturnCode

	// Uncertain: a QoS 2 message was sent, and a clean session begun before
	// the gateway's word on it. Repeating it might deliver it twice.
	Uncertain bool
}

// Subscribed answers Subscribe.
type Subscribed struct {
	Token      Token
	Granted    mqttsn.QoS
	ReturnCode mqttsn.ReturnCode
}

// Unsubscribed answers Unsubscribe, which cannot be refused.
type Unsubscribed struct{ Token Token }

// WillUpdated answers UpdateWill.
type WillUpdated struct {
	Token      Token
	ReturnCode mqttsn.ReturnCode
}

// Pong answers Ping.
type Pong struct{ Token Token }

// Congested: the gateway was too busy for the request, which is kept and sent
// again. Nothing that is queued goes out before Until. Token is zero for a
// PUBLISH of QoS 0, which is lost.
type Congested struct {
	Token   Token
	Request mqttsn.MsgType
	Until   time.Time
}

// Message is a PUBLISH from the gateway, each of QoS 2 once.
type Message struct {
	Topic   Topic
	Payload []byte // part of the datagram; clone what is kept
	QoS     mqttsn.QoS
	Retain  bool
	Dup     bool
}

func (*Connected) event()    {}
func (*Refused) event()      {}
func (*Disconnected) event() {}
func (*FellAsleep) event()   {}
func (*AwakeEnded) event()   {}
func (*Registered) event()   {}
func (*Published) event()    {}
func (*Subscribed) event()   {}
func (*Unsubscribed) event() {}
func (*WillUpdated) event()  {}
func (*Pong) event()         {}
func (*Congested) event()    {}
func (*Message) event()      {}

// Reason is why a connection ended.
type Reason uint8

const (
	ReasonRequested Reason = iota // Disconnect, answered or not
	ReasonGateway                 // the gateway sent DISCONNECT
	ReasonNoAnswer                // retries are exhausted
)

func (r Reason) String() string {
	switch r {
	case ReasonRequested:
		return "requested"
	case ReasonGateway:
		return "ended by the gateway"
	case ReasonNoAnswer:
		return "no answer"
	}
	return fmt.Sprintf("Reason(%d)", uint8(r))
}
