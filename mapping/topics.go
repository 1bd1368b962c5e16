package mapping

import "snbroker/mqttsn"

// Topics are the topic ids of one device. They belong to its session: kept
// over sleep and over a reconnect without CleanSession, gone with the session.
// The zero value is an empty table.
//
// Normal ids are given out from 1 upward and never taken back, so that an id
// finds its name by position, and a table of a few topics is one small slice.
type Topics struct {
	normal []Topic
	other  []Topic           // predefined and short topics that the device uses
	byName map[string]uint16 // position in normal, once that is long
}

// Topic is one way to name a topic to a device.
type Topic struct {
	Name string
	ID   mqttsn.TopicID
	Type mqttsn.TopicIDType
	// Confirmed tells that the device is known to know the id. After a
	// reconnect it may have forgotten: the gateway registers anew before it
	// uses the id.
	Confirmed bool
	// Muted tells that the device refused a REGISTER of this name (SN §6.10):
	// nothing is sent on it until the device asks again.
	Muted bool
}

// longTable is where a search through names gets dearer than a map.
const longTable = 16

// Len returns how many normal ids are in use.
func (t *Topics) Len() int { return len(t.normal) }

// Aliases returns how many topics the device knows by a predefined id or as a
// short name.
func (t *Topics) Aliases() int { return len(t.other) }

// Register returns the normal id of name, a new one if it had none; false if
// limit ids are in use already (65534 at most).
func (t *Topics) Register(name string, limit int) (*Topic, bool) {
	if topic := t.Normal(name); topic != nil {
		return topic, true
	}
	if len(t.normal) >= min(limit, 0xFFFE) {
		return nil, false
	}
	t.normal = append(t.normal, Topic{Name: name, ID: mqttsn.TopicID(len(t.normal) + 1), Type: mqttsn.TopicNormal})
	last := len(t.normal) - 1
	if t.byName != nil {
		t.byName[name] = uint16(last)
	} else if len(t.normal) > longTable {
		t.byName = make(map[string]uint16, 2*longTable)
		for i := range t.normal {
			t.byName[t.normal[i].Name] = uint16(i)
		}
	}
	return &t.normal[last], true
}

// Normal returns the entry of name's normal id, or nil.
func (t *Topics) Normal(name string) *Topic {
	if t.byName != nil {
		if i, ok := t.byName[name]; ok {
			return &t.normal[i]
		}
		return nil
	}
	for i := range t.normal {
		if t.normal[i].Name == name {
			return &t.normal[i]
		}
	}
	return nil
}

// Name returns what a normal id stands for.
func (t *Topics) Name(id mqttsn.TopicID) (string, bool) {
	if i := int(id) - 1; i >= 0 && i < len(t.normal) {
		return t.normal[i].Name, true
	}
	return "", false
}

// Use notes that the device knows name by a predefined id or as a short name.
func (t *Topics) Use(name string, kind mqttsn.TopicIDType, id mqttsn.TopicID) {
	for i := range t.other {
		if t.other[i].Name == name {
			t.other[i].Type, t.other[i].ID, t.other[i].Muted = kind, id, false
			return
		}
	}
	t.other = append(t.other, Topic{Name: name, ID: id, Type: kind, Confirmed: true})
}

// Reject notes that the device does not know the id it was sent. A predefined
// one is not used again; a normal one has to be registered anew.
func (t *Topics) Reject(kind mqttsn.TopicIDType, id mqttsn.TopicID) {
	if kind == mqttsn.TopicNormal {
		if i := int(id) - 1; i >= 0 && i < len(t.normal) {
			t.normal[i].Confirmed = false
		}
		return
	}
	for i := range t.other {
		if t.other[i].Type == kind && t.other[i].ID == id {
			t.other = append(t.other[:i], t.other[i+1:]...)
			return
		}
	}
}

// Lookup returns how the device knows name, or nil. The result is valid until
// the table changes.
func (t *Topics) Lookup(name string) *Topic {
	for i := range t.other {
		if t.other[i].Name == name {
			return &t.other[i]
		}
	}
	return t.Normal(name)
}

// Doubt is for a device that reconnected: its normal ids stay valid, but each
// is registered anew before the gateway uses it, and what it refused before it
// may want now.
func (t *Topics) Doubt() {
	for i := range t.normal {
		t.normal[i].Confirmed, t.normal[i].Muted = false, false
	}
}
