package listener

import (
	"snbroker/broker"
	"snbroker/internal/mqtt"
	"snbroker/internal/store"
)

// held are acknowledgements whose reasons are on their way to the disk. They
// leave in their order, when the disk has them [MQTT-4.6.0-2]. The reader goes
// on in the meantime.
type held struct {
	octets []byte
	marks  []mark // ascending in both
	told   bool   // the broker will call Durable
	v5     bool   // what waits begins with a CONNACK of MQTT 5
	gate   bool   // nothing else may be written before it
	// closing says that the connection ends when nothing is left here, with a
	// farewell to the client.
	closing  bool
	farewell []byte
}

// mark says how far the disk must be for the acknowledgements up to an octet.
type mark struct {
	until store.LSN
	end   int
}

// hold takes w's acknowledgements if they have to wait for the disk. What needs
// no disk waits only if there is something before it.
func (c *conn) hold(w *worker) {
	until := w.turn.Until()
	w.turn.Settled()
	if c.listener.broker.Durable(until) {
		until = 0
	}
	if len(w.acks) == 0 {
		return
	}
	o := &c.out
	o.mu.Lock()
	h := o.held
	if until == 0 && (h == nil || len(h.marks) == 0 || !h.gate && onlyPings(w.acks)) {
		o.mu.Unlock()
		return
	}
	if h == nil {
		h = new(held)
		o.held = h
	}
	if c.session != nil && !c.entered && !h.gate {
		h.gate, h.v5 = true, c.version == mqtt.V5 // CONNACK comes first
	}
	h.octets = append(h.octets, w.acks...)
	o.ready = o.ready || w.retained // SUBACK goes before them
	w.retained = false
	if until == 0 {
		until = h.marks[len(h.marks)-1].until
	}
	h.marks = append(h.marks, mark{until, len(h.octets)})
	tell := !h.told
	h.told = true
	o.mu.Unlock()
	w.acks = w.acks[:0]
	if tell && !c.listener.broker.Notify(until, c) {
		c.Durable()
	}
}

// linger keeps the connection open until the disk has what its client left, unless
// it fails: there is no telling how many would wait then.
func (c *conn) linger(until store.LSN) {
	b := c.listener.broker
	if b.Durable(until) || b.Failing() {
		return
	}
	o := &c.out
	o.mu.Lock()
	if o.held == nil {
		o.held = new(held)
	}
	h := o.held
	h.marks = append(h.marks, mark{until, len(h.octets)})
	tell := !h.told
	h.told = true
	o.mu.Unlock()
	if tell && !b.Notify(until, c) {
		c.Durable()
	}
}

// starved tells whether the client is owed something that a disk which fails does
// not take. Its connection is not kept open for that when it ends.
func (c *conn) starved() bool {
	if !c.listener.broker.Failing() {
		return false
	}
	c.out.mu.Lock()
	defer c.out.mu.Unlock()
	return c.out.held != nil && len(c.out.held.marks) > 0
}

func onlyPings(b []byte) bool {
	for ; len(b) >= 2; b = b[2:] {
		if b[0] != byte(mqtt.TypePingresp)<<4 {
			return false
		}
	}
	return len(b) == 0
}

// Durable implements store.Waiter: what the disk has is written.
func (c *conn) Durable() {
	b := c.listener.broker
	for {
		mine, next := c.unhold(b)
		if mine {
			c.write(false)
		}
		if next == 0 || b.Notify(next, c) {
			return
		}
	}
}

// unhold moves what may leave to what is written next. True makes the caller
// the writer; next is what the rest waits for, 0 if there is none.
func (c *conn) unhold(b *broker.Broker) (mine bool, next store.LSN) {
	o := &c.out
	o.mu.Lock()
	defer o.mu.Unlock()
	h := o.held
	n := 0
	for n < len(h.marks) && b.Durable(h.marks[n].until) {
		n++
	}
	if n == 0 {
		return false, h.marks[0].until
	}
	end := h.marks[n-1].end
	if h.gate {
		h.gate, o.v5 = false, h.v5
	}
	mine = o.add(h.octets[:end], false)
	h.octets = append(h.octets[:0], h.octets[end:]...)
	rest := append(h.marks[:0], h.marks[n:]...)
	for i := range rest {
		rest[i].end -= end
	}
	h.marks = rest
	if len(rest) > 0 {
		return mine, rest[0].until
	}
	h.told = false
	if h.closing {
		mine = o.add(h.farewell, false) || mine
		o.last = true
	}
	if cap(h.octets) > maxIdlePending {
		o.held = nil
	}
	return mine, 0
}
