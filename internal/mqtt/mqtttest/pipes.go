package mqtttest

import (
	"net"
	"sync"
)

// Pipes is a net.Listener of net.Pipe: no socket is below, every write is as it
// was made, and it works in a bubble of virtual time.
type Pipes struct {
	coming chan net.Conn
	closed chan struct{}
	once   sync.Once
}

// NewPipes listens.
func NewPipes() *Pipes {
	return &Pipes{coming: make(chan net.Conn), closed: make(chan struct{})}
}

// Dial returns the client's end of a connection as soon as the server has taken
// the other one, and net.ErrClosed after Close.
func (l *Pipes) Dial() (net.Conn, error) {
	ours, theirs := net.Pipe()
	select {
	case l.coming <- theirs:
		return ours, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

// Accept returns the server's end of the next connection, and net.ErrClosed
// after Close.
func (l *Pipes) Accept() (net.Conn, error) {
	select {
	case c := <-l.coming:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

// Close ends Accept and Dial. Connections stay.
func (l *Pipes) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

// Addr returns a name that is the same for all.
func (l *Pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipe", Net: "pipe"} }
