package mapping

import (
	"iter"

	"snbroker/mqttsn"
)

// Topics are the topic ids of one device. They belong to its session: kept
// over sleep and over a reconnect without CleanSession, gone with the session.
// The zero value is an empty table.
//
// Normal ids are given out from 1 upward and never taken back, so that an id
// finds its name by position, and a table of a few topics is one small slice.
type Topics struct {
	normal []Topic
	more   *moreTopics // what few devices have; nil: nothing of it
}

type moreTopics struct {
	other  []Topic           // predefined and short topics that the device uses
	byName map[string]uint16 // position in normal, once that is long
}

// seldom returns what few devices have, to be changed.
func (t *Topics) seldom() *moreTopics {
	if t.more == nil {
		t.more = new(moreTopics)
	}
	return t.more
}

// other returns the predefined and short topics.
func (t *Topics) other() []Topic {
	if t.more == nil {
		return nil
	}
	return t.more.other
}

// All yields each topic; normal ones in the order of their ids.
func (t *Topics) All() iter.Seq[Topic] {
	return func(yield func(Topic) bool) {
		for i := range t.normal {
			if !yield(t.normal[i]) {
				return
			}
		}
		for _, o := range t.other() {
			if !yield(o) {
				return
			}
		}
	}
}

// Restore gives name the normal id that it had. Ids come back in their order;
// one that is missing in between stays without a name.
func (t *Topics) Restore(id mqttsn.TopicID, name string, confirmed bool) {
	for len(t.normal) < int(id) {
		t.add("")
	}
	if topic := &t.normal[id-1]; topic.Name != name {
		topic.Name = name
		if t.more != nil && t.more.byName != nil {
			t.more.byName[name] = uint16(id - 1)
		}
	}
	t.normal[id-1].Confirmed = confirmed
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
func (t *Topics) Aliases() int { return len(t.other()) }

// Register returns the normal id of name, a new one if it had none; false if
// limit ids are in use already (65534 at most).
func (t *Topics) Register(name string, limit int) (*Topic, bool) {
	if topic := t.Normal(name); topic != nil {
		return topic, true
	}
	if len(t.normal) >= min(limit, 0xFFFE) {
		return nil, false
	}
	return t.add(name), true
}

func (t *Topics) add(name string) *Topic {
	t.normal = append(t.normal, Topic{Name: name, ID: mqttsn.TopicID(len(t.normal) + 1), Type: mqttsn.TopicNormal})
	last := len(t.normal) - 1
	switch {
	case len(t.normal) <= longTable:
	case t.seldom().byName != nil:
		t.more.byName[name] = uint16(last)
	default:
		t.more.byName = make(map[string]uint16, 2*longTable)
		for i := range t.normal {
			t.more.byName[t.normal[i].Name] = uint16(i)
		}
	}
	return &t.normal[last]
}

// Normal returns the entry of name's normal id, or nil.
func (t *Topics) Normal(name string) *Topic {
	if t.more != nil && t.more.byName != nil {
		if i, ok := t.more.byName[name]; ok {
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
	if i := int(id) - 1; i >= 0 && i < len(t.normal) && t.normal[i].Name != "" {
		return t.normal[i].Name, true
	}
	return "", false
}

// Use notes that the device knows name by a predefined id or as a short name.
func (t *Topics) Use(name string, kind mqttsn.TopicIDType, id mqttsn.TopicID) {
	other := t.other()
	for i := range other {
		if other[i].Name == name {
			other[i].Type, other[i].ID, other[i].Muted = kind, id, false
			return
		}
	}
	t.seldom().other = append(other, Topic{Name: name, ID: id, Type: kind, Confirmed: true})
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
	other := t.other()
	for i := range other {
		if other[i].Type == kind && other[i].ID == id {
			t.more.other = append(other[:i], other[i+1:]...)
			return
		}
	}
}

// Lookup returns how the device knows name, or nil. The result is valid until
// the table changes.
func (t *Topics) Lookup(name string) *Topic {
	other := t.other()
	for i := range other {
		if other[i].Name == name {
			return &other[i]
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
