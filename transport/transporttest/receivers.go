package transporttest

import (
	"bytes"
	"sync/atomic"
	"testing"

	"snbroker/transport"
)

// Echo answers every datagram with itself, a batch at a time. It checks that
// Receive is called once at a time.
type Echo struct {
	busy atomic.Bool
	T    testing.TB
}

// Receive sends the batch back.
func (e *Echo) Receive(l transport.Link, batch []transport.Datagram) {
	if e.busy.Swap(true) {
		e.T.Error("two Receive calls at a time")
	}
	for _, d := range batch {
		l.Send(d.From, d.Local, d.Data)
	}
	l.Flush()
	e.busy.Store(false)
}

// Collect passes on a copy of every datagram. It blocks when nobody takes it.
type Collect struct{ C chan transport.Datagram }

// NewCollect has room for n datagrams.
func NewCollect(n int) *Collect { return &Collect{make(chan transport.Datagram, n)} }

// Receive copies the batch.
func (c *Collect) Receive(_ transport.Link, batch []transport.Datagram) {
	for _, d := range batch {
		d.Data = bytes.Clone(d.Data)
		c.C <- d
	}
}

// Func makes a function a Receiver.
type Func func(l transport.Link, batch []transport.Datagram)

// Receive calls f.
func (f Func) Receive(l transport.Link, batch []transport.Datagram) { f(l, batch) }
