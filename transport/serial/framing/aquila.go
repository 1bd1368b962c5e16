package framing

// Aquila's bridge to a mesh of 802.15.4 or RFM radios, in SLIP with a CRC:
//
//	from the bridge   quality | signal | 05 FE ctrl low high | message
//	to the bridge     05 FE ctrl low high | message
//
// The five octets are a forwarder's header (SN §5.5) with a node of 16 bits, and
// go up to the gateway with the message. The bridge answers each frame that it is
// sent, with a header in which a small number stands for FE:
//
//	length 00 not taken | length 01 taken | length 02 ... configuration | 03 pairing
const (
	aquilaQuality = 2 // octets
	aquilaHeader  = 5
	aquilaRadius  = 0x01
	aquilaNACK    = 0x00
	aquilaACK     = 0x01
	aquilaLast    = 0x03
)

type aquila struct{ mtu int }

func newAquila(o Options) (Encoder, Decoder) {
	most := aquilaQuality + o.MTU + crcSize
	a := aquila{o.MTU}
	if !o.Device {
		return a, newSLIPDecoder(most, a.fromBridge)
	}
	b := aquilaBridge{a, [aquilaHeader]byte{aquilaHeader, encapsulated, 0, o.Address[0], o.Address[1]}}
	return b, newSLIPDecoder(most+aquilaHeader, b.toBridge)
}

// Append implements Encoder.
func (a aquila) Append(dst []byte, node string, message []byte) ([]byte, error) {
	if err := fits(a.mtu, node, message); err != nil {
		return dst, err
	}
	if len(message) < aquilaHeader || message[0] != aquilaHeader || message[1] != encapsulated {
		return dst, ErrMessage
	}
	// The bridge wants a radius, which the gateway has no use for.
	header := [aquilaHeader]byte(message)
	header[2] |= aquilaRadius
	// The CRC is over what is sent: over the one octet that differs, too.
	crc := xmodemOn(xmodem(header[:]), message[aquilaHeader:])
	dst = appendSLIP(append(dst, slipEnd), header[:])
	dst = appendSLIP(dst, message[aquilaHeader:])
	return appendSLIPEnd(dst, crc), nil
}

func (a aquila) fromBridge(frame []byte) Event {
	e := openXModem(frame)
	if e.Kind != Message {
		return e
	}
	if answer, ok := aquilaAnswer(e.Data); ok {
		return answer
	}
	if len(e.Data) < aquilaQuality+aquilaHeader {
		return Event{Kind: Noise, Data: frame, Err: ErrLength}
	}
	if answer, ok := aquilaAnswer(e.Data[aquilaQuality:]); ok {
		return answer
	}
	e.Data = e.Data[aquilaQuality:]
	if len(e.Data) > a.mtu || e.Data[1] != encapsulated {
		return Event{Kind: Noise, Data: frame, Err: ErrLength}
	}
	return e
}

// aquilaAnswer knows the bridge's own frames, with or without the quality.
func aquilaAnswer(b []byte) (e Event, ok bool) {
	if len(b) < 2 || int(b[0]) != len(b) || b[1] > aquilaLast {
		return Event{}, false
	}
	switch b[1] {
	case aquilaACK:
		return Event{Kind: Answer}, true
	case aquilaNACK:
		return Event{Kind: Answer, Err: ErrUndelivered}, true
	}
	return Event{}, true
}

// aquilaBridge is the other end: a node and the bridge.
type aquilaBridge struct {
	aquila
	header [aquilaHeader]byte
}

// Append implements Encoder. There is one gateway, so node is not looked at.
func (b aquilaBridge) Append(dst []byte, _ string, message []byte) ([]byte, error) {
	if len(message) > b.mtu-aquilaHeader {
		return dst, ErrMTU
	}
	head := [...]byte{0x50, 0xB4, b.header[0], b.header[1], b.header[2], b.header[3], b.header[4]}
	crc := xmodemOn(xmodem(head[:]), message)
	dst = appendSLIP(append(dst, slipEnd), head[:])
	dst = appendSLIP(dst, message)
	return appendSLIPEnd(dst, crc), nil
}

func (b aquilaBridge) toBridge(frame []byte) Event {
	e := openXModem(frame)
	if e.Kind != Message {
		return e
	}
	if len(e.Data) < aquilaHeader || e.Data[1] != encapsulated || [2]byte(e.Data[3:]) != [2]byte(b.header[3:]) {
		return Event{}
	}
	e.Data, e.Reply = e.Data[aquilaHeader:], aquilaTaken
	return e
}

var aquilaTaken = func() []byte {
	ack := []byte{2, aquilaACK}
	return appendSLIPEnd(appendSLIP([]byte{slipEnd}, ack), xmodem(ack))
}()
