package lines

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
	"time"

	"snbroker/transport/serial"
)

const (
	// readTimeout is how often a silent line is looked after.
	readTimeout = 200 * time.Millisecond
	// writeTimeout is how long the other end may take nothing.
	writeTimeout = 10 * time.Second
)

// openPort opens the line.
func (t *target) openPort(ctx context.Context) (serial.Port, error) {
	if address, tcp := serial.TCP(t.device); tcp {
		conn, err := new(net.Dialer).DialContext(ctx, "tcp", address)
		if err != nil {
			return nil, fmt.Errorf("%w: is ser2net, or the bridge, running there?", err)
		}
		return port{conn}, nil
	}
	file, err := t.openDevice()
	if err != nil {
		return nil, fmt.Errorf("%w: is it plugged in, free, and may you open it?", err)
	}
	return port{file}, nil
}

// stream is a file or a connection.
type stream interface {
	io.ReadWriteCloser
	SetReadDeadline(time.Time) error
	SetWriteDeadline(time.Time) error
}

// port makes a serial.Port of one.
type port struct{ stream }

var errHungUp = errors.New("the line hung up: was it unplugged, or has the other end closed it?")

// Read implements serial.Port: silence is no error.
func (p port) Read(b []byte) (int, error) {
	_ = p.SetReadDeadline(time.Now().Add(readTimeout)) // fails only when closed, as Read does then
	n, err := p.stream.Read(b)
	switch {
	case n > 0, errors.Is(err, os.ErrDeadlineExceeded):
		return n, nil
	case errors.Is(err, io.EOF), errors.Is(err, syscall.EIO):
		return 0, errHungUp
	}
	return n, err
}

// Write implements serial.Port.
func (p port) Write(b []byte) (int, error) {
	_ = p.SetWriteDeadline(time.Now().Add(writeTimeout))
	n, err := p.stream.Write(b)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		err = fmt.Errorf("the line has taken nothing for %v: does the other end read?", writeTimeout)
	}
	return n, err
}
