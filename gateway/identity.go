package gateway

import (
	"strings"
	"time"

	"snbroker/transport"
)

// identify returns who has been proved to be at an address; nil: nobody.
func (l *link) identify(a transport.Addr) any {
	if l.options.Identify == nil {
		return nil
	}
	return l.options.Identify(a)
}

// mayConnect tells whether the listener takes a ClientID.
func (l *link) mayConnect(id string) bool {
	for _, pattern := range l.options.ClientIDs {
		if matches(pattern, id) {
			return true
		}
	}
	return len(l.options.ClientIDs) == 0
}

// matches tells whether s is what pattern says, in which "*" stands for any
// octets, also none. Only the last star is tried again: an earlier one could not
// help.
func matches(pattern, s string) bool {
	p, i := 0, 0
	star, from := -1, 0 // the last star, and where in s it has come to
	for i < len(s) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, from = p, i
			p++
		case p < len(pattern) && pattern[p] == s[i]:
			p++
			i++
		case star >= 0:
			from++
			p, i = star+1, from
		default:
			return false
		}
	}
	for p < len(pattern) && pattern[p] == '*' {
		p++
	}
	return p == len(pattern)
}

// same tells whether two identities are one.
func (g *Gateway) same(a, b any) bool {
	if a == nil || b == nil || g.cfg.SameIdentity == nil {
		return a == b
	}
	return g.cfg.SameIdentity(a, b)
}

// mayWake tells whether the session s may be woken from p, another address than
// its own: by the same identity, and by nobody in particular only where a
// ClientID is all that counts.
func (g *Gateway) mayWake(p peer, s *session) bool {
	if s.conn == nil {
		return false
	}
	who := p.link.identify(p.addr)
	return g.same(who, s.conn.Identity()) && (who != nil || p.link.options.Anonymous) && p.link.mayConnect(s.id)
}

// Sweep disconnects the devices whose identity is not welcome any more, and
// tells how many. Those without one are not asked about.
func (g *Gateway) Sweep(welcome func(identity any) bool) (gone int) {
	g.beginTurn()
	defer g.endTurn()
	for _, s := range g.byID {
		if s.conn == nil {
			continue
		}
		if who := s.conn.Identity(); who != nil && !welcome(who) {
			gone++
			s.send(&g.tx.disconnect)
			s.setState(Disconnected)
		}
	}
	return gone
}

// complain logs a refusal or a limit, each text seldom: a flood of one must not fill
// the log, nor hide the others. The texts are the program's own, and few.
func (g *Gateway) complain(text string, p peer, id string, more ...any) {
	if last, ok := g.complained[text]; ok && g.now-last <= instant(time.Second) {
		return
	}
	g.complained[text] = g.now
	name := "" // of a device whose address another has taken
	if p.link != nil {
		name = p.link.Name()
	}
	g.cfg.Log.Info(text, append([]any{"listener", name, "peer", p, "client", strings.Clone(id)}, more...)...)
}
