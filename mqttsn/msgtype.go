package mqttsn

import "strconv"

// MsgType is the octet after Length. SN §5.2.2
type MsgType uint8

// The numbers not listed are reserved. PUBCOMP, PUBREC and PUBREL are in the
// standard's order, which is not that of the handshake.
const (
	TypeAdvertise     MsgType = 0x00
	TypeSearchGw      MsgType = 0x01
	TypeGwInfo        MsgType = 0x02
	TypeAuth          MsgType = 0x03 // not of the standard
	TypeConnect       MsgType = 0x04
	TypeConnAck       MsgType = 0x05
	TypeWillTopicReq  MsgType = 0x06
	TypeWillTopic     MsgType = 0x07
	TypeWillMsgReq    MsgType = 0x08
	TypeWillMsg       MsgType = 0x09
	TypeRegister      MsgType = 0x0A
	TypeRegAck        MsgType = 0x0B
	TypePublish       MsgType = 0x0C
	TypePubAck        MsgType = 0x0D
	TypePubComp       MsgType = 0x0E
	TypePubRec        MsgType = 0x0F
	TypePubRel        MsgType = 0x10
	TypeSubscribe     MsgType = 0x12
	TypeSubAck        MsgType = 0x13
	TypeUnsubscribe   MsgType = 0x14
	TypeUnsubAck      MsgType = 0x15
	TypePingReq       MsgType = 0x16
	TypePingResp      MsgType = 0x17
	TypeDisconnect    MsgType = 0x18
	TypeWillTopicUpd  MsgType = 0x1A
	TypeWillTopicResp MsgType = 0x1B
	TypeWillMsgUpd    MsgType = 0x1C
	TypeWillMsgResp   MsgType = 0x1D
	TypeEncapsulated  MsgType = 0xFE
)

// typeNames ends at the last type a Decoder knows: the encapsulated message
// is no Message, and an array up to 0xFE for its sake would be mostly holes.
var typeNames = [TypeWillMsgResp + 1]string{
	TypeAdvertise:     "ADVERTISE",
	TypeSearchGw:      "SEARCHGW",
	TypeGwInfo:        "GWINFO",
	TypeAuth:          "AUTH",
	TypeConnect:       "CONNECT",
	TypeConnAck:       "CONNACK",
	TypeWillTopicReq:  "WILLTOPICREQ",
	TypeWillTopic:     "WILLTOPIC",
	TypeWillMsgReq:    "WILLMSGREQ",
	TypeWillMsg:       "WILLMSG",
	TypeRegister:      "REGISTER",
	TypeRegAck:        "REGACK",
	TypePublish:       "PUBLISH",
	TypePubAck:        "PUBACK",
	TypePubComp:       "PUBCOMP",
	TypePubRec:        "PUBREC",
	TypePubRel:        "PUBREL",
	TypeSubscribe:     "SUBSCRIBE",
	TypeSubAck:        "SUBACK",
	TypeUnsubscribe:   "UNSUBSCRIBE",
	TypeUnsubAck:      "UNSUBACK",
	TypePingReq:       "PINGREQ",
	TypePingResp:      "PINGRESP",
	TypeDisconnect:    "DISCONNECT",
	TypeWillTopicUpd:  "WILLTOPICUPD",
	TypeWillTopicResp: "WILLTOPICRESP",
	TypeWillMsgUpd:    "WILLMSGUPD",
	TypeWillMsgResp:   "WILLMSGRESP",
}

// String gives the standard's name, or the number of a reserved type.
func (t MsgType) String() string {
	if int(t) < len(typeNames) && typeNames[t] != "" {
		return typeNames[t]
	}
	if t == TypeEncapsulated {
		return "ENCAPSULATED"
	}
	return "MsgType(0x" + strconv.FormatUint(uint64(t), 16) + ")"
}
