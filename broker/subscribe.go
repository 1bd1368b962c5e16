package broker

import "snbroker/internal/mqtt"

// Subscribe adds or replaces a subscription. Retained messages follow by Pull.
// The filter must be valid (mqtt.ValidTopicFilter); it is kept as it is.
func (c *Conn) Subscribe(filter string, o SubscribeOptions) mqtt.ReasonCode {
	s := c.session
	c.broker.retained.arriving.Lock()
	defer c.broker.retained.arriving.Unlock()
	if !c.lock() {
		return mqtt.ReasonUnspecifiedError
	}
	defer s.mu.Unlock()
	if !c.broker.limits.Load().admits(filter) {
		return mqtt.ReasonTopicFilterInvalid
	}
	if !c.maySubscribe(filter) {
		return mqtt.ReasonNotAuthorized
	}
	i, known := s.findSubscription(filter)
	same := known && s.subs[i].options == o
	if s.durable && !same && c.broker.store.Err() != nil {
		return mqtt.ReasonImplementationSpecificError // it could not be kept
	}
	if known {
		filter = s.subs[i].filter
		s.subs[i].options = o
	} else {
		if len(s.subs) >= c.broker.limits.Load().MaxSubscriptions {
			return mqtt.ReasonQuotaExceeded
		}
		s.subs = append(s.subs, subscription{})
		copy(s.subs[i+1:], s.subs[i:])
		s.subs[i] = subscription{filter, o}
	}
	var ids *[]uint32
	if o.Identifier != 0 {
		ids = &[]uint32{o.Identifier}
	}
	c.broker.index.subscribe(filter, target{session: s, ids: ids, qos: o.QoS, noLocal: o.NoLocal, retainAsPublished: o.RetainAsPublished})
	_, _, shared := splitShared(filter)
	replays := !shared && (o.RetainHandling == 0 || o.RetainHandling == 1 && !known)
	if replays {
		r := &replay{filter: filter, qos: o.QoS, ids: ids, progress: progress{upTo: c.broker.retained.order.Load()}}
		if o.NoLocal {
			r.noLocal = s
		}
		addReplay(&s.replay, r)
		s.armed = false // there is something to pull
	}
	if s.durable {
		_, end, _ := c.broker.append(false, func(b []byte) []byte {
			sub := subscription{filter, o}
			var unfinished *progress
			if r := s.replayOf(filter); r != nil { // or an earlier one's, which goes on
				unfinished = &r.progress
			}
			return sub.appendTo(appendUint(append(b, byte(recordSub)), uint64(s.no)), unfinished)
		})
		if !same {
			c.broker.changed(end)
		}
	}
	return mqtt.ReasonCode(o.QoS)
}

// Unsubscribe ends a subscription; ReasonNoSubscriptionExisted if there was
// none. Messages already queued are still delivered, retained ones not yet
// queued are not.
func (c *Conn) Unsubscribe(filter string) mqtt.ReasonCode {
	s := c.session
	if !c.lock() {
		return mqtt.ReasonUnspecifiedError
	}
	defer s.mu.Unlock()
	i, known := s.findSubscription(filter)
	if !known {
		return mqtt.ReasonNoSubscriptionExisted
	}
	c.broker.index.unsubscribe(filter, s)
	dropReplay(&s.replay, filter) // nothing new after UNSUBACK [MQTT-3.10.4-2]
	last := len(s.subs) - 1
	copy(s.subs[i:], s.subs[i+1:])
	s.subs[last] = subscription{}
	s.subs = s.subs[:last]
	if s.durable {
		_, end, _ := c.broker.append(false, func(b []byte) []byte {
			return appendText(appendUint(append(b, byte(recordUnsub)), uint64(s.no)), filter)
		})
		c.broker.changed(end)
	}
	return mqtt.ReasonSuccess
}
