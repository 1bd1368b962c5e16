package device

import (
	"fmt"
	"io"
	"net"

	"snbroker/mqttsn"
)

// tracedConn writes a line for each datagram, with an arrow for its direction
// as seen from the device.
type tracedConn struct {
	net.Conn
	w io.Writer
}

func (c *tracedConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if err == nil {
		Trace(c.w, "<-", b[:n])
	}
	return n, err
}

func (c *tracedConn) Write(b []byte) (int, error) {
	Trace(c.w, "->", b)
	return c.Conn.Write(b)
}

// Trace is one such line.
func Trace(w io.Writer, arrow string, datagram []byte) {
	fmt.Fprintf(w, "%s %s\n", arrow, mqttsn.Describe(datagram))
}
