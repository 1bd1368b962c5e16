package gateway

import (
	"snbroker/broker"
	"snbroker/internal/mqtt"
	"snbroker/mqttsn"
)

// Restore goes on, after a restart, with the sessions that devices had: a sleeper
// wakes by PINGREQ as if nothing had happened. Their addresses are not known any
// more, so that one which does not say its ClientID is told to connect anew. It
// is called before Serve and returns how many there are.
func (g *Gateway) Restore(survivors []broker.Survivor) int {
	g.beginTurn()
	defer g.endTurn()
	n := 0
	for _, old := range survivors {
		if g.restore(old) {
			n++
		}
	}
	return n
}

func (g *Gateway) restore(old broker.Survivor) bool {
	m := new(memory)
	if err := m.take(old.Kept); err != nil || len(old.Kept) == 0 {
		g.cfg.Log.Warn("a device's session cannot be restored: it has to connect anew", "client", old.ClientID, "error", err)
		return false
	}
	s := &session{g: g, id: old.ClientID, memory: m, clean: m.clean, keepAlive: m.keepAlive, sleep: m.sleep, willed: old.HasWill, heard: g.now, slot: unscheduled}
	will := m.will
	if !old.HasWill {
		will = nil // it was leaving
	}
	if will != nil && g.backend.MayLeave(old.Identity, s.id, will.Topic) != mqtt.ReasonSuccess {
		will = nil // a right that was taken away costs the will, not the session
	}
	expiry := g.cfg.SessionExpiry
	if m.clean {
		expiry = 0
	}
	conn, reason, _ := g.backend.Connect(ConnectRequest{
		ClientID: s.id,
		Identity: old.Identity,
		Expiry:   expiry,
		Will:     will,
		Keep:     func(broker.Kept) broker.Kept { return m },
	}, s, Token{Request: mqttsn.TypeConnect})
	if conn == nil {
		g.cfg.Log.Warn("a device's session cannot be restored: it has to connect anew", "client", s.id, "reason", reason)
		return false
	}
	s.conn = conn
	s.forgetPredefined()
	g.byID[s.id] = s
	s.setState(Active)
	if m.asleep {
		s.setState(Asleep)
	}
	return true
}
