package gateway

import "snbroker/mqttsn"

// disconnect handles DISCONNECT: without a Duration the device leaves, with one
// it goes to sleep, or sleeps for another time (SN §6.12, §6.14). The reply
// never carries a Duration.
func (s *session) disconnect(m *mqttsn.Disconnect) {
	switch {
	case s.leaving != 0:
		return // it is answered with the first
	case s.state == Connecting && m.Duration > 0:
		s.g.stats.Ignored++ // who is not connected cannot sleep
		return
	case s.conn == nil:
		s.send(&s.g.tx.disconnect)
		s.abandon()
		return
	}
	connecting := s.dialog != nil
	s.dialog = nil
	if m.Duration == 0 {
		s.conn.SetWill(nil)
		s.leaving = s.g.number()
		if token := (Token{Request: mqttsn.TypeDisconnect, MsgID: s.leaving}); !s.willed && !connecting || s.conn.Sync(token) {
			s.left(token)
		}
		return
	}
	s.sleep = m.Duration
	s.keepSleep()
	s.setState(Asleep)
	if s.conn.Sync(Token{Request: mqttsn.TypeDisconnect}) {
		s.send(&s.g.tx.disconnect)
	}
}

// left answers a DISCONNECT, when a restart would not bring back what it ended.
// Whoever has sent another since, or connected again, would take the answer for
// that to what it said last.
func (s *session) left(token Token) {
	if token.MsgID != s.leaving {
		return
	}
	s.send(&s.g.tx.disconnect)
	if s.leaving != 0 {
		s.leaving = 0
		s.setState(Disconnected)
	}
}

// woken finds the session that a PINGREQ with a ClientID is about. A sleeper
// may come back at another address than the one it went to sleep at: a NAT
// gave it a new port, or its forwarder changed.
func (g *Gateway) woken(p peer, local uint16, here *session, m *mqttsn.PingReq) *session {
	if here != nil && here.id == alias(m.ClientID) {
		return here
	}
	s := g.byID[alias(m.ClientID)]
	switch {
	case s == nil:
		return nil // a stranger, whoever had the address before
	case s.bound() && s.state != Asleep && s.state != Awake, !g.cfg.AddressChange:
		return nil
	case !g.mayWake(p, s):
		return nil // it takes more than a ClientID
	}
	g.cfg.Log.Debug("device woke at another address", "client", s.id, "from", s.peer, "to", p)
	s.bind(p, local)
	if s.state == Active {
		s.goOn() // it had lost its address to another device
	}
	return s
}

// pingReq answers a PINGREQ. That of a sleeper asks for what was kept for it;
// the PINGRESP follows when all of it has arrived. One that comes while the
// device is awake is a repetition, and is answered by the same PINGRESP.
func (s *session) pingReq() {
	switch s.state {
	case Active:
		s.send(&s.g.tx.pingResp)
		if s.asked = false; s.suspected() {
			s.list()
		}
	case Asleep:
		s.setState(Awake)
		s.ping = true
		if s.out != nil && s.sends() {
			s.out.again()
		}
	case Awake:
		s.list()
	}
}

// flushEnded sends an awake device back to sleep when nothing is left for it,
// or it has had enough.
func (s *session) flushEnded() {
	if s.state != Awake {
		return
	}
	if s.ping {
		s.send(&s.g.tx.pingResp)
	}
	s.heard = s.g.now // the sleep timer starts from its full Duration
	s.setState(Asleep)
}
