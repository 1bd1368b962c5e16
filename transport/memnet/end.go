package memnet

import (
	"sync"

	"snbroker/transport"
)

// packet is a datagram in the network. Its octets are its own.
type packet struct {
	from, to transport.Addr
	data     []byte
}

// maxQueue bounds what waits at an end, as a socket's receive buffer does. What
// comes on top is dropped and counted.
const maxQueue = 4096

// end is an address and its queue.
type end struct {
	net  *Network
	addr transport.Addr

	mu      sync.Mutex
	queue   []packet
	dropped uint64
	shut    bool

	// wake holds a token while the queue is not empty. Whoever takes the token
	// and leaves something puts it back, so several may wait.
	wake chan struct{}
	done chan struct{}
}

func newEnd(n *Network, a transport.Addr) *end {
	return &end{net: n, addr: a, wake: make(chan struct{}, 1), done: make(chan struct{})}
}

func (e *end) push(p packet) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.shut || len(e.queue) == maxQueue {
		e.dropped++
		return false
	}
	e.queue = append(e.queue, p)
	e.signal()
	return true
}

// signal puts a token unless there is one.
func (e *end) signal() {
	select {
	case e.wake <- struct{}{}:
	default:
	}
}

// pop moves what waits into to, as much as fits, and returns how much that was.
func (e *end) pop(to []packet) int {
	e.mu.Lock()
	defer e.mu.Unlock()
	n := copy(to, e.queue)
	clear(e.queue[:n])
	e.queue = e.queue[n:]
	if len(e.queue) > 0 {
		e.signal()
	}
	return n
}

// close is called with the network's mutex held.
func (e *end) close() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.shut {
		e.shut = true
		e.queue = nil
		close(e.done)
	}
}

func (e *end) overflowed() uint64 {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.dropped
}
