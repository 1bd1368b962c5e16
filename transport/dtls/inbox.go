package dtls

import (
	"sync"

	"snbroker/transport"
)

const (
	// batch is how many datagrams Receive gets, and Send gathers, at most.
	batch = 64
	// maxInbox bounds what is decrypted and waits for the receiver. Sessions wait
	// for room then, each with its own datagrams waiting behind it.
	maxInbox = 1024
)

// inbox is what sessions have decrypted, on its way to Serve.
type inbox struct {
	mu     sync.Mutex
	room   sync.Cond // of mu
	queue  []transport.Datagram
	taken  []transport.Datagram // the other half, being worked through
	closed bool
	ready  chan struct{} // capacity 1: there is something
}

func (i *inbox) init() {
	i.room.L = &i.mu
	i.ready = make(chan struct{}, 1)
}

// put waits for room. false: the link is closed.
func (i *inbox) put(d transport.Datagram) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	for len(i.queue) >= maxInbox && !i.closed {
		i.room.Wait()
	}
	if i.closed {
		return false
	}
	i.queue = append(i.queue, d)
	select {
	case i.ready <- struct{}{}:
	default:
	}
	return true
}

// take returns all there is; it is valid until the next take.
func (i *inbox) take() []transport.Datagram {
	i.mu.Lock()
	defer i.mu.Unlock()
	clear(i.taken)
	i.queue, i.taken = i.taken[:0], i.queue
	i.room.Broadcast()
	return i.taken
}

func (i *inbox) close() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.closed = true
	i.room.Broadcast()
}
