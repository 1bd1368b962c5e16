//go:build linux || windows || cgo

package serial

import (
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"

	tarm "github.com/tarm/serial"
)

// device is a serial device of this machine.
type device struct {
	port    *tarm.Port
	control *control
	early   int // ends of file that came too early for a timeout
	closed  atomic.Bool
	// Held by Read and Write, so that Close does not take the descriptor away.
	reading, writing sync.Mutex
}

func openDevice(c *Config) (Port, error) {
	ctl, err := takeControl(c.Device)
	if err != nil {
		return nil, explain(c.Device, err)
	}
	port, err := openTarm(c)
	if err == nil {
		if err = ctl.configure(c); err != nil {
			port.Close()
		}
	}
	if err != nil {
		ctl.close()
		return nil, explain(c.Device, err)
	}
	return &device{port: port, control: ctl}, nil
}

// anyBaud is the rate for opening with when the package does not know the one
// that is wanted, which control sets then.
const anyBaud = 9600

func openTarm(c *Config) (*tarm.Port, error) {
	stop := tarm.Stop1
	if c.Mode[2] == '2' {
		stop = tarm.Stop2
	}
	t := tarm.Config{Name: c.Device, Baud: c.Baud, ReadTimeout: readTimeout, Parity: tarm.Parity(c.Mode[1]), StopBits: stop}
	if !usualBaud(c.Baud) {
		t.Baud = anyBaud
	}
	return tarm.OpenPort(&t)
}

// earlyEnds is how many ends of file in a row, each before its time, make a
// hang-up. The package returns one for a timeout as well.
const earlyEnds = 3

// Read implements Port.
func (d *device) Read(b []byte) (int, error) {
	d.reading.Lock()
	defer d.reading.Unlock()
	for {
		begun := time.Now()
		n, err := d.control.read(d.port, b, &d.closed)
		switch {
		case d.closed.Load():
			return 0, net.ErrClosed
		case n > 0:
			d.early = 0
			return n, nil
		case err != nil && !errors.Is(err, io.EOF):
			return 0, err
		case time.Since(begun) >= readTimeout/2:
			d.early = 0
			return 0, nil
		}
		if d.early++; d.early >= earlyEnds {
			return 0, errHungUp
		}
	}
}

// Write implements Port.
func (d *device) Write(b []byte) (int, error) {
	d.writing.Lock()
	defer d.writing.Unlock()
	if d.closed.Load() {
		return 0, net.ErrClosed
	}
	return d.control.write(d.port, b, &d.closed)
}

// Close implements Port. It waits for a Read, which does not take long.
func (d *device) Close() error {
	d.closed.Store(true)
	d.writing.Lock()
	defer d.writing.Unlock()
	d.reading.Lock()
	defer d.reading.Unlock()
	err := d.port.Close()
	d.control.close()
	return err
}
