package conformance

import (
	"snbroker/internal/mqtt"
	"snbroker/internal/mqtt/mqtttest"
)

// Words that the stories have from mqtttest.

type option = mqtttest.Option

var (
	must    = mqtttest.Must
	filter  = mqtttest.Filter
	pub     = mqtttest.Pub
	kept    = mqtttest.Kept
	again   = mqtttest.Again
	lasting = mqtttest.Lasting
	anew    = mqtttest.Anew
)

// client is a peer, and knows the world that it is in.
type client struct {
	*mqtttest.Peer
	*world
}

// dial opens a connection and says nothing.
func (w *world) dial() *client {
	w.t.Helper()
	nc, err := w.open()
	must(w.t, err)
	return &client{mqtttest.NewPeer(w.t, nc, w.v), w}
}

// connect begins a new session, unless an option says otherwise, and is let in.
func (w *world) connect(id string, options ...option) *client {
	w.t.Helper()
	c := w.dial()
	c.Connect(id, options...)
	return c
}

// leave ends the connection as a client should, drop as one should not. Both
// return when the server has done what follows.
func (c *client) leave() {
	c.t.Helper()
	n := c.listener.Stats().Connections
	c.Disconnect()
	c.settle(n - 1)
}

func (c *client) drop() {
	c.t.Helper()
	n := c.listener.Stats().Connections
	c.Close()
	c.settle(n - 1)
}

// identified subscribes with an identifier.
func (c *client) identified(id uint32, f mqtt.Filter) {
	c.t.Helper()
	c.Say(&mqtt.Subscribe{PacketID: 502, Filters: []mqtt.Filter{f}, Properties: mqtt.SubscribeProperties{SubscriptionID: id}})
	c.Expect(&mqtt.Suback{PacketID: 502, ReasonCodes: []mqtt.ReasonCode{mqtt.ReasonCode(f.QoS)}})
}
