package main

import (
	"fmt"
	"net/netip"
	"time"

	"snbroker/gateway"
	"snbroker/internal/config"
	"snbroker/transport"
	"snbroker/transport/udp"
)

// group is a socket that hears those who look for a gateway.
type group struct {
	text    string
	address netip.AddrPort
	rules   *config.MQTTSNListener
	service devices   // answers
	link    *udp.Link // nil: not open yet
	problem string    // why it is not heard, or not everywhere; logged already
}

// rejoinInterval is how long a new interface goes unnoticed. A border router's
// mesh comes up after the program, at boot, and again after every fault of the
// radio.
const rejoinInterval = 10 * time.Second

// groupsOf finds out which service answers which group.
func groupsOf(cfg *config.Config, services []devices) (groups []*group, err error) {
	for i := range cfg.MQTTSN.Listeners {
		rules := &cfg.MQTTSN.Listeners[i]
		for _, text := range rules.Groups {
			address := rules.GroupAddress(text)
			service, ok := serviceFor(services, rules, address)
			if !ok {
				return nil, fmt.Errorf("group %s: no address of its listener can answer it: add one of the same family (IPv4 or IPv6) to %s", text, mqttsnTable(rules))
			}
			groups = append(groups, &group{text: text, address: address, rules: rules, service: service})
		}
	}
	return groups, nil
}

// serviceFor picks the socket that answers a group: of the same listener, for
// the group's family, on the group's port if there is one. Devices take the
// gateway's address from the answer.
func serviceFor(services []devices, rules *config.MQTTSNListener, group netip.AddrPort) (best devices, ok bool) {
	for _, d := range services {
		at := d.socket.LocalAddr()
		if d.rules != rules || !reaches(at.Addr(), group.Addr()) {
			continue
		}
		if at.Port() == group.Port() {
			return d, true
		}
		if !ok {
			best, ok = d, true
		}
	}
	return best, ok
}

// reaches tells whether a socket bound to an address can send to a group. One
// on [::] can send to both families.
func reaches(from, group netip.Addr) bool {
	return from == netip.IPv6Unspecified() || from.Is4() == group.Is4()
}

// startGroups joins the groups, and has a keeper for them if there are some.
func (s *server) startGroups() {
	s.joinGroups()
	if len(s.groups) > 0 {
		s.groupsQuit = make(chan struct{})
		s.groupKeeper.Go(s.keepGroups)
	}
}

// stopGroups ends the keeper; the groups are still heard.
func (s *server) stopGroups() {
	if s.groupsQuit != nil {
		close(s.groupsQuit)
		s.groupKeeper.Wait()
		s.groupsQuit = nil
	}
}

func (s *server) closeGroups() {
	for _, g := range s.groups {
		if g.link != nil {
			g.link.Close()
		}
	}
}

// keepGroups joins groups on what comes up, until groupsQuit.
func (s *server) keepGroups() {
	tick := time.NewTicker(rejoinInterval)
	defer tick.Stop()
	for {
		select {
		case <-s.groupsQuit:
			return
		case <-tick.C:
			s.joinGroups()
		}
	}
}

// joinGroups opens the groups that are not open yet, and joins the others on
// new interfaces. What fails is tried again: devices that know the gateway's
// address do without.
func (s *server) joinGroups() {
	for _, g := range s.groups {
		var err error
		if g.link == nil {
			err = s.openGroup(g)
		} else {
			err = g.link.Rejoin()
		}
		problem := ""
		if err != nil {
			problem = err.Error()
		}
		if problem == g.problem {
			continue
		}
		if g.problem = problem; problem != "" {
			s.log.Warn("devices cannot find the gateway by this group, or not on every interface; trying again", "group", g.text, "error", problem, "listed", mqttsnTable(g.rules))
		} else {
			s.log.Info("the group can be heard", "group", g.text)
		}
	}
}

// addresses tells where ADVERTISE goes, as the group's interfaces come and go.
func addresses(l *udp.Link) func() []transport.Addr {
	return func() (out []transport.Addr) {
		for _, a := range l.GroupAddrs() {
			out = append(out, transport.Addr{IP: a})
		}
		return out
	}
}

func (s *server) openGroup(g *group) error {
	l, err := udp.ListenGroup(g.rules.Group(g.text))
	if err != nil {
		return err
	}
	g.link = l
	discovery := gateway.Discovery{Group: l, To: addresses(l), Every: time.Duration(g.rules.AdvertiseInterval)}
	s.run(func() error { return s.gateway.ServeDiscovery(g.service.announced, discovery) })
	s.log.Info("answering devices that look for a gateway", "on", l.Name(), "from", g.service.Name())
	if g.service.socket.LocalAddr().Addr().IsLoopback() {
		s.log.Warn("only devices on this machine can use the answer: the listener with this group has a loopback address", "group", g.text)
	}
	return nil
}
