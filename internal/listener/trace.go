package listener

import (
	"net"
	"strings"
	"time"

	"snbroker/internal/mqtt"
	"snbroker/internal/tap"
)

// show has a packet from the client seen by who watches; somebody does. It is
// called before the packet is handled.
//
//go:noinline
func (c *conn) show(frame []byte) {
	d := mqtt.Decoder{Version: c.version, From: mqtt.FromClient}
	p := c.traced(frame)
	if got, err := d.Decode(frame); err == nil {
		switch m := got.(type) {
		case *mqtt.Connect:
			p.ClientID, p.Version = string(m.ClientID), uint8(m.Version)
		case *mqtt.Publish:
			a := int(m.Properties.TopicAlias)
			if p.Topic = string(m.Topic); p.Topic == "" && a > 0 && a <= len(c.aliases) {
				p.Topic = strings.TrimPrefix(c.aliases[a-1], c.cfg.MountPoint)
			}
		case *mqtt.Subscribe:
			p.Topic = string(m.Filters[0].TopicFilter)
		case *mqtt.Unsubscribe:
			p.Topic = string(m.Filters[0])
		}
	}
	c.cfg.Tap.Pass(p)
}

// showAll does so with what is written to the client: whole packets, which may
// lie in several pieces.
//
//go:noinline
func (c *conn) showAll(pieces net.Buffers) {
	var all []byte
	for _, b := range pieces {
		all = append(all, b...)
	}
	for len(all) > 0 {
		n, err := mqtt.PeekFrame(all, mqtt.MaxRemainingLength)
		if err != nil || n == 0 || n > len(all) {
			return
		}
		p := c.traced(all[:n])
		p.Out = true
		d := mqtt.Decoder{Version: c.version, From: mqtt.FromServer}
		if got, err := d.Decode(all[:n]); err == nil {
			if m, ok := got.(*mqtt.Publish); ok {
				p.Topic = c.sentTopic(m)
			}
		}
		c.cfg.Tap.Pass(p)
		all = all[n:]
	}
}

func (c *conn) sentTopic(m *mqtt.Publish) string {
	if len(m.Topic) > 0 || c.sentAliases == nil {
		return string(m.Topic)
	}
	for topic, id := range c.sentAliases.ids {
		if id == m.Properties.TopicAlias {
			return topic
		}
	}
	return ""
}

func (c *conn) traced(frame []byte) tap.Packet {
	return tap.Packet{At: time.Now(), Protocol: tap.MQTT, Version: uint8(c.version), ClientID: c.id,
		Peer: c.net.RemoteAddr().String(), Local: c.listener.Addr().String(), Octets: frame}
}
