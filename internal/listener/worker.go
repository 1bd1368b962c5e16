package listener

import (
	"net"
	"sync"

	"snbroker/broker"
	"snbroker/internal/mqtt"
)

// worker is what handling a burst of packets takes, and an idle connection does
// without.
type worker struct {
	decoder     mqtt.Decoder
	turn        broker.Turn
	publication broker.Publication
	acks        []byte // for the client, in the order of its packets
	topic       []byte // below the mount point
	pull        bool   // the client made room for deliveries
	retained    bool   // retained messages are to follow the acknowledgements
	published   int    // messages in this burst
}

var workers = sync.Pool{New: func() any {
	w := new(worker)
	w.decoder.From = mqtt.FromClient
	return w
}}

func takeWorker() *worker { return workers.Get().(*worker) }

func (w *worker) release() {
	w.publication = broker.Publication{}
	w.pull, w.retained = false, false
	w.turn.Settled()
	workers.Put(w)
}

// sender is what writing to a client takes for a moment.
type sender struct {
	deliveries [32]broker.Delivery
	buf        []byte
	header     mqtt.PublishHeader
	turn       broker.Turn

	// See gather.go.
	parts  []part
	vector net.Buffers // the storage of rest
	rest   net.Buffers // what is still to be written

	// For tryWrite; attempt is made once, since a closure is an allocation.
	attempt func(fd uintptr) bool
	wrote   int
	failed  error
}

var senders = sync.Pool{New: func() any { return new(sender) }}

func takeSender() *sender { return senders.Get().(*sender) }

// maxKeptBuffer is what a sender may keep for the next one.
const maxKeptBuffer = 64 << 10

func (s *sender) release() {
	if cap(s.buf) > maxKeptBuffer {
		s.buf = nil
	}
	s.buf = s.buf[:0]
	clear(s.vector)
	s.vector, s.rest = s.vector[:0], nil
	senders.Put(s)
}
