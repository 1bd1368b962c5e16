//go:build !linux

package serial

import (
	"errors"
	"io"
	"sync/atomic"
)

// usualBaud leaves it to the system.
func usualBaud(int) bool { return true }

// control does nothing here: what the package cannot do cannot be done.
type control struct{}

var errLinuxOnly = errors.New("rtscts, rs485 and dtr = false are for Linux; leave them out here")

func takeControl(string) (*control, error) { return &control{}, nil }

func (*control) configure(c *Config) error {
	if c.RTSCTS || c.RS485 || !c.DTR {
		return errLinuxOnly
	}
	return nil
}

func pseudo(string) bool { return false }

func (*control) read(port io.Reader, b []byte, _ *atomic.Bool) (int, error) { return port.Read(b) }

func (*control) write(port io.Writer, b []byte, _ *atomic.Bool) (int, error) { return port.Write(b) }
func (*control) close()                                                      {}
