package broker

import "snbroker/internal/mqtt"

// Authorizer judges what a client may do. who is the Identity of its
// ConnectOptions, nil for messages that belong to no connection. The methods
// are called for each message, from any goroutine: they must neither block nor
// allocate.
type Authorizer interface {
	CanPublish(who any, clientID, topic string) bool
	// CanSubscribe judges a filter, without "$share/group/".
	CanSubscribe(who any, clientID, filter string) bool
	// CanReceive judges each delivery, also of what waited: a right that was
	// taken away counts at once.
	CanReceive(who any, clientID, topic string) bool
}

// Authorize has a judge everything from now on; before the first client is the
// time to call it. Without one everything is allowed.
func (b *Broker) Authorize(a Authorizer) { b.authorizer = a }

// Identity returns who the client is, as it was given to Connect.
func (c *Conn) Identity() any { return c.who }

func (c *Conn) mayPublish(topic string) bool {
	a := c.broker.authorizer
	return a == nil || a.CanPublish(c.who, c.session.id, topic)
}

func (c *Conn) maySubscribe(filter string) bool {
	a := c.broker.authorizer
	if a == nil {
		return true
	}
	_, filter, _ = splitShared(filter)
	return a.CanSubscribe(c.who, c.session.id, filter)
}

func (c *Conn) mayReceive(topic string) bool {
	a := c.broker.authorizer
	return a == nil || a.CanReceive(c.who, c.session.id, topic)
}

// MayLeave tells whether a client may have a will on a topic, before it connects
// with one or changes it: ReasonSuccess, or why not. When the will is published it is
// judged again.
func (b *Broker) MayLeave(who any, clientID, topic string) mqtt.ReasonCode {
	switch {
	case !b.limits.Load().admits(topic):
		return mqtt.ReasonTopicNameInvalid
	case !b.mayLeave(&Will{Topic: topic, who: who}, clientID):
		return mqtt.ReasonNotAuthorized
	}
	return mqtt.ReasonSuccess
}

// mayLeave judges a will, when it is set and again when it is published.
func (b *Broker) mayLeave(w *Will, clientID string) bool {
	return b.authorizer == nil || b.authorizer.CanPublish(w.who, clientID, w.Topic)
}
