package client

import (
	"slices"

	"snbroker/mqttsn"
)

// topics is what a device knows of topic ids, oldest first. It is a list and
// searched from end to end: a device has a handful, for which a map would take
// ten times the memory and no less time.
type topics []Topic

// id finds the newest id of a name.
func (t topics) id(name string) (mqttsn.TopicID, bool) {
	for i := len(t) - 1; i >= 0; i-- {
		if t[i].Type == mqttsn.TopicNormal && t[i].Name == name {
			return t[i].ID, true
		}
	}
	return 0, false
}

// find is index's element. The type is part of the identity: normal 5 and
// predefined 5 are two topics.
func (t topics) find(kind mqttsn.TopicIDType, id mqttsn.TopicID) (Topic, bool) {
	if i := t.index(kind, id); i >= 0 {
		return t[i], true
	}
	return Topic{}, false
}

func (t topics) index(kind mqttsn.TopicIDType, id mqttsn.TopicID) int {
	return slices.IndexFunc(t, func(k Topic) bool { return k.ID == id && k.Type == kind })
}

// learn takes the gateway's latest word on an id. Full, it lets go of the
// oldest: the gateway learns so from a PUBACK and registers the name again.
func (t *topics) learn(k Topic, limit int) {
	if i := t.index(k.Type, k.ID); i >= 0 {
		(*t)[i] = k
		return
	}
	if len(*t) >= limit {
		*t = slices.Delete(*t, 0, len(*t)-limit+1)
	}
	*t = append(*t, k)
}

func (t *topics) forgetName(name string) {
	*t = slices.DeleteFunc(*t, func(k Topic) bool {
		return k.Type == mqttsn.TopicNormal && k.Name == name
	})
}

func (t *topics) forgetID(id mqttsn.TopicID) {
	if i := t.index(mqttsn.TopicNormal, id); i >= 0 {
		*t = slices.Delete(*t, i, i+1)
	}
}
