package client

import (
	"strconv"
	"strings"

	"snbroker/mqttsn"
)

// Topic says what a message is about, in one of the three ways there are. Use
// Named, Predefined or Short to make one.
type Topic struct {
	Name string             // empty for a predefined id whose name is not known
	ID   mqttsn.TopicID     // not for a name: the ids of names are the Client's affair
	Type mqttsn.TopicIDType // TopicNormal, TopicPredefined or TopicShort
}

// Named is a topic name or, to subscribe, a filter. It costs a REGISTER before
// its first PUBLISH.
func Named(name string) Topic { return Topic{Name: name} }

// Predefined is a topic id that the gateway was configured with too.
func Predefined(id mqttsn.TopicID) Topic {
	return Topic{ID: id, Type: mqttsn.TopicPredefined}
}

// Short is a topic name of two octets, sent as it is. Another length makes a
// Topic that is refused with ErrTopic where it is used.
func Short(name string) Topic {
	id, ok := mqttsn.ShortTopic(name)
	if !ok {
		return Topic{Name: name, Type: mqttsn.TopicReserved}
	}
	return Topic{Name: name, ID: id, Type: mqttsn.TopicShort}
}

// String is the name or, without one, the id.
func (t Topic) String() string {
	if t.Name == "" && t.Type == mqttsn.TopicPredefined {
		return "predefined:" + strconv.Itoa(int(t.ID))
	}
	return t.Name
}

func (t Topic) valid() bool {
	switch t.Type {
	case mqttsn.TopicNormal:
		return t.Name != ""
	case mqttsn.TopicPredefined:
		return usable(t.ID)
	case mqttsn.TopicShort:
		return true
	}
	return false
}

// usable leaves out the reserved ids. SN §5.3.11
func usable(id mqttsn.TopicID) bool { return id != 0 && id != 0xFFFF }

func hasWildcard(name string) bool {
	return strings.IndexByte(name, '+') >= 0 || strings.IndexByte(name, '#') >= 0
}

// matches says whether filter, which may have wildcards, covers name.
func matches(filter, name string) bool {
	// A wildcard in front does not cover the broker's own topics. [MQTT-4.7.2-1]
	if strings.HasPrefix(name, "$") && !strings.HasPrefix(filter, "$") {
		return false
	}
	for {
		f, filterRest, moreFilter := strings.Cut(filter, "/")
		if f == "#" {
			return true
		}
		n, nameRest, moreName := strings.Cut(name, "/")
		if f != "+" && f != n {
			return false
		}
		if !moreName {
			// "a/#" covers "a" as well. [MQTT-4.7.1-2]
			return !moreFilter || filterRest == "#"
		}
		if !moreFilter {
			return false
		}
		filter, name = filterRest, nameRest
	}
}
