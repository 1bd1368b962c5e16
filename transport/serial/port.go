package serial

import (
	"context"
	"errors"
	"time"
)

// Port is an open line. Read and Write are each called by one goroutine at a
// time, Close by any, once.
type Port interface {
	// Read waits for octets, for readTimeout or so; n is 0 if none came. An error
	// means that the line is gone.
	Read(b []byte) (n int, err error)
	// Write writes all of b, which may take as long as the line does. An error
	// means that the line is gone, or that Close was called.
	Write(b []byte) (n int, err error)
	// Close ends Read and Write, within some readTimeouts.
	Close() error
}

// readTimeout is how often a silent line is looked after: for Close, and to know
// that it is silent.
const readTimeout = 200 * time.Millisecond

var (
	// errInUse is for a device that another program has locked.
	errInUse = errors.New("in use by another program")
	// errNoTerminal is for a file that is no serial device.
	errNoTerminal = errors.New("not a serial device")
)

// errHungUp is Read's when the other end of the line is gone.
var errHungUp = errors.New("the line hung up: unplugged, or the other end has closed it")

// open opens the line.
func (c *Config) open(ctx context.Context) (Port, error) {
	if c.OpenPort != nil {
		return c.OpenPort(ctx)
	}
	if address, ok := TCP(c.Device); ok {
		return dialTCP(ctx, address)
	}
	return openDevice(c)
}
