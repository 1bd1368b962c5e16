package main

import (
	"sync"

	"snbroker/transport"
)

// announced is a link that tells when it is served: discovery may begin only
// then.
type announced struct {
	transport.Link
	served chan struct{}
	ended  chan struct{}
	once   sync.Once
}

func announce(l transport.Link) *announced {
	return &announced{Link: l, served: make(chan struct{}), ended: make(chan struct{})}
}

// Serve implements transport.Link.
func (a *announced) Serve(r transport.Receiver) error {
	a.once.Do(func() { close(a.served) })
	defer close(a.ended)
	return a.Link.Serve(r)
}
