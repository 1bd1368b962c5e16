// Package gateway holds the MQTT-SN 1.2 side of the program: the sessions of
// devices with their states, sleep, retries and wills, between a
// [transport.Link] and a [Backend].
//
// A datagram's way has six steps. Receive: a link hands over a batch. Route:
// the gateway peels a forwarder's encapsulation and finds the session. Decode:
// octets become a message. Step: the session's state says what the message
// does. Publish: the Backend takes it in. Deliver: what the Backend has for a
// device is registered, sent, or kept.
//
// # Ownership
//
// Everything in a Gateway belongs to whoever holds the turn: a link's reader
// with a batch, or the pump, which handles deadlines and what the Backend
// reports from elsewhere. A turn takes in a batch, runs every session it
// touches, hands the answers to the links, and ends. There is no goroutine,
// timer or channel per device; a device is a struct, two map entries and a slot
// in one heap of deadlines.
package gateway
