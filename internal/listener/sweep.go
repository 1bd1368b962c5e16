package listener

import (
	"snbroker/internal/auth"
	"snbroker/internal/mqtt"
)

// Sweep disconnects the clients whose identity keep does not want, and tells
// how many. Those that come in meanwhile are judged by Config.Auth, so it comes
// after its Reload.
func (l *Listener) Sweep(keep func(*auth.Identity) bool) int {
	l.mu.Lock()
	var out []*conn
	for c := range l.conns {
		if who := c.who.Load(); who != nil && !keep(who) {
			out = append(out, c)
		}
	}
	l.mu.Unlock()
	for _, c := range out {
		c.Closed(mqtt.ReasonNotAuthorized)
	}
	return len(out)
}
