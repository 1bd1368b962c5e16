package client

import (
	"bytes"
	"context"
	"slices"
	"time"

	"snbroker/mqttsn"
)

// A request that is made while the device sleeps waits until Connect.

// Publish sends a message, and waits until the gateway has taken it, which at
// QoS 0 is not at all. When ctx ends before that the message may or may not
// arrive.
func (c *Conn) Publish(ctx context.Context, t Topic, payload []byte, qos mqttsn.QoS, retain bool) error {
	// The Client reads it until it is done, which ctx may not wait for.
	payload = bytes.Clone(payload)
	_, err := c.do(ctx, "publish to "+t.String(), func(now time.Time) (Token, error) {
		return c.client.Publish(now, t, payload, qos, retain)
	})
	return err
}

// Register asks for a topic name's id before it is needed.
func (c *Conn) Register(ctx context.Context, topicName string) error {
	_, err := c.do(ctx, "register "+topicName, func(now time.Time) (Token, error) {
		return c.client.Register(now, topicName)
	})
	return err
}

// subscription is what f wants to see.
type subscription struct {
	topic Topic
	f     func(*Message)
}

// Subscribe has f called for the messages of a topic, until Unsubscribe, and
// returns the QoS that was granted. Of several subscriptions that match, the
// first gets the message. What f is given is valid until it returns.
func (c *Conn) Subscribe(ctx context.Context, t Topic, qos mqttsn.QoS, f func(*Message)) (mqttsn.QoS, error) {
	r, err := c.do(ctx, "subscribe to "+t.String(), func(now time.Time) (Token, error) {
		token, err := c.client.Subscribe(now, t, qos)
		if err == nil {
			// Before SUBACK: retained messages may be right behind it.
			c.unclaim(t)
			c.subs = append(c.subs, subscription{t, f})
		}
		return token, err
	})
	if err != nil {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.unclaim(t)
	}
	return r.granted, err
}

// Unsubscribe ends what Subscribe began.
func (c *Conn) Unsubscribe(ctx context.Context, t Topic) error {
	_, err := c.do(ctx, "unsubscribe from "+t.String(), func(now time.Time) (Token, error) {
		return c.client.Unsubscribe(now, t)
	})
	if err == nil {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.unclaim(t)
	}
	return err
}

// claim finds whose message it is; nil if nobody's.
func (c *Conn) claim(t Topic) func(*Message) {
	for _, s := range c.subs {
		switch {
		case s.topic.Type == t.Type && s.topic.ID == t.ID && t.Type != mqttsn.TopicNormal,
			s.topic.Type == mqttsn.TopicNormal && t.Name != "" && matches(s.topic.Name, t.Name):
			return s.f
		}
	}
	return c.onMessage
}

func (c *Conn) unclaim(t Topic) {
	c.subs = slices.DeleteFunc(c.subs, func(s subscription) bool { return s.topic == t })
}

// UpdateWill replaces the will, or deletes it if w is nil.
func (c *Conn) UpdateWill(ctx context.Context, w *Will) error {
	_, err := c.do(ctx, "update will", func(now time.Time) (Token, error) {
		return c.client.UpdateWill(now, w)
	})
	return err
}

// Ping measures how long the gateway takes to answer.
func (c *Conn) Ping(ctx context.Context) (time.Duration, error) {
	begun := time.Now()
	_, err := c.do(ctx, "ping", c.client.Ping)
	return time.Since(begun), err
}
