package listener

import (
	"time"

	"snbroker/broker"
	"snbroker/internal/mqtt"
)

// appendDelivery encodes a delivery for the client.
func (c *conn) appendDelivery(s *sender, d *broker.Delivery) {
	v := c.version
	if d.Release {
		s.buf = mqtt.AppendAck(s.buf, v, mqtt.TypePubrel, d.PacketID, mqtt.ReasonSuccess)
		return
	}
	topic, inside := unmounted(c.cfg.MountPoint, d.Message.Topic)
	if !inside {
		c.discard(s, d, broker.DropRefused)
		return
	}
	h := &s.header
	*h = mqtt.PublishHeader{Dup: d.Dup, QoS: d.QoS, Retain: d.Retain, Topic: topic, PacketID: d.PacketID}
	fresh := false
	if v == mqtt.V5 {
		h.Properties.Forward = d.Message.Forward
		if d.SubscriptionIDs != nil {
			h.Properties.SubscriptionIDs = *d.SubscriptionIDs
		}
		if !d.Message.Expires.IsZero() {
			// What is left of it: at least a second, or it would have expired.
			left := time.Until(d.Message.Expires)
			h.Properties.HasMessageExpiry = true
			h.Properties.MessageExpiry = uint32(max(1, (left+time.Second-1)/time.Second))
		}
		fresh = c.sentAliases.apply(h)
		if c.sendLimit > 0 && mqtt.PublishSize(v, h, len(d.Message.Payload)) > c.sendLimit {
			c.discard(s, d, broker.DropTooLarge) // [MQTT-3.1.2-24]
			return
		}
	}
	if payload := d.Message.Payload; len(payload) >= worthSharing {
		s.buf = mqtt.AppendPublishHeader(s.buf, v, h, len(payload))
		s.insert(payload)
	} else {
		s.buf = mqtt.AppendPublish(s.buf, v, h, payload)
	}
	if fresh {
		c.sentAliases.keep(topic, h.Properties.TopicAlias)
	}
}

// discard gives up a delivery that the client cannot be sent.
func (c *conn) discard(s *sender, d *broker.Delivery, why broker.DropReason) {
	c.session.Discard(d, why, &s.turn)
	if d.PacketID != 0 {
		// It made room in the window, and no acknowledgement will come to say
		// so.
		c.out.mu.Lock()
		c.out.ready = true
		c.out.mu.Unlock()
	}
}
