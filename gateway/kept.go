package gateway

import (
	"encoding/binary"
	"errors"
	"sync"

	"snbroker/broker"
	"snbroker/internal/mqtt"
	"snbroker/mapping"
	"snbroker/mqttsn"
)

// memory is what outlives a device's connection, and a restart: the Backend
// keeps it. The turn alone changes it; mu is for who reads it from elsewhere,
// and is held for changes of what they read.
type memory struct {
	mu     sync.Mutex
	topics mapping.Topics
	will   *broker.Will // SN §6.3: part of the session, unlike MQTT's

	// Of the last CONNECT or DISCONNECT.
	asleep    bool
	clean     bool
	keepAlive uint16
	sleep     uint16
}

// What is kept is a sequence of items, of which each replaces an earlier one
// about the same.
type keptItem uint8

const (
	keptState  keptItem = 1 // flags, keep-alive, sleep duration
	keptWill   keptItem = 2 // flags, topic, message
	keptTopic  keptItem = 3 // topic id, flags, name
	keptAlias  keptItem = 4 // topic id type, topic id, name: predefined or short
	keptReject keptItem = 5 // topic id type, topic id: not used any more
)

const (
	keptAsleep    = 0x01
	keptClean     = 0x02
	keptDoubt     = 0x04 // of the normal topic ids before
	keptConfirmed = 0x01
	keptRetain    = 0x04
)

// remember returns the memory of a session that kept old.
func remember(old broker.Kept, clean bool) *memory {
	if clean {
		return new(memory)
	}
	m, ok := old.(*memory)
	if !ok {
		m = new(memory)
		if octets, restarted := old.(broker.KeptOctets); restarted {
			m.take(octets)
		}
	}
	m.mu.Lock()
	m.topics.Doubt()
	m.mu.Unlock()
	return m
}

// connect notes what CONNECT said.
func (m *memory) connect(d *dialogue) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if d.withWill || d.clean {
		m.will = d.will
	}
	m.asleep, m.clean, m.keepAlive = false, d.clean, d.keepAlive
}

// AppendKept implements broker.Kept.
func (m *memory) AppendKept(b []byte) []byte {
	m.mu.Lock()
	defer m.mu.Unlock()
	b = m.appendState(b, 0)
	if w := m.will; w != nil {
		flags := byte(w.QoS)
		if w.Retain {
			flags |= keptRetain
		}
		b = appendOctets(appendOctets(append(b, byte(keptWill), flags), w.Topic), w.Payload)
	}
	for t := range m.topics.All() {
		b = appendTopic(b, &t)
	}
	return b
}

func (m *memory) appendState(b []byte, flags byte) []byte {
	if m.asleep {
		flags |= keptAsleep
	}
	if m.clean {
		flags |= keptClean
	}
	b = append(b, byte(keptState), flags)
	return binary.AppendUvarint(binary.AppendUvarint(b, uint64(m.keepAlive)), uint64(m.sleep))
}

func appendTopic(b []byte, t *mapping.Topic) []byte {
	if t.Type != mqttsn.TopicNormal {
		b = append(b, byte(keptAlias), byte(t.Type))
		return appendOctets(binary.AppendUvarint(b, uint64(t.ID)), t.Name)
	}
	flags := byte(0)
	if t.Confirmed {
		flags = keptConfirmed
	}
	b = append(binary.AppendUvarint(append(b, byte(keptTopic)), uint64(t.ID)), flags)
	return appendOctets(b, t.Name)
}

func appendOctets[T ~string | ~[]byte](b []byte, s T) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

var errKept = errors.New("gateway: what was kept of a session makes no sense")

// take makes m what the items say; on an error, what those before it said.
func (m *memory) take(b []byte) error {
	r := keptReader{b: b}
	for len(r.b) > 0 {
		switch item := keptItem(r.octet()); item {
		case keptState:
			flags := r.octet()
			keepAlive, sleep := r.uint16(), r.uint16()
			if !r.bad {
				m.asleep, m.clean, m.keepAlive, m.sleep = flags&keptAsleep != 0, flags&keptClean != 0, keepAlive, sleep
				if flags&keptDoubt != 0 {
					m.topics.Doubt()
				}
			}
		case keptWill:
			flags := r.octet()
			w := &broker.Will{QoS: mqtt.QoS(flags & 3), Retain: flags&keptRetain != 0, Topic: string(r.octets()), Payload: append([]byte(nil), r.octets()...)}
			if w.Topic == "" {
				w = nil
			}
			if !r.bad {
				m.will = w
			}
		case keptTopic:
			id := r.topicID()
			flags := r.octet()
			if name := string(r.octets()); !r.bad {
				m.topics.Restore(id, name, flags&keptConfirmed != 0)
			}
		case keptAlias:
			kind := r.aliasType()
			id := mqttsn.TopicID(r.uint16())
			if name := string(r.octets()); !r.bad {
				m.topics.Use(name, kind, id)
			}
		case keptReject:
			kind := mqttsn.TopicIDType(r.octet())
			if id := mqttsn.TopicID(r.uint16()); !r.bad {
				m.topics.Reject(kind, id)
			}
		default:
			r.bad = true
		}
		if r.bad {
			return errKept
		}
	}
	return nil
}

// keptReader reads items. After the first that is not there all is zero, and
// bad is set.
type keptReader struct {
	b   []byte
	bad bool
}

func (r *keptReader) octet() byte {
	if len(r.b) == 0 {
		r.bad = true
		return 0
	}
	v := r.b[0]
	r.b = r.b[1:]
	return v
}

func (r *keptReader) uint() uint64 {
	v, n := binary.Uvarint(r.b)
	if n <= 0 {
		r.b, r.bad = nil, true
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *keptReader) uint16() uint16 {
	v := r.uint()
	if v > 0xFFFF {
		r.bad = true
	}
	return uint16(v)
}

// topicID is a normal one.
func (r *keptReader) topicID() mqttsn.TopicID {
	id := mqttsn.TopicID(r.uint16())
	r.bad = r.bad || !mapping.ValidID(id)
	return id
}

func (r *keptReader) aliasType() mqttsn.TopicIDType {
	kind := mqttsn.TopicIDType(r.octet())
	r.bad = r.bad || kind != mqttsn.TopicPredefined && kind != mqttsn.TopicShort
	return kind
}

func (r *keptReader) octets() []byte {
	n := r.uint()
	if n > uint64(len(r.b)) {
		r.b, r.bad = nil, true
		return nil
	}
	v := r.b[:n]
	r.b = r.b[n:]
	return v
}

// The session's changes that are kept. Each is made before it is noted.

func (s *session) note(b []byte) {
	s.g.noted = b
	s.conn.Note(b)
}

func (s *session) keepState() { s.note(s.memory.appendState(s.g.noted[:0], 0)) }

// keepNoWill notes that there is no will to come back to. The Backend need not have
// had it: that of who was leaving before a restart is kept alone.
func (s *session) keepNoWill() { s.note(append(s.g.noted[:0], byte(keptWill), 0, 0, 0)) }

// keepDoubt notes, with the state, that the device may have forgotten its topic ids.
func (s *session) keepDoubt() {
	m := s.memory
	m.mu.Lock()
	m.topics.Doubt()
	m.mu.Unlock()
	s.note(m.appendState(s.g.noted[:0], keptDoubt))
}

func (s *session) keepTopic(t *mapping.Topic) { s.note(appendTopic(s.g.noted[:0], t)) }

// keepSleep notes that the device goes to sleep, and for how long.
func (s *session) keepSleep() {
	m := s.memory
	m.mu.Lock()
	m.asleep, m.sleep = true, s.sleep
	m.mu.Unlock()
	s.keepState()
}

// use notes that the device knows name by a predefined id or as a short name.
func (s *session) use(name string, kind mqttsn.TopicIDType, id mqttsn.TopicID) {
	if t := s.memory.topics.Lookup(name); t != nil && t.Type == kind && t.ID == id && !t.Muted {
		return
	}
	s.memory.mu.Lock()
	s.memory.topics.Use(name, kind, id)
	s.memory.mu.Unlock()
	s.keepTopic(&mapping.Topic{Name: name, ID: id, Type: kind})
}

// reject notes that the device does not know an id.
func (s *session) reject(kind mqttsn.TopicIDType, id mqttsn.TopicID) {
	s.memory.mu.Lock()
	s.memory.topics.Reject(kind, id)
	s.memory.mu.Unlock()
	s.note(binary.AppendUvarint(append(s.g.noted[:0], byte(keptReject), byte(kind)), uint64(id)))
}
