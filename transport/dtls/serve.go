package dtls

import (
	"container/list"
	"errors"
	"runtime"
	"sync"

	"snbroker/transport"
)

var errServed = errors.New("dtls: Serve called twice")

// Serve reads until Close, and returns when every peer has been told.
func (l *Link) Serve(r transport.Receiver) error {
	l.mu.Lock()
	if l.serving || l.closed {
		served := l.serving
		l.mu.Unlock()
		if served {
			return errServed
		}
		return nil
	}
	l.serving = true
	l.mu.Unlock()

	var failure error // of the socket, before Close
	read := make(chan struct{})
	go func() {
		defer close(read)
		failure = l.under.Serve((*demux)(l))
	}()
	var helpers sync.WaitGroup
	helpers.Go(l.keep)
	for range min(4, runtime.GOMAXPROCS(0)) {
		helpers.Go(l.writer)
	}
	l.receive(r, read)
	l.Close()
	l.end()
	l.sessions.Wait()
	l.work.close()
	helpers.Wait()
	l.under.Close()
	<-read
	return failure
}

// receive hands on what sessions decrypt, until Close or the socket's end.
func (l *Link) receive(r transport.Receiver, read <-chan struct{}) {
	for {
		select {
		case <-l.done:
			return
		case <-read:
			return
		case <-l.inbox.ready:
		}
		all := l.inbox.take()
		for len(all) > 0 {
			n := min(batch, len(all))
			var octets uint64
			for i := range all[:n] {
				octets += uint64(len(all[i].Data))
			}
			l.counters.DatagramsIn.Add(uint64(n))
			l.counters.BytesIn.Add(octets)
			r.Receive(l, all[:n])
			all = all[n:]
		}
	}
}

// end ends all sessions: with a word to the peer where there is a key for it.
func (l *Link) end() {
	l.inbox.close()
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, s := range l.order {
		s.finish()
	}
	for _, handshakes := range []*list.List{l.unproved, l.proved} {
		for e := handshakes.Front(); e != nil; e = e.Next() {
			e.Value.(*session).pipe.Close()
		}
	}
}
