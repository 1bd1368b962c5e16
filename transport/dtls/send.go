package dtls

import (
	"sync"

	"snbroker/transport"
)

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

// work is the sessions that have something to be encrypted, each once.
type work struct {
	mu     sync.Mutex
	some   sync.Cond // of mu
	queue  []*session
	closed bool

	out  sync.Mutex // the socket's sender
	busy int        // writers that will flush when they have no more; of out
}

func (w *work) init() { w.some.L = &w.mu }

// put lists a session. Whoever puts the first one takes it, too, or calls help;
// from the second one on a writer helps.
func (w *work) put(s *session) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.queue = append(w.queue, s)
	if len(w.queue) > 1 {
		w.some.Signal()
	}
}

// help has a writer look.
func (w *work) help() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.some.Signal()
}

// take waits for a session; with wait false it returns nil at once if there is
// none. It returns nil for good after close.
func (w *work) take(wait bool) *session {
	w.mu.Lock()
	defer w.mu.Unlock()
	for len(w.queue) == 0 {
		if w.closed || !wait {
			return nil
		}
		w.some.Wait()
	}
	s := w.queue[0]
	w.queue[0] = nil
	if w.queue = w.queue[1:]; len(w.queue) == 0 {
		w.queue = nil
	}
	return s
}

func (w *work) close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.closed = true
	w.some.Broadcast()
}

// writer helps, until the end.
func (l *Link) writer() {
	for s := l.work.take(true); s != nil; s = l.work.take(true) {
		l.encrypt(s)
	}
}

// encrypt writes what s has, and the sessions listed behind it. Records leave in
// one system call when nothing more is there to be written.
func (l *Link) encrypt(s *session) {
	if s == nil {
		return
	}
	l.hold()
	defer l.release()
	for n := 0; s != nil; n++ {
		s.write()
		if s = nil; n < batch {
			s = l.work.take(false)
		}
	}
	l.work.help() // for what is left after so many
}

// hold has records wait in the socket's outgoing batch until release.
func (l *Link) hold() {
	l.work.out.Lock()
	l.work.busy++
	l.work.out.Unlock()
}

func (l *Link) release() {
	l.work.out.Lock()
	defer l.work.out.Unlock()
	if l.work.busy--; l.work.busy == 0 {
		l.under.Flush()
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

// write gives a record to the socket.
func (l *Link) write(to endpoint, b []byte) {
	l.work.out.Lock()
	defer l.work.out.Unlock()
	l.under.Send(to.addr, to.local, b)
	if l.work.busy == 0 {
		l.under.Flush()
	}
}
