package gateway

import (
	"slices"

	"snbroker/transport"
)

// adopt makes o the link's rules.
func (l *link) adopt(o LinkOptions) {
	l.options, l.maxMessage = o, l.MTU()
	if o.MaxMessage > 0 {
		l.maxMessage = min(l.maxMessage, o.MaxMessage)
	}
}

// Relink replaces the rules of a link that is served. They hold at once: devices
// that they would not let in are disconnected, and Relink tells how many those are.
// Who is about to connect begins anew. It is nothing for links that are not served.
func (g *Gateway) Relink(l transport.Link, o LinkOptions) (gone int) {
	g.beginTurn()
	defer g.endTurn()
	at := g.served[l]
	if at == nil {
		return 0
	}
	at.adopt(o)
	g.advertiseOn(at)
	for _, s := range g.sessionsOn(at) {
		if s.dialog != nil {
			s.abandon()
		}
		if s.conn != nil && !s.mayStay() {
			gone++
			s.send(&g.tx.disconnect)
			s.setState(Disconnected)
		}
	}
	return gone
}

// mayStay tells whether the rules of its link would let a device in that is there.
func (s *session) mayStay() bool {
	l := s.peer.link
	return (l.options.Anonymous || s.conn.Identity() != nil) && l.mayConnect(s.id)
}

// Unlink ends the gateway's part of a link that its owner is about to close.
// Devices that are awake are told to connect anew; a sleeper is kept, as after a
// restart, for a wake at another link.
func (g *Gateway) Unlink(l transport.Link) {
	g.beginTurn()
	defer g.endTurn()
	at := g.served[l]
	if at == nil {
		return
	}
	at.ended = true
	delete(g.served, l)
	g.adverts = slices.DeleteFunc(g.adverts, func(a *advert) bool { return a.link == at })
	for _, s := range g.sessionsOn(at) {
		if s.dialog != nil {
			s.abandon()
		}
		switch s.state {
		case Active:
			s.send(&g.tx.disconnect)
			s.setState(Disconnected)
		case Asleep, Awake:
			s.unbind()
			if s.state == Awake {
				s.setState(Asleep) // nothing could end its flush
			}
		}
	}
}

func (g *Gateway) sessionsOn(l *link) (all []*session) {
	for p, s := range g.byPeer {
		if p.link == l {
			all = append(all, s)
		}
	}
	return all
}
