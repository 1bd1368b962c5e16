package listener

import (
	"sync"
	"time"

	"snbroker/broker"
	"snbroker/internal/mqtt"
)

// outbox is what waits to be written to a client. At most one goroutine writes
// at a time; it is whoever found writing unset.
type outbox struct {
	mu      sync.Mutex
	pending []byte // goes first
	unread  int    // octets of pending that came since the writer last took it
	ready   bool   // the broker has deliveries
	writing bool
	v5      bool  // the client speaks MQTT 5, and CONNACK is written
	held    *held // acknowledgements that wait for the disk; nil: none
	last    bool  // pending is the last there is: close after it
	ended   bool  // nothing can be written any more
}

func (o *outbox) end() {
	o.mu.Lock()
	o.ended, o.pending = true, nil
	o.mu.Unlock()
}

// Ready implements broker.Client.
func (c *conn) Ready() {
	if c.begin(nil, true) {
		c.write(false)
	}
}

// Closed implements broker.Client.
func (c *conn) Closed(why mqtt.ReasonCode) {
	c.out.mu.Lock()
	v5 := c.out.v5
	c.out.mu.Unlock()
	var b []byte
	if v5 {
		b = appendDisconnect(nil, why, c.explanation(why), c.sendLimit)
	}
	if c.beginLast(b) {
		go c.write(true)
	}
}

// beginLast adds the last there is to be written; the connection is closed
// after it. True makes the caller the writer.
func (c *conn) beginLast(b []byte) bool {
	o := &c.out
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.last {
		return false
	}
	if h := o.held; h != nil && len(h.marks) > 0 && !o.ended {
		if !h.closing {
			h.closing, h.farewell = true, b // after what the client is owed
		}
		return false
	}
	mine := o.add(b, false)
	o.last = true
	return mine
}

// flush writes the acknowledgements that the reader has gathered, and pulls if
// the client made room.
func (c *conn) flush(w *worker) {
	c.listener.stats.packetsOut.Add(packets(w.acks))
	c.hold(w)
	w.pull, w.retained = w.pull || w.retained, false
	if len(w.acks) == 0 && !w.pull {
		return
	}
	mine := c.begin(w.acks, w.pull)
	if c.session != nil && !c.entered {
		c.out.mu.Lock()
		c.out.v5 = c.version == mqtt.V5 // CONNACK goes before a DISCONNECT, [MQTT-3.14.0-1]
		c.out.mu.Unlock()
	}
	if mine {
		c.write(false)
	}
	w.acks, w.pull = w.acks[:0], false
}

// packets counts the packets in b, of which each is whole.
func packets(b []byte) (n uint64) {
	for len(b) > 0 {
		size, err := mqtt.PeekFrame(b, mqtt.MaxRemainingLength)
		if err != nil || size == 0 {
			break
		}
		b = b[size:]
		n++
	}
	return n
}

// begin adds what is to be written; true makes the caller the writer.
func (c *conn) begin(b []byte, ready bool) bool {
	o := &c.out
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.add(b, ready)
}

// add is begin under the lock. Nothing follows what is the last.
func (o *outbox) add(b []byte, ready bool) bool {
	if o.ended || o.last {
		return false
	}
	o.pending = append(o.pending, b...)
	o.unread += len(b)
	o.ready = o.ready || ready
	if o.writing || o.held != nil && o.held.gate {
		return false
	}
	o.writing = true
	return true
}

// write writes until nothing is left. Unless it may wait for the client, it
// hands over to a goroutine that may as soon as the socket takes no more.
func (c *conn) write(wait bool) {
	if !wait && c.raw == nil {
		go c.write(true) // there is no telling what would have to wait
		return
	}
	c.writeWith(takeSender(), wait)
}

// writeWith is write with a sender that has nothing left to write.
func (c *conn) writeWith(s *sender, wait bool) {
	o := &c.out
	for {
		o.mu.Lock()
		if o.ended || len(o.pending) == 0 && !o.ready && !o.last {
			o.writing = false
			if cap(o.pending) > maxIdlePending {
				o.pending = nil
			}
			o.mu.Unlock()
			s.release()
			return
		}
		s.buf = append(s.buf[:0], o.pending...)
		o.pending, o.unread = o.pending[:0], 0
		ready, last := o.ready && !o.last, o.last
		o.ready = false
		o.mu.Unlock()
		if ready {
			c.pull(s)
		}
		s.assemble()
		if c.cfg.Tap.On() {
			c.showAll(s.rest)
		}
		n, err := c.send(s, wait)
		c.listener.stats.bytesOut.Add(uint64(n))
		switch {
		case err != nil || last && len(s.rest) == 0:
			o.end()
			c.net.Close()
			s.release()
			return
		case len(s.rest) > 0:
			go c.finishWith(s, last)
			return
		}
	}
}

// finishWith writes what a socket did not take at once, and goes on.
func (c *conn) finishWith(s *sender, last bool) {
	n, err := c.send(s, true)
	c.listener.stats.bytesOut.Add(uint64(n))
	if err != nil || last {
		c.out.end()
		c.net.Close()
		s.release()
		return
	}
	c.writeWith(s, true)
}

// overrun tells whether the client makes acknowledgements and does not read them.
func (c *conn) overrun() bool {
	c.out.mu.Lock()
	defer c.out.mu.Unlock()
	waiting := 0
	if c.out.held != nil {
		waiting = len(c.out.held.octets)
	}
	return c.out.unread+waiting > maxUnread
}

// maxUnread bounds the acknowledgements that wait for a client: more than one
// with every packet identifier in use can be owed.
const maxUnread = 1 << 20

// maxIdlePending is what an idle connection keeps of its outbox.
const maxIdlePending = 512

// pull appends the deliveries that the broker has to s.buf.
func (c *conn) pull(s *sender) {
	// The client's session is set before anything is delivered.
	got := c.session.Pull(s.deliveries[:0], &s.turn)
	more := len(got) == len(s.deliveries)
	octets := 0
	for i := range got {
		if m := got[i].Message; m != nil {
			octets += len(m.Payload)
		}
		c.appendDelivery(s, &got[i])
		got[i] = broker.Delivery{}
	}
	c.listener.stats.packetsOut.Add(uint64(len(got)))
	c.listener.broker.End(&s.turn)
	if more || octets >= broker.PullBytes {
		c.out.mu.Lock()
		c.out.ready = true
		c.out.mu.Unlock()
	}
}

// send writes the rest, all of it if wait is set, else what the socket takes at
// once.
func (c *conn) send(s *sender, wait bool) (n int, err error) {
	if len(s.rest) == 0 {
		return 0, nil
	}
	if wait {
		c.net.SetWriteDeadline(time.Now().Add(c.cfg.WriteTimeout))
		return s.writeTo(c.net)
	}
	n, err = s.tryWrite(c.raw)
	s.written(n)
	return n, err
}
