package framing

import (
	"fmt"
	"sync/atomic"
)

// XBee's API frames. The data of those that matter here:
//
//	10 | id | address 8 | short 2 | radius | options | message        to a node
//	90 | address 8 | short 2 | options | message                      from a node
//	91 | address 8 | short 2 | endpoints, cluster, profile 6 | options | message
//	8B | id | short 2 | retries | delivery status | discovery status
//
// and of 802.15.4 firmware, which does not know these:
//
//	00 | id | address 8 | options | message     01 with a short address of 2
//	80 | address 8 | signal | options | message 81
//	89 | id | status
//
// A node is known by its address of 8 octets: the short one changes when it
// rejoins the mesh. On 802.15.4 a node may have only a short one, of 2 octets.
const (
	xbeeTx64     = 0x00
	xbeeTx16     = 0x01
	xbeeTx       = 0x10
	xbeeRx64     = 0x80
	xbeeRx16     = 0x81
	xbeeTxStatus = 0x89
	xbeeStatus   = 0x8B
	xbeeRx       = 0x90
	xbeeRxFull   = 0x91

	xbeeAddress = 8
	xbeeShort   = 2
	// xbeeMost is what the data of the longest frame has beside the message.
	xbeeMost = 18
)

// xbeeNoShort asks the modem to find the short address itself.
var xbeeNoShort = []byte{0xFF, 0xFE}

const xbeeBroadcast = "\x00\x00\x00\x00\x00\x00\xff\xff"

// xbee is both halves' knowledge.
type xbee struct {
	mtu     int
	escapes bool
	own     string // of a device
	// simple tells that the modem has 802.15.4 firmware: the Decoder saw it.
	simple atomic.Bool
	// lastID is the Encoder's. A frame with the id 0 would get no status.
	lastID byte
}

func newXBee(o Options) (Encoder, Decoder) {
	x := &xbee{mtu: o.MTU, escapes: !o.Unescaped, own: string(o.Address)}
	c := counting{beyond: countedHeader + 1, most: countedHeader + xbeeMost + o.MTU + 1, open: x.fromModem}
	var enc Encoder = x
	if o.Device {
		c.open, enc = x.toModem, xbeeModem{x}
	}
	if x.escapes {
		return enc, newEscapedFrames(c)
	}
	return enc, &scanned{extent: c.extent, open: c.check, buf: make([]byte, 0, c.most)}
}

// Append implements Encoder.
func (x *xbee) Append(dst []byte, node string, message []byte) ([]byte, error) {
	if len(message) > x.mtu {
		return dst, ErrMTU
	}
	if len(node) != xbeeAddress && len(node) != xbeeShort {
		return dst, ErrNode
	}
	if x.lastID++; x.lastID == 0 {
		x.lastID++
	}
	kind, beside := byte(xbeeTx), 14
	switch {
	case len(node) == xbeeShort:
		kind, beside = xbeeTx16, 5
	case x.simple.Load():
		kind, beside = xbeeTx64, 11
	}
	f := newFrame(dst, beside+len(message), x.escapes)
	f.octet(kind)
	f.octet(x.lastID)
	f.text(node)
	if kind == xbeeTx {
		f.octets(xbeeNoShort)
		f.octet(0) // as many hops as it takes
	}
	f.octet(0)
	f.octets(message)
	return f.end(), nil
}

// fromModem looks into what a modem tells its host.
func (x *xbee) fromModem(data []byte) Event {
	switch data[0] {
	case xbeeRx:
		return x.received(data, xbeeAddress, 12)
	case xbeeRxFull:
		return x.received(data, xbeeAddress, 18)
	case xbeeRx64:
		e := x.received(data, xbeeAddress, 11)
		x.simple.Store(e.Kind == Message)
		return e
	case xbeeRx16:
		return x.received(data, xbeeShort, 5)
	case xbeeStatus:
		if len(data) == 7 {
			return delivery(data[5])
		}
	case xbeeTxStatus:
		if len(data) == 3 {
			return delivery(data[2])
		}
	}
	return Event{} // the modem's own affairs
}

func (x *xbee) received(data []byte, address, header int) Event {
	switch {
	case len(data) < header:
		return Event{Kind: Noise, Data: data, Err: ErrLength}
	case len(data)-header > x.mtu:
		return Event{Kind: Noise, Data: data, Err: ErrTooLong}
	}
	return Event{Kind: Message, Node: data[1 : 1+address], Data: data[header:]}
}

func delivery(status byte) Event {
	if status == 0 {
		return Event{Kind: Answer}
	}
	return Event{Kind: Answer, Err: fmt.Errorf("%w: XBee status %02X", ErrUndelivered, status)}
}

// toModem looks into what a host tells the modem of the device x is.
func (x *xbee) toModem(data []byte) Event {
	if data[0] != xbeeTx {
		return Event{}
	}
	if len(data) < 14 || len(data)-14 > x.mtu {
		return Event{Kind: Noise, Data: data, Err: ErrLength}
	}
	if to := data[2:10]; string(to) != x.own && string(to) != xbeeBroadcast {
		return Event{}
	}
	return Event{Kind: Message, Data: data[14:]}
}

// xbeeModem is the other end: a node and the gateway's modem.
type xbeeModem struct{ *xbee }

// Append implements Encoder. There is one gateway, so node is not looked at.
func (x xbeeModem) Append(dst []byte, _ string, message []byte) ([]byte, error) {
	if len(message) > x.mtu {
		return dst, ErrMTU
	}
	f := newFrame(dst, 12+len(message), x.escapes)
	f.octet(xbeeRx)
	f.text(x.own)
	f.octets(xbeeNoShort)
	f.octet(1) // acknowledged
	f.octets(message)
	return f.end(), nil
}
