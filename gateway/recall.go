package gateway

import "time"

// A device that was awake when the gateway lost its power does not know that it
// did, and would get nothing until it speaks by itself. So it is told to connect
// anew, at the address that it had: whoever has that address now, DISCONNECT
// harms nobody. Not all at once, or a radio would be full of their answers.
const (
	recallsATurn = 16
	recallPause  = 50 * time.Millisecond
)

// recalls are the devices that are still to be told.
type recalls struct {
	awaited map[string]*link // by name: links of before, until they are served
	waiting []*session
	due     instant
}

// await returns the link of that name, which is served later, or never.
func (r *recalls) await(name string) *link {
	l := r.awaited[name]
	if l == nil {
		l = &link{known: name}
		if r.awaited == nil {
			r.awaited = make(map[string]*link)
		}
		r.awaited[name] = l
	}
	return l
}

// arrived returns the link that was awaited by that name, nil if none was. Who
// was on it is told.
func (r *recalls) arrived(name string) *link {
	l := r.awaited[name]
	if l != nil {
		delete(r.awaited, name)
		r.waiting = append(r.waiting, l.recalls...)
		l.recalls = nil
	}
	return l
}

// recall tells some devices, if it is time.
func (g *Gateway) recall() {
	r := &g.recalls
	if len(r.waiting) == 0 || r.due > g.now || g.closed {
		return
	}
	for _, s := range r.waiting[:min(len(r.waiting), recallsATurn)] {
		if s.state != Active || s.bound() || s.dialog != nil {
			continue // it has come by itself
		}
		if at := *s.memory.at; at.link != nil && g.byPeer[at] == nil {
			g.stats.Recalled++
			g.send(at, 0, &g.tx.disconnect)
		}
	}
	r.waiting = append(r.waiting[:0], r.waiting[min(len(r.waiting), recallsATurn):]...)
	r.due = g.now.after(recallPause)
}

// nextRecall returns when the next devices are told, or never.
func (g *Gateway) nextRecall() instant {
	if len(g.recalls.waiting) == 0 {
		return never
	}
	return g.recalls.due
}

// appendPlace adds where an active device is.
func appendPlace(b []byte, p *peer) []byte {
	if p == nil || p.link == nil || p.link.known == "" {
		return b
	}
	b = appendOctets(append(b, byte(keptPlace)), p.link.known)
	ip, _ := p.addr.IP.MarshalBinary() // never fails
	return appendOctets(appendOctets(appendOctets(b, ip), p.addr.Node), p.node)
}

// place reads what appendPlace wrote. The link is not the one that is served.
func (r *keptReader) place() *peer {
	p := &peer{link: &link{known: string(r.octets())}}
	if p.addr.IP.UnmarshalBinary(r.octets()) != nil {
		r.bad = true
	}
	p.addr.Node = string(r.octets())
	p.node = string(r.octets())
	return p
}
