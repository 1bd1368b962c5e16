package mqtt

import "strconv"

// PacketType is the high nibble of a packet's first byte. Zero is forbidden.
type PacketType uint8

const (
	TypeConnect PacketType = iota + 1
	TypeConnack
	TypePublish
	TypePuback
	TypePubrec
	TypePubrel
	TypePubcomp
	TypeSubscribe
	TypeSuback
	TypeUnsubscribe
	TypeUnsuback
	TypePingreq
	TypePingresp
	TypeDisconnect
	TypeAuth // 5.0; forbidden before
)

var packetTypeNames = [16]string{
	"RESERVED", "CONNECT", "CONNACK", "PUBLISH", "PUBACK", "PUBREC", "PUBREL", "PUBCOMP",
	"SUBSCRIBE", "SUBACK", "UNSUBSCRIBE", "UNSUBACK", "PINGREQ", "PINGRESP", "DISCONNECT", "AUTH",
}

func (t PacketType) String() string {
	if int(t) < len(packetTypeNames) {
		return packetTypeNames[t]
	}
	return "PacketType(" + strconv.Itoa(int(t)) + ")"
}

// packetSet is a set of packet types. Type zero does not exist, so its bit
// stands for the Will, whose property block is nested inside CONNECT and has
// rules of its own.
type packetSet uint16

const (
	inWill        packetSet = 1 << 0
	inConnect     packetSet = 1 << TypeConnect
	inConnack     packetSet = 1 << TypeConnack
	inPublish     packetSet = 1 << TypePublish
	inPuback      packetSet = 1 << TypePuback
	inPubrec      packetSet = 1 << TypePubrec
	inPubrel      packetSet = 1 << TypePubrel
	inPubcomp     packetSet = 1 << TypePubcomp
	inSubscribe   packetSet = 1 << TypeSubscribe
	inSuback      packetSet = 1 << TypeSuback
	inUnsubscribe packetSet = 1 << TypeUnsubscribe
	inUnsuback    packetSet = 1 << TypeUnsuback
	inPingreq     packetSet = 1 << TypePingreq
	inPingresp    packetSet = 1 << TypePingresp
	inDisconnect  packetSet = 1 << TypeDisconnect
	inAuth        packetSet = 1 << TypeAuth

	inAcks   = inPuback | inPubrec | inPubrel | inPubcomp
	inBoth   = inPublish | inAcks | inDisconnect | inAuth // either end may send these
	byClient = inBoth | inConnect | inSubscribe | inUnsubscribe | inPingreq
	byServer = inBoth | inConnack | inSuback | inUnsuback | inPingresp
)

// Origin says who sent what a Decoder reads, so that packets, properties and
// reason codes that only the other end may send are refused.
type Origin uint8

const (
	FromEither Origin = iota // for traces and tools
	FromClient               // what a server reads
	FromServer               // what a client reads
)

// sent returns which of the packets that a client or a server may use
// something in are open to this origin.
func (o Origin) sent(client, server packetSet) packetSet {
	switch o {
	case FromClient:
		return client
	case FromServer:
		return server
	}
	return client | server
}
