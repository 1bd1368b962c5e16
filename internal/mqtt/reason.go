package mqtt

import "fmt"

// ReasonCode is a 5.0 reason code. The return codes of 3.x are translated when
// CONNACK and SUBACK are decoded or encoded.
type ReasonCode uint8

const (
	ReasonSuccess                     ReasonCode = 0x00
	ReasonNormalDisconnection         ReasonCode = 0x00 // DISCONNECT
	ReasonGrantedQoS0                 ReasonCode = 0x00 // SUBACK
	ReasonGrantedQoS1                 ReasonCode = 0x01
	ReasonGrantedQoS2                 ReasonCode = 0x02
	ReasonDisconnectWithWill          ReasonCode = 0x04
	ReasonNoMatchingSubscribers       ReasonCode = 0x10
	ReasonNoSubscriptionExisted       ReasonCode = 0x11
	ReasonContinueAuthentication      ReasonCode = 0x18
	ReasonReAuthenticate              ReasonCode = 0x19
	ReasonUnspecifiedError            ReasonCode = 0x80
	ReasonMalformedPacket             ReasonCode = 0x81
	ReasonProtocolError               ReasonCode = 0x82
	ReasonImplementationSpecificError ReasonCode = 0x83
	ReasonUnsupportedProtocolVersion  ReasonCode = 0x84
	ReasonClientIDNotValid            ReasonCode = 0x85
	ReasonBadUserNameOrPassword       ReasonCode = 0x86
	ReasonNotAuthorized               ReasonCode = 0x87
	ReasonServerUnavailable           ReasonCode = 0x88
	ReasonServerBusy                  ReasonCode = 0x89
	ReasonBanned                      ReasonCode = 0x8A
	ReasonServerShuttingDown          ReasonCode = 0x8B
	ReasonBadAuthenticationMethod     ReasonCode = 0x8C
	ReasonKeepAliveTimeout            ReasonCode = 0x8D
	ReasonSessionTakenOver            ReasonCode = 0x8E
	ReasonTopicFilterInvalid          ReasonCode = 0x8F
	ReasonTopicNameInvalid            ReasonCode = 0x90
	ReasonPacketIDInUse               ReasonCode = 0x91
	ReasonPacketIDNotFound            ReasonCode = 0x92
	ReasonReceiveMaximumExceeded      ReasonCode = 0x93
	ReasonTopicAliasInvalid           ReasonCode = 0x94
	ReasonPacketTooLarge              ReasonCode = 0x95
	ReasonMessageRateTooHigh          ReasonCode = 0x96
	ReasonQuotaExceeded               ReasonCode = 0x97
	ReasonAdministrativeAction        ReasonCode = 0x98
	ReasonPayloadFormatInvalid        ReasonCode = 0x99
	ReasonRetainNotSupported          ReasonCode = 0x9A
	ReasonQoSNotSupported             ReasonCode = 0x9B
	ReasonUseAnotherServer            ReasonCode = 0x9C
	ReasonServerMoved                 ReasonCode = 0x9D
	ReasonSharedSubsNotSupported      ReasonCode = 0x9E
	ReasonConnectionRateExceeded      ReasonCode = 0x9F
	ReasonMaximumConnectTime          ReasonCode = 0xA0
	ReasonSubIDsNotSupported          ReasonCode = 0xA1
	ReasonWildcardSubsNotSupported    ReasonCode = 0xA2
)

// IsError reports whether the code means failure.
func (c ReasonCode) IsError() bool { return c >= 0x80 }

// String returns the standard's name.
func (c ReasonCode) String() string {
	if int(c) < len(reasons) && reasons[c].name != "" {
		return reasons[c].name
	}
	return fmt.Sprintf("Reason code 0x%02X", uint8(c))
}

// reasons is the table of section 2.4, with the tables of each packet folded
// in: where a client and where a server may use the code.
var reasons = [...]struct {
	name           string
	client, server packetSet
}{
	0x00: {"Success", inAcks | inDisconnect, inConnack | inAcks | inSuback | inUnsuback | inDisconnect | inAuth},
	0x01: {"Granted QoS 1", 0, inSuback},
	0x02: {"Granted QoS 2", 0, inSuback},
	0x04: {"Disconnect with Will Message", inDisconnect, 0},
	0x10: {"No matching subscribers", inPuback | inPubrec, inPuback | inPubrec},
	0x11: {"No subscription existed", 0, inUnsuback},
	0x18: {"Continue authentication", inAuth, inAuth},
	0x19: {"Re-authenticate", inAuth, 0},
	0x80: {"Unspecified error", inPuback | inPubrec | inDisconnect, inConnack | inPuback | inPubrec | inSuback | inUnsuback | inDisconnect},
	0x81: {"Malformed Packet", inDisconnect, inConnack | inDisconnect},
	0x82: {"Protocol Error", inDisconnect, inConnack | inDisconnect},
	0x83: {"Implementation specific error", inPuback | inPubrec | inDisconnect, inConnack | inPuback | inPubrec | inSuback | inUnsuback | inDisconnect},
	0x84: {"Unsupported Protocol Version", 0, inConnack},
	0x85: {"Client Identifier not valid", 0, inConnack},
	0x86: {"Bad User Name or Password", 0, inConnack},
	0x87: {"Not authorized", inPuback | inPubrec, inConnack | inPuback | inPubrec | inSuback | inUnsuback | inDisconnect},
	0x88: {"Server unavailable", 0, inConnack},
	0x89: {"Server busy", 0, inConnack | inDisconnect},
	0x8A: {"Banned", 0, inConnack},
	0x8B: {"Server shutting down", 0, inDisconnect},
	0x8C: {"Bad authentication method", inDisconnect, inConnack | inDisconnect},
	0x8D: {"Keep Alive timeout", 0, inDisconnect},
	0x8E: {"Session taken over", 0, inDisconnect},
	0x8F: {"Topic Filter invalid", 0, inSuback | inUnsuback | inDisconnect},
	0x90: {"Topic Name invalid", inPuback | inPubrec | inDisconnect, inConnack | inPuback | inPubrec | inDisconnect},
	0x91: {"Packet Identifier in use", inPuback | inPubrec, inPuback | inPubrec | inSuback | inUnsuback},
	0x92: {"Packet Identifier not found", inPubrel | inPubcomp, inPubrel | inPubcomp},
	0x93: {"Receive Maximum exceeded", inDisconnect, inDisconnect},
	0x94: {"Topic Alias invalid", inDisconnect, inDisconnect},
	0x95: {"Packet too large", inDisconnect, inConnack | inDisconnect},
	0x96: {"Message rate too high", inDisconnect, inDisconnect},
	0x97: {"Quota exceeded", inPuback | inPubrec | inDisconnect, inConnack | inPuback | inPubrec | inSuback | inDisconnect},
	0x98: {"Administrative action", inDisconnect, inDisconnect},
	0x99: {"Payload format invalid", inPuback | inPubrec | inDisconnect, inConnack | inPuback | inPubrec | inDisconnect},
	0x9A: {"Retain not supported", 0, inConnack | inDisconnect},
	0x9B: {"QoS not supported", 0, inConnack | inDisconnect},
	0x9C: {"Use another server", 0, inConnack | inDisconnect},
	0x9D: {"Server moved", 0, inConnack | inDisconnect},
	0x9E: {"Shared Subscriptions not supported", 0, inSuback | inDisconnect},
	0x9F: {"Connection rate exceeded", 0, inConnack | inDisconnect},
	0xA0: {"Maximum connect time", 0, inDisconnect},
	0xA1: {"Subscription Identifiers not supported", 0, inSuback | inDisconnect},
	0xA2: {"Wildcard Subscriptions not supported", 0, inSuback | inDisconnect},
}

// ValidIn reports whether an end of the connection may put the code into a
// packet of type t.
func (c ReasonCode) ValidIn(t PacketType, from Origin) bool {
	if int(c) >= len(reasons) || t > TypeAuth {
		return false
	}
	return from.sent(reasons[c].client, reasons[c].server)&(1<<t) != 0
}

// reason reads a reason code that packet t may carry.
func (r *reader) reason(t PacketType, from Origin) ReasonCode {
	c := ReasonCode(r.uint8())
	if r.err == nil && !c.ValidIn(t, from) {
		// [MQTT-3.2.2-8] [MQTT-3.4.2-1] [MQTT-3.5.2-1] [MQTT-3.6.2-1]
		// [MQTT-3.7.2-1] [MQTT-3.9.3-2] [MQTT-3.11.3-2] [MQTT-3.14.2-1]
		// [MQTT-3.15.2-1]
		r.fail(ErrReasonCode)
		return 0
	}
	return c
}
