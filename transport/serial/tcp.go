package serial

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
	"time"
)

const (
	dialTimeout = 5 * time.Second
	// writeTimeout is how long a server may take nothing.
	writeTimeout = 10 * time.Second
)

// tcpPort is a line that a server offers: ser2net, an ESP bridge.
type tcpPort struct{ conn net.Conn }

func dialTCP(ctx context.Context, address string) (Port, error) {
	d := net.Dialer{Timeout: dialTimeout, KeepAliveConfig: net.KeepAliveConfig{
		Enable: true, Idle: 15 * time.Second, Interval: 5 * time.Second, Count: 3, // a bridge may lose its power
	}}
	conn, err := d.DialContext(ctx, "tcp", address)
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return nil, fmt.Errorf("tcp %s: nothing listens there: is ser2net, or the bridge, running, and is the port right? %w", address, err)
	case err != nil:
		return nil, fmt.Errorf("tcp %s: %w", address, err)
	}
	return tcpPort{conn}, nil
}

// Read implements Port.
func (p tcpPort) Read(b []byte) (int, error) {
	_ = p.conn.SetReadDeadline(time.Now().Add(readTimeout)) // fails only when closed, as Read then does
	n, err := p.conn.Read(b)
	switch {
	case n > 0, errors.Is(err, os.ErrDeadlineExceeded):
		return n, nil
	case errors.Is(err, io.EOF):
		return 0, errHungUp
	}
	return 0, err
}

// Write implements Port.
func (p tcpPort) Write(b []byte) (int, error) {
	_ = p.conn.SetWriteDeadline(time.Now().Add(writeTimeout))
	return p.conn.Write(b)
}

// Close implements Port.
func (p tcpPort) Close() error { return p.conn.Close() }
