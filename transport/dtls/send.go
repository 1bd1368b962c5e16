package dtls

import "snbroker/transport"

// maxOut bounds what waits to be encrypted for a session; more is dropped.
const maxOut = 128

// outgoing is what Send has gathered.
type outgoing struct {
	to   *session
	data []byte
}

// Send copies b into the outgoing batch.
func (l *Link) Send(to transport.Addr, _ uint16, b []byte) {
	l.mu.Lock()
	s := l.find(to)
	l.mu.Unlock()
	if len(b) > l.cfg.MTU || s == nil {
		l.counters.SendErrors.Add(1)
		return
	}
	if len(l.pending) == batch {
		l.Flush()
	}
	l.pending = append(l.pending, outgoing{s, append(make([]byte, 0, len(b)), b...)})
}

// Flush encrypts the outgoing batch and sends it, with the writers' help if it is
// for several sessions.
func (l *Link) Flush() {
	if len(l.pending) == 0 {
		return
	}
	closed := false
	select {
	case <-l.done:
		closed = true
	default:
	}
	for _, o := range l.pending {
		if closed {
			l.counters.SendErrors.Add(1)
		} else {
			o.to.send(o.data)
		}
	}
	clear(l.pending)
	l.pending = l.pending[:0]
	l.encrypt(l.work.take(false))
}

// send puts b behind what waits for the session.
func (s *session) send(b []byte) {
	s.sending.Lock()
	defer s.sending.Unlock()
	switch {
	case s.ending:
		s.link.counters.SendErrors.Add(1)
	case len(s.out) >= maxOut:
		s.link.counters.SendDrops.Add(1)
	default:
		s.out = append(s.out, b)
		s.list()
	}
}

// finish ends an established session, after what was sent before.
func (s *session) finish() {
	s.sending.Lock()
	defer s.sending.Unlock()
	if !s.ending {
		s.ending = true
		s.list()
		s.link.work.help()
	}
}

func (s *session) list() {
	if !s.queued {
		s.queued = true
		s.link.work.put(s)
	}
}

// write encrypts all that waits for the session, in its order.
func (s *session) write() {
	s.sending.Lock()
	out, ending := s.out, s.ending
	s.out = nil
	s.sending.Unlock()
	c := &s.link.counters
	for _, b := range out {
		// The peer may answer before Write returns.
		c.DatagramsOut.Add(1)
		c.BytesOut.Add(uint64(len(b)))
		if _, err := s.conn.Write(b); err != nil {
			c.DatagramsOut.Add(^uint64(0))
			c.BytesOut.Add(-uint64(len(b)))
			c.SendErrors.Add(1)
		}
	}
	if ending {
		s.conn.Close()
		return // and is never listed again
	}
	s.sending.Lock()
	defer s.sending.Unlock()
	s.queued = false
	if len(s.out) > 0 || s.ending {
		s.list()
		s.link.work.help()
	}
}
