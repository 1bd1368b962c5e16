package framing

import "fmt"

// LoRaLink's modems, which borrow XBee's frames:
//
//	from the modem   source | RSSI 2 | SNR 2 | type | message | sum
//	to the modem     destination | type | message | sum
//
// The length counts the sum, too. After each frame that was sent the modem tells
// what became of it.
const (
	loraMessage = 0x40
	loraACK     = 0x80
	loraBusy    = 0x81 // no free channel
	loraTimeout = 0x82

	loraFromModem = 6 // octets before the message
	loraToModem   = 2
	loraBroadcast = 0xFF
)

type loraLink struct {
	mtu int
	own byte // of a device
}

func newLoRaLink(o Options) (Encoder, Decoder) {
	l := loraLink{mtu: o.MTU}
	c := counting{beyond: countedHeader, most: countedHeader + loraFromModem + o.MTU + 1, open: l.fromModem}
	if !o.Device {
		return l, newEscapedFrames(c)
	}
	l.own = o.Address[0]
	c.open = l.toModem
	return loraModem{l}, newEscapedFrames(c)
}

// Append implements Encoder.
func (l loraLink) Append(dst []byte, node string, message []byte) ([]byte, error) {
	if len(message) > l.mtu {
		return dst, ErrMTU
	}
	if len(node) != 1 {
		return dst, ErrNode
	}
	f := newFrame(dst, loraToModem+len(message)+1, true)
	f.text(node)
	f.octet(loraMessage)
	f.octets(message)
	return f.end(), nil
}

func (l loraLink) fromModem(data []byte) Event {
	if len(data) < loraFromModem {
		return Event{Kind: Noise, Data: data, Err: ErrLength}
	}
	switch t := data[loraFromModem-1]; t {
	case loraMessage:
		if len(data)-loraFromModem > l.mtu {
			return Event{Kind: Noise, Data: data, Err: ErrTooLong}
		}
		return Event{Kind: Message, Node: data[:1], Data: data[loraFromModem:]}
	case loraACK:
		return Event{Kind: Answer}
	case loraBusy, loraTimeout:
		return Event{Kind: Answer, Err: fmt.Errorf("%w: LoRaLink type %02X", ErrUndelivered, t)}
	}
	return Event{}
}

// toModem looks into what a host tells the modem of the device l is. The answer
// is the modem's.
func (l loraLink) toModem(data []byte) Event {
	switch {
	case len(data) < loraToModem || data[1] != loraMessage:
		return Event{}
	case len(data)-loraToModem > l.mtu:
		return Event{Kind: Noise, Data: data, Err: ErrTooLong}
	case data[0] != l.own && data[0] != loraBroadcast:
		return Event{}
	}
	return Event{Kind: Message, Data: data[loraToModem:], Reply: loraAccepted}
}

var loraAccepted = loraModem{}.frame(nil, loraACK, nil)

// loraModem is the other end: a node and the gateway's modem.
type loraModem struct{ loraLink }

// Append implements Encoder. There is one gateway, so node is not looked at.
func (l loraModem) Append(dst []byte, _ string, message []byte) ([]byte, error) {
	if len(message) > l.mtu {
		return dst, ErrMTU
	}
	return l.frame(dst, loraMessage, message), nil
}

func (l loraModem) frame(dst []byte, kind byte, message []byte) []byte {
	f := newFrame(dst, loraFromModem+len(message)+1, true)
	f.octet(l.own)
	f.octets([]byte{0xFF, 0xA9, 0x00, 0x07}) // -87 dBm, 7 dB: a fair signal
	f.octet(kind)
	f.octets(message)
	return f.end()
}
