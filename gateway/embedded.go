package gateway

import (
	"errors"
	"sync"
	"time"

	"snbroker/broker"
	"snbroker/internal/mqtt"
	"snbroker/internal/store"
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
	// owed are answers that wait for the disk, until the last of them may go.
	owed  []owed
	until store.LSN
}

// owed is an answer to a device.
type owed struct {
	client Client
	token  Token
	reason mqtt.ReasonCode
}

// Tell implements Debts.
func (d *debts) Tell() (pause time.Duration) {
	pause = d.e.b.End(&d.Turn)
	if len(d.owed) == 0 || !d.e.b.Notify(d.until, d) {
		d.Durable()
	}
	return pause
}

// Durable implements store.Waiter: it gives the answers.
func (d *debts) Durable() {
	for i, o := range d.owed {
		d.owed[i] = owed{}
		o.client.Done(o.token, o.reason)
	}
	d.owed, d.until = d.owed[:0], 0
	d.e.pool.Put(d)
}

// answer reports whether what was just done may be answered now; if not, the
// answer follows through client.Done.
func (d *debts) answer(client broker.Client, token Token, reason mqtt.ReasonCode) bool {
	until := d.Until()
	d.Settled()
	if d.e.b.Durable(until) {
		return true
	}
	d.owed = append(d.owed, owed{client.(Client), token, reason})
	d.until = max(d.until, until)
	return false
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
		Identity:   o.Identity,
		CleanStart: o.CleanStart,
		Expiry:     o.Expiry,
		Will:       o.Will,
		// A device has one message outstanding at a time (SN §6.6, read
		// both ways).
		ReceiveMaximum: 1,
		OneAtATime:     true,
		MaximumPacket:  o.MaximumPacket,
		Survives:       true,
		Keep:           o.Keep,
	}, client, &e.turn.Turn)
	switch {
	case errors.Is(err, broker.ErrStore):
		return nil, mqtt.ReasonServerBusy, true
	case errors.Is(err, broker.ErrTooManySessions):
		return nil, mqtt.ReasonQuotaExceeded, true
	case err != nil:
		return nil, mqtt.ReasonServerUnavailable, true
	}
	return embeddedConn{Conn: c, e: e}, mqtt.ReasonSuccess, true
}

// MayConnect implements Backend: the broker has nothing against any.
func (e *Embedded) MayConnect(any, string) mqtt.ReasonCode { return mqtt.ReasonSuccess }

// Publish implements Backend.
func (e *Embedded) Publish(p *broker.Publication, who any, clientID string) {
	e.b.PublishUnconnected(p, who, clientID, &e.turn.Turn)
}

// MayLeave implements Backend.
func (e *Embedded) MayLeave(who any, clientID, topic string) mqtt.ReasonCode {
	return e.b.MayLeave(who, clientID, topic)
}

// Flush implements Backend.
func (e *Embedded) Flush() Debts {
	if e.turn.Empty() && len(e.turn.owed) == 0 {
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

func (c embeddedConn) Publish(p *broker.Publication, token Token) (mqtt.ReasonCode, bool) {
	reason := c.Conn.Publish(p, &c.e.turn.Turn)
	return reason, c.e.turn.answer(c.Client(), token, reason)
}

func (c embeddedConn) PubRel(id mqttsn.MsgID, token Token) bool {
	c.Conn.PubRel(uint16(id))
	return c.Sync(token)
}

func (c embeddedConn) Subscribe(filter string, qos mqtt.QoS, token Token) (mqtt.ReasonCode, bool) {
	reason := c.Conn.Subscribe(filter, broker.SubscribeOptions{QoS: qos})
	c.Conn.SyncSubscriptions(&c.e.turn.Turn)
	return reason, c.e.turn.answer(c.Client(), token, reason)
}

func (c embeddedConn) Unsubscribe(filter string, token Token) bool {
	if c.Conn.Unsubscribe(filter) == mqtt.ReasonUnspecifiedError {
		return false // as Sync
	}
	c.Conn.SyncSubscriptions(&c.e.turn.Turn)
	return c.e.turn.answer(c.Client(), token, mqtt.ReasonSuccess)
}

func (c embeddedConn) Note(change []byte) { c.Conn.NoteKept(change) }

func (c embeddedConn) Sync(token Token) bool {
	if !c.Attached() {
		return false // it changed nothing; Closed tells the client
	}
	c.Conn.Sync(&c.e.turn.Turn)
	return c.e.turn.answer(c.Client(), token, mqtt.ReasonSuccess)
}

func (c embeddedConn) Settled(token Token) bool {
	return c.e.turn.answer(c.Client(), token, mqtt.ReasonSuccess)
}

func (c embeddedConn) Pull(dst []broker.Delivery) []broker.Delivery {
	return c.Conn.Pull(dst, &c.e.turn.Turn)
}

func (c embeddedConn) PubAck(id uint16)      { c.Conn.PubAck(id) }
func (c embeddedConn) PubRec(id uint16) bool { return c.Conn.PubRec(id, false) }
func (c embeddedConn) PubComp(id uint16)     { c.Conn.PubComp(id) }

func (c embeddedConn) Discard(d broker.Delivery, why broker.DropReason) {
	c.Conn.Discard(&d, why, &c.e.turn.Turn)
}

func (c embeddedConn) Close(lost bool) { c.Conn.Close(lost, &c.e.turn.Turn) }
