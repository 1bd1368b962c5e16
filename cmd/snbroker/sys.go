package main

import (
	"time"

	"snbroker/internal/sys"
	"snbroker/transport"
)

// report publishes below $SYS until quit.
func (s *server) report(every time.Duration) {
	if every == 0 {
		return
	}
	sys.New(s.broker, version(), s.counts).Run(every, s.quit, s.history.Add)
}

// counts adds up what listeners and links have counted.
func (s *server) counts() (all sys.Counts) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.clients {
		n := c.Stats()
		all.Connections += n.Accepted
		all.PacketsIn += n.PacketsIn
		all.PacketsOut += n.PacketsOut
		all.BytesIn += n.BytesIn
		all.BytesOut += n.BytesOut
	}
	for _, d := range s.devices {
		addLink(&all, d.Stats())
	}
	for _, l := range s.lines {
		addLink(&all, l.Stats())
	}
	return all
}

func addLink(all *sys.Counts, n transport.Stats) {
	all.PacketsIn += n.DatagramsIn
	all.PacketsOut += n.DatagramsOut
	all.BytesIn += n.BytesIn
	all.BytesOut += n.BytesOut
}
