package gateway

import (
	"errors"
	"slices"
	"time"

	"snbroker/mqttsn"
	"snbroker/transport"
)

// gwInfo answers SEARCHGW, from the socket that devices connect to: they take
// the gateway's address from the answer's (SN §6.1). There is no reason for a
// gateway to wait, and none to tell the whole network.
func (g *Gateway) gwInfo(p peer, local uint16) {
	g.tx.gwInfo = mqttsn.GwInfo{GwID: g.cfg.GatewayID}
	g.send(p, local, &g.tx.gwInfo)
}

// Discovery is a socket that hears a multicast group or broadcasts, for a
// service link that answers and advertises there.
type Discovery struct {
	// Group hears SEARCHGW; whatever else arrives there is dropped.
	Group transport.Link
	// To says where ADVERTISE goes, which may change as interfaces come up.
	To func() []transport.Addr
	// Every is the time between two ADVERTISE (SN §7.2: more than 15
	// minutes); 0: none.
	Every time.Duration
}

// ErrNotServed is returned for a service link that Serve does not serve yet.
var ErrNotServed = errors.New("gateway: the service link of a discovery group is not served")

// ServeDiscovery answers what Group hears through service until Group is
// closed. service must be served already.
func (g *Gateway) ServeDiscovery(service transport.Link, d Discovery) error {
	g.beginTurn()
	at := g.served[service]
	own := &advert{link: at, to: d.To, every: d.Every, due: g.now}
	if at != nil && d.Every > 0 {
		g.adverts = append(g.adverts, own)
	}
	g.endTurn()
	if at == nil {
		return ErrNotServed
	}
	g.wakePump()
	err := d.Group.Serve(searchers{g, at})
	g.beginTurn()
	g.adverts = slices.DeleteFunc(g.adverts, func(a *advert) bool { return a == own })
	g.endTurn()
	return err
}

// searchers is the way in for those who look for a gateway.
type searchers struct {
	g       *Gateway
	service *link
}

// Receive answers SEARCHGW and nothing else.
func (r searchers) Receive(_ transport.Link, batch []transport.Datagram) {
	g := r.g
	g.beginTurn()
	for i := range batch {
		if r.service.ended {
			break
		}
		m, err := g.decode.Decode(batch[i].Data)
		if err != nil {
			g.malformed(err)
			continue
		}
		g.stats.In[m.Type()]++
		if p := (peer{link: r.service, addr: batch[i].From}); m.Type() == mqttsn.TypeSearchGw && !g.closed && g.guard.allow(p, g.now) {
			g.gwInfo(p, 0)
		} else {
			g.stats.Ignored++
		}
	}
	g.endTurn()
}

// advert is an ADVERTISE that goes out at intervals.
type advert struct {
	link  *link
	own   bool // of the link's options, not of a Discovery
	to    func() []transport.Addr
	every time.Duration
	due   instant
}

// advertiseOn has a link advertise as its options say, and no longer as they said.
func (g *Gateway) advertiseOn(l *link) {
	g.adverts = slices.DeleteFunc(g.adverts, func(a *advert) bool { return a.own && a.link == l })
	if o := &l.options; o.Everybody != nil && o.AdvertiseEvery > 0 {
		g.adverts = append(g.adverts, &advert{link: l, own: true, to: o.Everybody, every: o.AdvertiseEvery, due: g.now})
		g.wakePump()
	}
}

// unserve ends what Serve began.
func (g *Gateway) unserve(l *link) {
	g.beginTurn()
	defer g.endTurn()
	delete(g.served, l.Link)
	l.options.Everybody = nil
	g.advertiseOn(l)
}

// advertiseAgain is how soon an ADVERTISE is tried again that had nowhere to go: no
// interface is up, or a serial line is away, or has something better to carry.
const advertiseAgain = 10 * time.Second

// advertise sends the ADVERTISE messages that are due.
func (g *Gateway) advertise() {
	for _, a := range g.adverts {
		if a.due <= g.now && !g.closed {
			a.due = g.now.after(a.every)
			g.tx.advertise = mqttsn.Advertise{GwID: g.cfg.GatewayID, Duration: uint16(min(a.every/time.Second, 0xFFFF))}
			to := a.to()
			if len(to) == 0 {
				a.due = g.now.after(min(a.every, advertiseAgain))
			}
			for _, to := range to {
				g.send(peer{link: a.link, addr: to}, 0, &g.tx.advertise)
			}
		}
	}
}

// nextAdvert returns when the next ADVERTISE is due, or never.
func (g *Gateway) nextAdvert() instant {
	next := never
	for _, a := range g.adverts {
		next = min(next, a.due)
	}
	return next
}
