package dtls

import (
	"time"

	"snbroker/transport"
)

// routeHello gives a ClientHello to the handshake that it is of, or begins one. A
// forged one begins one at most: the session at its address is left alone.
func (l *Link) routeHello(b []byte, what contents, from endpoint, now time.Time) {
	h := parseHello(b)
	at := l.arriving[from.addr]
	for _, s := range [...]*session{at.unproved, at.proved, l.settled[from.addr]} {
		if s != nil && s.hello.random == h.random {
			l.give(s, b, what, from)
			return
		}
	}
	if l.closed || h.cookie { // of a handshake that is over
		l.counts.stray.Add(1)
		return
	}
	if l.unproved.Len() > l.cfg.MaxHandshakes/2 && !l.doubts.again(from.addr, h.random, now) {
		l.counts.doubted.Add(1)
		return
	}
	if at.unproved == nil && l.networks[network(from.addr)] >= max(1, l.cfg.MaxHandshakes/networkShare) || !l.rates.allow(from.addr, now) {
		l.counts.refusedRate.Add(1)
		if l.full.rate.ok(now) {
			l.cfg.Log.Warn("handshakes not answered: one network begins more than connection_rate allows, or has too many that do not end", "listener", l.Name(), "peer", from)
		}
		return
	}
	switch {
	case at.unproved != nil:
		l.displace(at.unproved)
	case l.handshaking >= l.cfg.MaxHandshakes:
		if l.full.handshakes.ok(now) {
			l.cfg.Log.Warn("too many unfinished handshakes: max_handshakes is reached", "listener", l.Name(), "limit", l.cfg.MaxHandshakes)
		}
		oldest := l.unproved.Front()
		if oldest == nil {
			oldest = l.proved.Front() // honest ones take seconds
		}
		l.displace(oldest.Value.(*session))
	}
	l.give(l.begin(h, from), b, what, from)
}

// networkShare keeps one network from having all of the handshakes: a part of so
// many is its most.
const networkShare = 4

func (l *Link) displace(s *session) {
	l.counts.displaced.Add(1)
	l.leave(s)
	s.pipe.Close()
}

// begin makes a session and starts its handshake.
func (l *Link) begin(h hello, from endpoint) *session {
	s := newSession(l, h, from)
	at := l.arriving[from.addr]
	at.unproved = s
	l.arriving[from.addr] = at
	l.handshaking++
	l.networks[network(from.addr)]++
	s.place = l.unproved.PushBack(s)
	l.sessions.Go(s.meet)
	return s
}

// proven notes that a handshake's peer has returned the cookie, and the Connection
// ID that it will use, if any.
func (l *Link) proven(s *session, id []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if s.state != unproved {
		return
	}
	s.state = proved
	if s.usesCID = len(id) == cidLength; s.usesCID {
		s.id = cid(id)
	} else {
		s.id = newCID()
	}
	s.peer = transport.Addr{Node: string(s.id[:])}
	l.byCID[s.id] = s
	l.unproved.Remove(s.place)
	s.place = l.proved.PushBack(s)
	at := l.arriving[s.at.addr]
	at.unproved = nil
	if at.proved != nil {
		old := at.proved // of the same peer: it began again
		l.leave(old)
		old.pipe.Close()
	}
	at.proved = s
	l.arriving[s.at.addr] = at
}

// settle makes an established session of a finished handshake. false: it was
// ended in the meantime.
func (l *Link) settle(s *session) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if s.state == over || l.closed {
		return false
	}
	l.detach(s)
	now := time.Now()
	if len(l.order) >= l.cfg.MaxSessions {
		l.evict(now)
	}
	if old := l.settled[s.at.addr]; old != nil && (!old.usesCID || old.who == s.who && s.who != "") {
		// Its peer was restarted, or another has its address; without a
		// Connection ID nothing would lead to it.
		l.counts.replaced.Add(1)
		l.leave(old)
		old.pipe.mute() // the peer would not know what to do with it
		old.finish()
	}
	l.settled[s.at.addr] = s
	s.state = established
	s.heard.Store(now.UnixNano())
	l.order.add(s)
	return true
}

// moved notes a session's new address: that of the newest genuine record.
func (l *Link) moved(s *session, to endpoint) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if s.state != established {
		return
	}
	l.counts.moved.Add(1)
	if l.settled[s.at.addr] == s {
		delete(l.settled, s.at.addr)
	}
	s.at = to
	if there := l.settled[to.addr]; there == nil || there.usesCID {
		l.settled[to.addr] = s // one without a Connection ID keeps its address
	}
}

// gone is the last word on a session.
func (l *Link) gone(s *session) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.leave(s)
}

// leave has nothing lead to a session any more.
func (l *Link) leave(s *session) {
	l.detach(s)
	if l.byCID[s.id] == s {
		delete(l.byCID, s.id)
	}
	if l.settled[s.at.addr] == s {
		delete(l.settled, s.at.addr)
	}
	s.state = over
}

// detach takes a session out of where its state has put it.
func (l *Link) detach(s *session) {
	at := l.arriving[s.at.addr]
	switch s.state {
	case unproved:
		l.unproved.Remove(s.place)
		at.unproved = nil
	case proved:
		l.proved.Remove(s.place)
		at.proved = nil
	case established:
		l.order.remove(s)
		return
	default:
		return
	}
	s.place = nil
	l.handshaking--
	if of := network(s.at.addr); l.networks[of] > 1 {
		l.networks[of]--
	} else {
		delete(l.networks, of)
	}
	if s.state = over; at == (arrivals{}) {
		delete(l.arriving, s.at.addr)
	} else {
		l.arriving[s.at.addr] = at
	}
}
