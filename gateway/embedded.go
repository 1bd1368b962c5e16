package gateway

import (
	"errors"
	"sync"
	"time"

	"snbroker/broker"
	"snbroker/internal/mqtt"
	"snbroker/mqttsn"
)

// Embedded is the Backend that is the program's own broker.
type Embedded struct {
	b    *broker.Broker
	turn *debts // of the gateway's present turn
	pool sync.Pool
}

// debts are a turn of the broker's, to be ended outside the gateway's.
type debts struct {
	broker.Turn
	e *Embedded
}

// Tell implements Debts.
func (d *debts) Tell() (pause time.Duration) {
	pause = d.e.b.End(&d.Turn)
	d.e.pool.Put(d)
	return pause
}

// NewEmbedded returns a Backend for one Gateway.
func NewEmbedded(b *broker.Broker) *Embedded {
	e := &Embedded{b: b}
	e.pool.New = func() any { return &debts{e: e} }
	e.turn = e.pool.Get().(*debts)
	return e
}

// Connect implements Backend.
func (e *Embedded) Connect(o ConnectRequest, client Client, _ Token) (Conn, mqtt.ReasonCode, bool) {
	c, _, err := e.b.Connect(broker.ConnectOptions{
		ClientID:   o.ClientID,
		CleanStart: o.CleanStart,
		Expiry:     o.Expiry,
		Will:       o.Will,
		// A device has one message outstanding at a time (SN §6.6, read
		// both ways).
		ReceiveMaximum: 1,
		OneAtATime:     true,
		MaximumPacket:  o.MaximumPacket,
	}, client, &e.turn.Turn)
	switch {
	case errors.Is(err, broker.ErrTooManySessions):
		return nil, mqtt.ReasonQuotaExceeded, true
	case err != nil:
		return nil, mqtt.ReasonServerUnavailable, true
	}
	return embeddedConn{Conn: c, e: e}, mqtt.ReasonSuccess, true
}

// Publish implements Backend.
func (e *Embedded) Publish(p *broker.Publication, clientID string) {
	e.b.PublishUnconnected(p, clientID, &e.turn.Turn)
}

// Flush implements Backend.
func (e *Embedded) Flush() Debts {
	if e.turn.Empty() {
		return nil
	}
	d := e.turn
	e.turn = e.pool.Get().(*debts)
	return d
}

// embeddedConn adds the turn to a broker.Conn's calls.
type embeddedConn struct {
	*broker.Conn
	e *Embedded
}

func (c embeddedConn) Publish(p *broker.Publication, _ Token) (mqtt.ReasonCode, bool) {
	return c.Conn.Publish(p, &c.e.turn.Turn), true
}

func (c embeddedConn) PubRel(id mqttsn.MsgID, _ Token) bool {
	c.Conn.PubRel(uint16(id))
	return true
}

func (c embeddedConn) Subscribe(filter string, qos mqtt.QoS, _ Token) (mqtt.ReasonCode, bool) {
	return c.Conn.Subscribe(filter, broker.SubscribeOptions{QoS: qos}), true
}

func (c embeddedConn) Unsubscribe(filter string, _ Token) bool {
	c.Conn.Unsubscribe(filter)
	return true
}

func (c embeddedConn) Pull(dst []broker.Delivery) []broker.Delivery {
	return c.Conn.Pull(dst, &c.e.turn.Turn)
}

func (c embeddedConn) PubAck(id uint16)  { c.Conn.PubAck(id) }
func (c embeddedConn) PubRec(id uint16)  { c.Conn.PubRec(id, false) }
func (c embeddedConn) PubComp(id uint16) { c.Conn.PubComp(id) }

func (c embeddedConn) Discard(id uint16, why broker.DropReason) {
	c.Conn.Discard(id, why, &c.e.turn.Turn)
}

func (c embeddedConn) Close(lost bool) { c.Conn.Close(lost, &c.e.turn.Turn) }
