package mapping

import (
	"fmt"

	"snbroker/internal/mqtt"
	"snbroker/mqttsn"
)

// Predefined holds the topic ids that devices and gateway agreed on before
// (SN §6.7): some for every device, some for one ClientID, which win. It does
// not change once devices use it.
type Predefined struct {
	all     both
	clients map[string]*both
}

// both is one table, readable from either side.
type both struct {
	names map[mqttsn.TopicID]string
	ids   map[string]mqttsn.TopicID
}

// Add predefines id as name for every device, or for clientID alone unless that
// is empty. It refuses reserved ids, invalid names, and a second meaning for
// the same id or name in the same table.
func (p *Predefined) Add(clientID string, id mqttsn.TopicID, name string) error {
	if !ValidID(id) {
		return fmt.Errorf("predefined topic id %d: usable ids are 1 to 65534", id)
	}
	if !mqtt.ValidTopicName(name) {
		return fmt.Errorf("predefined topic id %d: %q is not a topic name (no wildcards, no NUL, not empty)", id, name)
	}
	t := &p.all
	if clientID != "" {
		if p.clients == nil {
			p.clients = make(map[string]*both)
		}
		if p.clients[clientID] == nil {
			p.clients[clientID] = new(both)
		}
		t = p.clients[clientID]
	}
	if have, ok := t.names[id]; ok && have != name {
		return fmt.Errorf("predefined topic id %d stands for %q and for %q", id, have, name)
	}
	if have, ok := t.ids[name]; ok && have != id {
		return fmt.Errorf("predefined topic %q has the ids %d and %d", name, have, id)
	}
	if t.names == nil {
		t.names, t.ids = make(map[mqttsn.TopicID]string), make(map[string]mqttsn.TopicID)
	}
	t.names[id], t.ids[name] = name, id
	return nil
}

// Name returns what a predefined id means to a device.
func (p *Predefined) Name(clientID string, id mqttsn.TopicID) (string, bool) {
	if own := p.clients[clientID]; own != nil {
		if name, ok := own.names[id]; ok {
			return name, true
		}
	}
	name, ok := p.all.names[id]
	return name, ok
}

// ID returns the predefined id that means name to a device.
func (p *Predefined) ID(clientID, name string) (mqttsn.TopicID, bool) {
	if own := p.clients[clientID]; own != nil {
		if id, ok := own.ids[name]; ok {
			return id, true
		}
	}
	id, ok := p.all.ids[name]
	if !ok {
		return 0, false
	}
	if meant, _ := p.Name(clientID, id); meant != name {
		return 0, false // the device's own table gives the id another meaning
	}
	return id, true
}

// ValidID reports whether id may be used; 0x0000 and 0xFFFF are reserved (SN
// §5.3.11).
func ValidID(id mqttsn.TopicID) bool { return id != 0 && id != 0xFFFF }
