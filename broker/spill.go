package broker

import (
	"snbroker/internal/store"
)

// A message whose payload is on the disk alone is read when it is delivered: the
// queue keeps all but that, so that a long queue stays small while it is drained.

// load reads a message back; nil if that cannot be done.
func (b *Broker) load(bodiless *Message) *Message {
	for {
		at := bodiless.disk.at.Load()
		m, err := b.read(store.LSN(at), bodiless)
		if err == nil {
			return m
		}
		if bodiless.disk.at.Load() == at {
			return nil // the caller counts it
		}
		// It was moved in the meantime.
	}
}

// read returns a message with what the record at has of it.
func (b *Broker) read(at store.LSN, bodiless *Message) (*Message, error) {
	raw, err := b.store.Read(at, nil)
	if err != nil {
		return nil, err
	}
	if len(raw) == 0 || recordKind(raw[0]) != recordMessage {
		return nil, errRecord
	}
	var r messageRecord
	f := fields{b: raw[1:]}
	if r.decodeBody(&f); f.bad {
		return nil, errRecord
	}
	m := bodiless.again()
	m.Payload, m.Forward, m.disk = r.payload, r.forward, bodiless.disk
	return m, nil
}

// readBack is load for the front of the queue, with the session's lock let go:
// publishers must not wait for the disk. It returns nil if the front is another
// by now, or was dropped because it cannot be read, and gone if the connection
// is not attached any more.
func (c *Conn) readBack(e *entry, t *Turn) (m *Message, gone bool) {
	s := c.session
	front := *e
	s.mu.Unlock()
	m = c.broker.load(front.msg)
	s.mu.Lock()
	if s.conn != c {
		return nil, true
	}
	e = s.queue.front()
	if e == nil || e.seq != front.seq {
		return nil, false
	}
	if m == nil {
		lost := s.queue.pop()
		t.queued -= int64(lost.msg.charge)
		c.broker.finished(s, &lost)
		c.broker.dropped(s, DropUnreadable, lost.msg, lost.qos, t)
	}
	return m, false
}
