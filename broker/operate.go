package broker

import (
	"context"

	"snbroker/internal/mqtt"
)

// What an operator does, who is no client and is not judged.

// Disconnect ends the connection of a session, which stays if it was to. It
// reports whether there was one.
func (b *Broker) Disconnect(clientID string) bool {
	s := b.find(clientID)
	if s == nil {
		return false
	}
	s.mu.Lock()
	c := s.conn
	s.mu.Unlock()
	if c == nil {
		return false
	}
	var t Turn
	defer b.End(&t)
	if !c.detach(true, &t) {
		return false
	}
	c.client.Closed(mqtt.ReasonAdministrativeAction)
	return true
}

// Operate publishes for an operator, at QoS 0 or 1, and returns when what has to
// be kept is on the disk, or with ctx's error when that took too long.
func (b *Broker) Operate(ctx context.Context, p *Publication) (mqtt.ReasonCode, error) {
	if !b.limits.Load().admits(p.Topic) {
		return mqtt.ReasonTopicNameInvalid, nil
	}
	if reason, refused := b.refusing(p); refused {
		return reason, nil
	}
	var t Turn
	reason := b.route(p, nil, &t)
	until := t.Until()
	b.End(&t)
	w := make(written)
	if !b.Notify(until, w) {
		return reason, nil
	}
	select {
	case <-w:
		return reason, nil
	case <-ctx.Done():
		return reason, ctx.Err()
	}
}

// written is closed when the disk has it.
type written chan struct{}

// Durable implements store.Waiter.
func (w written) Durable() { close(w) }
