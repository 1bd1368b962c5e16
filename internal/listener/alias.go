package listener

import "snbroker/internal/mqtt"

// aliases are the topic aliases that the broker makes towards an MQTT 5 client
// that allows them (§3.3.2.3.4): the topics it is sent first get one each, for
// as long as it is connected. They belong to whoever writes.
type aliases struct {
	ids map[string]uint16
	max uint16
}

// worthAlias is the length from which a topic is worth three octets and an
// entry here.
const worthAlias = 8

// most is how many aliases are made for a client, whatever it allows.
const mostAliases = 64

func newAliases(allowed uint16) *aliases {
	if allowed == 0 {
		return nil
	}
	return &aliases{max: min(allowed, mostAliases)}
}

// apply puts the topic's alias into h. fresh says that it is a new one, to be
// kept once the packet goes out.
func (a *aliases) apply(h *mqtt.PublishHeader) (fresh bool) {
	if a == nil || len(h.Topic) < worthAlias {
		return false
	}
	if id, ok := a.ids[h.Topic]; ok {
		h.Topic, h.Properties.TopicAlias = "", id
		return false
	}
	if len(a.ids) >= int(a.max) {
		return false
	}
	h.Properties.TopicAlias = uint16(len(a.ids) + 1)
	return true
}

func (a *aliases) keep(topic string, id uint16) {
	if a.ids == nil {
		a.ids = make(map[string]uint16)
	}
	a.ids[topic] = id
}
