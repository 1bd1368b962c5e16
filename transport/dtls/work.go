package dtls

import "sync"

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

// help has a writer take what is listed, if anything is.
func (w *work) help() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.queue) > 0 {
		w.some.Signal()
	}
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

// write gives a record to the socket.
func (l *Link) write(to endpoint, b []byte) {
	l.work.out.Lock()
	defer l.work.out.Unlock()
	l.under.Send(to.addr, to.local, b)
	if l.work.busy == 0 {
		l.under.Flush()
	}
}
