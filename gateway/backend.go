package gateway

import (
	"time"

	"snbroker/broker"
	"snbroker/internal/mqtt"
	"snbroker/mqttsn"
)

// Backend is what the gateway needs of a broker. The embedded one is in
// embedded.go; nothing here is beyond what a connection to a remote MQTT 5
// broker could do. Every method is called in the gateway's turn and must not
// block; what takes longer is answered later through Client.Done.
type Backend interface {
	// Connect attaches a client to its session. When it could answer at once
	// done is set, and the reason says whether the Conn may be used; else
	// client.Done brings the reason for token.
	Connect(o ConnectRequest, client Client, token Token) (c Conn, reason mqtt.ReasonCode, done bool)
	// MayConnect judges a ClientID: ReasonSuccess, or why the device may not have it.
	// It is asked before anything is done to the session of that ClientID. A Backend
	// that cannot know in advance says ReasonSuccess.
	MayConnect(who any, clientID string) mqtt.ReasonCode
	// Publish takes in a message of no session (QoS -1). who is the identity of
	// its address, clientID that of the session there, if there is one.
	Publish(p *broker.Publication, who any, clientID string)
	// MayLeave judges a will's topic: ReasonSuccess, or why the device may not have
	// one there. A Backend that cannot know in advance says ReasonSuccess.
	MayLeave(who any, clientID, topic string) mqtt.ReasonCode
	// Flush takes what the calls since the last Flush owe to others; nil if
	// they owe nothing.
	Flush() Debts
}

// Debts are to be told after the turn, with nothing held. pause asks whoever
// brought the turn's messages to wait so long before it brings more.
type Debts interface{ Tell() (pause time.Duration) }

// ConnectRequest says who attaches and how.
type ConnectRequest struct {
	ClientID   string
	Identity   any // who the device has been proved to be; nil: anonymous
	CleanStart bool
	Expiry     time.Duration // of the session after the connection
	Will       *broker.Will
	// MaximumPacket bounds topic and payload of what is delivered; 0: any.
	MaximumPacket int
	// Keep says what the session keeps from now on, given what it has kept;
	// see broker.ConnectOptions. nil: nothing changes.
	Keep func(broker.Kept) broker.Kept
}

// Conn is a device's attachment to its session at the Backend. The methods
// with a Token return done, or answer later through Client.Done.
type Conn interface {
	Publish(p *broker.Publication, token Token) (reason mqtt.ReasonCode, done bool)
	PubRel(id mqttsn.MsgID, token Token) (done bool)
	Subscribe(filter string, qos mqtt.QoS, token Token) (reason mqtt.ReasonCode, done bool)
	Unsubscribe(filter string, token Token) (done bool)

	// Pull appends what is due, as broker.Conn.Pull does.
	Pull(dst []broker.Delivery) []broker.Delivery
	PubAck(id uint16)
	PubRec(id uint16) (known bool) // among what was pulled
	PubComp(id uint16)
	Discard(d broker.Delivery, why broker.DropReason)
	Resume()

	// Identity is that of the ConnectRequest.
	Identity() any
	SetWill(w *broker.Will)
	SetExpiry(d time.Duration)
	// Note has a change of what the session keeps survive a restart.
	Note(change []byte)
	// Sync asks for an answer when all that the Conn's session did before
	// would survive a restart; Settled, when what the Connect just before has
	// promised would.
	Sync(token Token) (done bool)
	Settled(token Token) (done bool)
	// Attached tells whether the session is still this Conn's.
	Attached() bool
	// Rest says that the device sleeps: memory may be given back.
	Rest()
	// Close detaches; lost publishes the will.
	Close(lost bool)
}

// Client is a device's session as the Backend sees it. The methods may be
// called from any goroutine, also within a call of a Conn's method.
type Client interface {
	Ready()
	Done(token Token, reason mqtt.ReasonCode)
	Closed(why mqtt.ReasonCode)
}

// Token names a request of a device, for an answer that comes later.
type Token struct {
	Request mqttsn.MsgType
	QoS     mqttsn.QoS
	TopicID mqttsn.TopicID
	MsgID   mqttsn.MsgID
}

// returnCodes is where a Backend's reasons become what a device understands
// (SN §5.3.10). Whatever is not here is "not supported".
var returnCodes = map[mqtt.ReasonCode]mqttsn.ReturnCode{
	mqtt.ReasonServerUnavailable:           mqttsn.ReturnCongestion,
	mqtt.ReasonServerBusy:                  mqttsn.ReturnCongestion,
	mqtt.ReasonServerShuttingDown:          mqttsn.ReturnCongestion,
	mqtt.ReasonSessionTakenOver:            mqttsn.ReturnCongestion,
	mqtt.ReasonQuotaExceeded:               mqttsn.ReturnCongestion,
	mqtt.ReasonReceiveMaximumExceeded:      mqttsn.ReturnCongestion,
	mqtt.ReasonConnectionRateExceeded:      mqttsn.ReturnCongestion,
	mqtt.ReasonImplementationSpecificError: mqttsn.ReturnCongestion, // the disk fails
	mqtt.ReasonUnspecifiedError:            mqttsn.ReturnCongestion, // the session is another's now
}

func returnCode(r mqtt.ReasonCode) mqttsn.ReturnCode {
	if r < 0x80 {
		return mqttsn.ReturnAccepted
	}
	if rc, ok := returnCodes[r]; ok {
		return rc
	}
	return mqttsn.ReturnNotSupported
}
