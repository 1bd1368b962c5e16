package broker

import (
	"snbroker/internal/mqtt"
	"snbroker/internal/store"
)

// messageRecord is a message on the disk: stored once, however many sessions
// queue it.
//
//	kind | flags | [will of] | [instead of: number, sequence] | [number, packet id] | [expires] | [origin] | [publisher, order] | [replay] |
//	topic | forward | payload | targets...
type messageRecord struct {
	qos      mqtt.QoS
	retain   bool      // it is its topic's retained message, or clears it
	from     uint32    // session of a QoS 2 publisher; 0: none
	willOf   uint32    // session whose will it is: it has none any more; 0: none
	instead  place     // it was in, and is not any more: a member of a shared subscription has left
	packetID uint16    // of that PUBLISH
	expires  int64     // on the store's clock; 0: never
	origin   store.LSN // where the record was before it was moved; 0: nowhere
	sender   []byte    // ClientID of a retained message's publisher
	order    uint64    // of a retained message
	replay   []byte    // filter of the replay that queued it; empty: none
	topic    []byte
	forward  []byte
	payload  []byte
	targets  []recordTarget
}

// place is a delivery by its session's number and its own. Zero: none.
type place struct{ no, seq uint32 }

// recordTarget is one delivery of a message: whose, and under which number.
type recordTarget struct {
	no     uint32
	seq    uint32
	qos    mqtt.QoS
	retain bool
	ids    *[]uint32
}

const (
	messageQoS      = 0x03
	messageRetain   = 0x04
	messageReceived = 0x08
	messageExpires  = 0x10
	messageMoved    = 0x20
	messageWill     = 0x40
	messageReplay   = 0x80
	messageInstead  = 0x100
	messageFlags    = 0x1ff

	targetQoS    = 0x03
	targetRetain = 0x04
	targetIDs    = 0x08
)

func (m *messageRecord) appendTo(b []byte) []byte {
	flags := uint64(m.qos)
	if m.retain {
		flags |= messageRetain
	}
	if m.from != 0 {
		flags |= messageReceived
	}
	if m.expires != 0 {
		flags |= messageExpires
	}
	if m.origin != 0 {
		flags |= messageMoved
	}
	if m.willOf != 0 {
		flags |= messageWill
	}
	if len(m.replay) > 0 {
		flags |= messageReplay
	}
	if m.instead != (place{}) {
		flags |= messageInstead
	}
	b = appendUint(append(b, byte(recordMessage)), flags)
	if m.willOf != 0 {
		b = appendUint(b, uint64(m.willOf))
	}
	if m.instead != (place{}) {
		b = appendUint(appendUint(b, uint64(m.instead.no)), uint64(m.instead.seq))
	}
	if m.from != 0 {
		b = appendUint(appendUint(b, uint64(m.from)), uint64(m.packetID))
	}
	if m.expires != 0 {
		b = appendUint(b, uint64(m.expires))
	}
	if m.origin != 0 {
		b = appendUint(b, uint64(m.origin))
	}
	if m.retain {
		b = appendUint(appendText(b, m.sender), m.order)
	}
	if len(m.replay) > 0 {
		b = appendText(b, m.replay)
	}
	b = appendText(appendText(appendText(b, m.topic), m.forward), m.payload)
	b = appendUint(b, uint64(len(m.targets)))
	last := uint32(0)
	for i := range m.targets {
		b = m.targets[i].appendTo(b, last)
		last = m.targets[i].no
	}
	return b
}

// appendTo writes the number as the step from the last one: sessions that
// subscribed together are neighbours.
func (t *recordTarget) appendTo(b []byte, last uint32) []byte {
	step := int32(t.no - last)
	b = appendUint(b, uint64(uint32(step<<1^step>>31)))
	b = appendUint(b, uint64(t.seq))
	flags := byte(t.qos)
	if t.retain {
		flags |= targetRetain
	}
	if t.ids != nil {
		flags |= targetIDs
	}
	b = append(b, flags)
	if t.ids != nil {
		b = appendUint(b, uint64(len(*t.ids)))
		for _, id := range *t.ids {
			b = appendUint(b, uint64(id))
		}
	}
	return b
}

// decode reads what follows the kind; texts alias it.
func (m *messageRecord) decode(b []byte) error {
	f := fields{b: b}
	m.decodeBody(&f)
	m.targets = m.targets[:0]
	last := uint32(0)
	for range f.count() {
		step := f.uint32()
		t := recordTarget{no: last + (step>>1 ^ -(step & 1)), seq: f.uint32()}
		last = t.no
		flags := f.octet()
		t.qos, t.retain = mqtt.QoS(flags&targetQoS), flags&targetRetain != 0
		if flags&targetIDs != 0 {
			ids := make([]uint32, f.count())
			for i := range ids {
				ids[i] = f.uint32()
			}
			t.ids = &ids
		}
		if f.bad {
			break
		}
		m.targets = append(m.targets, t)
	}
	return f.end()
}

// decodeBody reads all but the targets.
func (m *messageRecord) decodeBody(f *fields) {
	targets := m.targets
	*m = messageRecord{targets: targets}
	flags := f.limited(messageFlags)
	m.qos, m.retain = mqtt.QoS(flags&messageQoS), flags&messageRetain != 0
	if flags&messageWill != 0 {
		m.willOf = f.uint32()
	}
	if flags&messageInstead != 0 {
		m.instead = place{f.uint32(), f.uint32()}
	}
	if flags&messageReceived != 0 {
		m.from, m.packetID = f.uint32(), f.uint16()
	}
	if flags&messageExpires != 0 {
		m.expires = int64(f.limited(1<<63 - 1))
	}
	if flags&messageMoved != 0 {
		m.origin = store.LSN(f.uint())
	}
	if m.retain {
		m.sender, m.order = f.text(), f.uint()
	}
	if flags&messageReplay != 0 {
		m.replay = f.text()
	}
	m.topic, m.forward, m.payload = f.text(), f.text(), f.text()
}
