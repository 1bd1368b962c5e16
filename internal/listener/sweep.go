package listener

import (
	"maps"
	"slices"

	"snbroker/internal/auth"
	"snbroker/internal/mqtt"
)

// Sweep disconnects the clients whose identity keep does not want, and tells
// how many. Those that come in meanwhile are judged by Config.Auth, so it comes
// after its Reload.
func (l *Listener) Sweep(keep func(*auth.Identity) bool) int {
	l.mu.Lock()
	all := slices.Collect(maps.Keys(l.conns))
	l.mu.Unlock()
	gone := 0
	for _, c := range all {
		if who := c.who.Load(); who != nil && !keep(who) { // keep may ask the listener
			c.Closed(mqtt.ReasonNotAuthorized)
			gone++
		}
	}
	return gone
}
