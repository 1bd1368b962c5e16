package crash

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"snbroker/internal/mqtt"
)

// subscribing is the identifier of SUBSCRIBE, beyond those of messages.
const subscribing = 0xFFFF

// talk uses a connection until it ends, and says why.
func (c *client) talk(ctx context.Context) error {
	c.resume()
	c.subscribe()
	act := time.Now()
	for {
		for {
			frame, err := c.frame()
			if err != nil {
				return err
			}
			if frame == nil {
				break
			}
			if err := c.handle(frame); err != nil {
				return err
			}
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if now := time.Now(); !now.Before(act) {
			act = now.Add(time.Duration(c.r.IntN(20)) * time.Millisecond)
			if err := c.act(); err != nil {
				return err
			}
		}
		if err := c.flush(); err != nil {
			return err
		}
		if err := c.read(act); err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
			return err
		}
	}
}

// resume sends again what is not acknowledged [MQTT-4.4.0-1].
func (c *client) resume() {
	for _, m := range c.under {
		if m.released {
			c.put(&mqtt.Pubrel{PacketID: m.id})
		} else {
			c.publish(m, true)
		}
	}
}

func (c *client) subscribe() {
	if c.hears == nil || c.hears.ready {
		return
	}
	p := mqtt.Subscribe{PacketID: subscribing}
	for _, f := range c.hears.filters {
		p.Filters = append(p.Filters, mqtt.Filter{TopicFilter: []byte(f), QoS: mqtt.QoS(c.hears.granted)})
	}
	c.put(&p)
}

func (c *client) publish(m *sending, again bool) {
	s := m.stream
	c.put(&mqtt.Publish{Dup: again, QoS: mqtt.QoS(s.qos(m.n)), Retain: s.kept, Topic: []byte(s.topic), PacketID: m.id, Payload: s.payload(m.n)})
}

// act does what a client does of its own accord.
func (c *client) act() error {
	if !c.w.isLoading() || c.w.isFinishing() {
		return nil
	}
	often := 1
	if c.rests {
		often = 10
	}
	switch n := c.r.IntN(1000); {
	case n < 4*often:
		return c.leave()
	case n < 8*often:
		_ = c.flush()
		return errDropped
	}
	for range c.r.IntN(4) {
		if len(c.streams) == 0 || len(c.under) >= window {
			break
		}
		s := c.streams[c.r.IntN(len(c.streams))]
		m := &sending{stream: s, n: c.w.begin(s), id: c.nextID()}
		c.under = append(c.under, m)
		c.publish(m, false)
	}
	return nil
}

// leave ends the connection with DISCONNECT and waits until the program has, too.
// What arrives in between does not count as received.
func (c *client) leave() error {
	c.put(&mqtt.Disconnect{})
	if err := c.flush(); err != nil {
		return errLeft
	}
	for deadline := time.Now().Add(patience); ; {
		switch err := c.read(deadline); {
		case errors.Is(err, os.ErrDeadlineExceeded):
			c.w.broken(c.id, "DISCONNECT", "the program closes the connection")
			return errLeft
		case err != nil:
			return errLeft
		}
	}
}

func (c *client) handle(frame []byte) error {
	p, err := c.decoder.Decode(frame)
	if err != nil {
		return fmt.Errorf("%s: %w", mqtt.Describe(frame, c.version), err)
	}
	switch p := p.(type) {
	case *mqtt.Publish:
		c.received(p)
	case *mqtt.Pubrel:
		delete(c.have, p.PacketID)
		c.put(&mqtt.Pubcomp{PacketID: p.PacketID})
	case *mqtt.Puback:
		return c.acknowledged(p.PacketID, 1, p.ReasonCode)
	case *mqtt.Pubrec:
		return c.acknowledged(p.PacketID, 2, p.ReasonCode)
	case *mqtt.Pubcomp:
		if i := c.sending(p.PacketID); i >= 0 && c.under[i].released {
			c.under = slices.Delete(c.under, i, i+1)
		}
	case *mqtt.Suback:
		for _, reason := range p.ReasonCodes {
			if byte(reason) != c.hears.granted {
				return fmt.Errorf("SUBSCRIBE is refused: %v", reason)
			}
		}
		c.hears.subscribed()
	default:
		return fmt.Errorf("the program sends %s", mqtt.Describe(frame, c.version))
	}
	return nil
}

func (c *client) received(p *mqtt.Publish) {
	m := arrival{string(p.Topic), p.Payload, byte(p.QoS), p.Retain}
	switch p.QoS {
	case mqtt.QoS1:
		c.hears.arrived(m)
		c.put(&mqtt.Puback{PacketID: p.PacketID})
	case mqtt.QoS2:
		if !c.have[p.PacketID] {
			c.have[p.PacketID] = true
			c.hears.arrived(m)
		} else if !p.Dup {
			c.w.broken(c.id, fmt.Sprintf("%s, identifier %d", m.topic, p.PacketID), "what is sent again before PUBREL has DUP")
		}
		c.put(&mqtt.Pubrec{PacketID: p.PacketID})
	}
}

// acknowledged takes PUBACK and PUBREC.
func (c *client) acknowledged(id uint16, qos byte, reason mqtt.ReasonCode) error {
	if reason.IsError() {
		return fmt.Errorf("PUBLISH is refused: %v", reason)
	}
	i := c.sending(id)
	if i < 0 || c.under[i].stream.qos(c.under[i].n) != qos {
		return fmt.Errorf("an acknowledgement of QoS %d for the identifier %d, which has none under way", qos, id)
	}
	m := c.under[i]
	if !m.released {
		c.w.acknowledged(m.stream, m.n)
	}
	if qos == 1 {
		c.under = slices.Delete(c.under, i, i+1)
		return nil
	}
	m.released = true
	c.put(&mqtt.Pubrel{PacketID: id})
	return nil
}
