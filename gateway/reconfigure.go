package gateway

import (
	"snbroker/mapping"
	"snbroker/mqttsn"
)

// Reconfigure replaces the settings while devices are served. Authenticate,
// SameIdentity and Log stay those of New. Waits that have begun end as they began;
// a device with more topic ids than it may have now keeps them. A predefined id
// that means something else now, or nothing, is not used any more for what it
// meant.
func (g *Gateway) Reconfigure(cfg Config) {
	g.beginTurn()
	defer g.endTurn()
	cfg.Authenticate, cfg.SameIdentity, cfg.Log, cfg.Tap = g.cfg.Authenticate, g.cfg.SameIdentity, g.cfg.Log, g.cfg.Tap
	if cfg.Predefined == nil {
		cfg.Predefined = new(mapping.Predefined)
	}
	g.cfg = cfg
	for _, s := range g.byID {
		s.forgetPredefined()
	}
}

// forgetPredefined drops the predefined ids that do not mean what they did.
func (s *session) forgetPredefined() {
	var gone []mapping.Topic
	for t := range s.memory.topics.All() {
		if t.Type != mqttsn.TopicPredefined {
			continue
		}
		if name, ok := s.g.cfg.Predefined.Name(s.id, t.ID); !ok || name != t.Name {
			gone = append(gone, t)
		}
	}
	for _, t := range gone {
		s.reject(t.Type, t.ID)
	}
}
