package listener

import (
	"time"

	"snbroker/broker"
	"snbroker/internal/mqtt"
)

// Client is what a listener knows of a connected client.
type Client struct {
	Peer      string
	Listener  string
	Version   mqtt.Version
	KeepAlive time.Duration // 0: none
}

// Describe tells of a client that one of the listeners has attached to its
// session; false for what is none of theirs.
func Describe(attached broker.Client) (Client, bool) {
	c, ok := attached.(*conn)
	if !ok {
		return Client{}, false
	}
	// What CONNECT said was written before the client was attached.
	return Client{Peer: c.net.RemoteAddr().String(), Listener: c.listener.Addr().String(), Version: c.version, KeepAlive: c.silence * 2 / 3}, true
}
