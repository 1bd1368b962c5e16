// Package broker is the MQTT core: sessions, subscriptions, retained
// messages, QoS, wills and queues. It knows no socket and no wire format.
//
// A [Session] is what the broker remembers of a client. A connection (an MQTT
// client on TCP, an MQTT-SN device on UDP) attaches to it and holds a [Conn].
// Publishing appends to the queues of the matching sessions and returns;
// whoever is attached pulls deliveries with [Conn.Pull] as fast as its peer can
// take them. Offline, asleep, window full and slow are all the same thing: not
// pulling now. So one queue with one set of limits serves them all, and a
// publisher never waits for a subscriber.
//
// # Locks
//
// The order is a ClientID's gate, retained.arriving, Broker.mu, Session.mu, then the
// index's or the retained store's own. Publishing takes no gate. None is held across a callback or anything that can block:
// sessions that became ready are collected in a [Turn] and told at its end.
package broker
