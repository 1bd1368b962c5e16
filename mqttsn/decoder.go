package mqttsn

// A Decoder decodes without allocating: it owns one struct of each type and
// fills that in. The zero value is ready. A Decoder is not safe for use by
// several goroutines.
//
// The structs keep pointing into the datagrams they came from, one per type
// seen. An owner that is about to be idle lets go of them with
// *d = Decoder{}.
type Decoder struct {
	advertise     Advertise
	searchGw      SearchGw
	gwInfo        GwInfo
	auth          Auth
	connect       Connect
	connAck       ConnAck
	willTopicReq  WillTopicReq
	willTopic     WillTopic
	willMsgReq    WillMsgReq
	willMsg       WillMsg
	register      Register
	regAck        RegAck
	publish       Publish
	pubAck        PubAck
	pubComp       PubComp
	pubRec        PubRec
	pubRel        PubRel
	subscribe     Subscribe
	subAck        SubAck
	unsubscribe   Unsubscribe
	unsubAck      UnsubAck
	pingReq       PingReq
	pingResp      PingResp
	disconnect    Disconnect
	willTopicUpd  WillTopicUpd
	willTopicResp WillTopicResp
	willMsgUpd    WillMsgUpd
	willMsgResp   WillMsgResp
}

// slots finds the struct for a type; nil where the type is reserved. It is
// one array for all Decoders, of functions, rather than an array of Messages
// in each: with a Decoder per session that would be some 480 octets more per
// idle client, an initialisation, and pointers that a copy gets wrong.
var slots = [TypeWillMsgResp + 1]func(*Decoder) Message{
	TypeAdvertise:     func(d *Decoder) Message { return &d.advertise },
	TypeSearchGw:      func(d *Decoder) Message { return &d.searchGw },
	TypeGwInfo:        func(d *Decoder) Message { return &d.gwInfo },
	TypeAuth:          func(d *Decoder) Message { return &d.auth },
	TypeConnect:       func(d *Decoder) Message { return &d.connect },
	TypeConnAck:       func(d *Decoder) Message { return &d.connAck },
	TypeWillTopicReq:  func(d *Decoder) Message { return &d.willTopicReq },
	TypeWillTopic:     func(d *Decoder) Message { return &d.willTopic },
	TypeWillMsgReq:    func(d *Decoder) Message { return &d.willMsgReq },
	TypeWillMsg:       func(d *Decoder) Message { return &d.willMsg },
	TypeRegister:      func(d *Decoder) Message { return &d.register },
	TypeRegAck:        func(d *Decoder) Message { return &d.regAck },
	TypePublish:       func(d *Decoder) Message { return &d.publish },
	TypePubAck:        func(d *Decoder) Message { return &d.pubAck },
	TypePubComp:       func(d *Decoder) Message { return &d.pubComp },
	TypePubRec:        func(d *Decoder) Message { return &d.pubRec },
	TypePubRel:        func(d *Decoder) Message { return &d.pubRel },
	TypeSubscribe:     func(d *Decoder) Message { return &d.subscribe },
	TypeSubAck:        func(d *Decoder) Message { return &d.subAck },
	TypeUnsubscribe:   func(d *Decoder) Message { return &d.unsubscribe },
	TypeUnsubAck:      func(d *Decoder) Message { return &d.unsubAck },
	TypePingReq:       func(d *Decoder) Message { return &d.pingReq },
	TypePingResp:      func(d *Decoder) Message { return &d.pingResp },
	TypeDisconnect:    func(d *Decoder) Message { return &d.disconnect },
	TypeWillTopicUpd:  func(d *Decoder) Message { return &d.willTopicUpd },
	TypeWillTopicResp: func(d *Decoder) Message { return &d.willTopicResp },
	TypeWillMsgUpd:    func(d *Decoder) Message { return &d.willMsgUpd },
	TypeWillMsgResp:   func(d *Decoder) Message { return &d.willMsgResp },
}

// Decode decodes b, which must be exactly one message. The result, with
// every []byte inside it, is valid until the next Decode or until b is reused;
// clone what you keep. The error is an Error.
func (d *Decoder) Decode(b []byte) (Message, error) {
	t, length, size, err := header(b)
	if err != nil {
		return nil, err
	}
	// Before the length is compared: it counts something else here.
	if t == TypeEncapsulated {
		return nil, ErrEncapsulation
	}
	// SN §5.2.1 implies one message to a datagram and never says it. What
	// follows a message is taken as damage, not as the next message.
	if length != len(b) {
		return nil, ErrLength
	}
	if int(t) >= len(slots) || slots[t] == nil {
		return nil, ErrType
	}
	m := slots[t](d)
	// Capacity ends with the message, so that appending to a field cannot
	// write over what else the buffer holds.
	if err := m.decode(b[size:length:length]); err != nil {
		return nil, err
	}
	return m, nil
}
