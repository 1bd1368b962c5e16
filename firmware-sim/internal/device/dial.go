package device

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"syscall"
	"time"

	"snbroker/mqttsn/client"
)

// Dial opens a socket to the gateway, with DTLS if there are flags for it, or a
// serial line, and with -d reports what passes.
func (d *Flags) Dial(ctx context.Context, debug io.Writer) (net.Conn, error) {
	nc, err := d.dial(ctx)
	if err != nil {
		var dns *net.DNSError
		var addr *net.AddrError
		if errors.As(err, &dns) || errors.As(err, &addr) {
			return nil, fmt.Errorf("%w: -gateway wants host:port, such as 127.0.0.1:1883", err)
		}
		return nil, err
	}
	if d.Debug {
		nc = &tracedConn{Conn: nc, w: debug}
	}
	return nc, nil
}

func (d *Flags) dial(ctx context.Context) (net.Conn, error) {
	switch {
	case d.line.device != "":
		d.Gateway = d.line.device
		return d.line.dial(ctx)
	case d.security.Wanted():
		return dialSecure(ctx, &d.security, d.Gateway)
	}
	return new(net.Dialer).DialContext(ctx, "udp", d.Gateway)
}

// Connect is Dial and CONNECT.
func (d *Flags) Connect(ctx context.Context, debug io.Writer, cfg client.Config) (*client.Conn, error) {
	nc, err := d.Dial(ctx, debug)
	if err != nil {
		return nil, err
	}
	conn, err := client.NewConn(ctx, nc, cfg)
	return conn, d.Explain(err)
}

// Close ends a connection for good. It is for the end of a program that may
// have been told to end, so that it has a little time of its own.
func Close(conn *client.Conn) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	conn.Close(ctx)
}

// Explain adds to an error what there is to do about it.
func (d *Flags) Explain(err error) error {
	var noAnswer *client.NoAnswerError
	var refused *client.ReturnError
	switch {
	case err == nil:
		return nil
	case errors.Is(err, context.Canceled):
		return errors.New("interrupted")
	case errors.Is(err, syscall.ECONNREFUSED):
		return fmt.Errorf("nothing listens on UDP %s: start the gateway, or name another with -gateway host:port", d.Gateway)
	case errors.As(err, &noAnswer) && d.line.device != "":
		return d.line.explain(noAnswer)
	case errors.As(err, &noAnswer):
		return fmt.Errorf("no answer from %s %s: is a gateway listening there? "+
			"Does a firewall let UDP pass? Use -d to see what was sent, and -gateway host:port to ask elsewhere",
			d.Gateway, noAnswer.Effort())
	case errors.Is(err, client.ErrGatewayDisconnected):
		return fmt.Errorf("%s ended the connection: it was restarted, or another device uses the same client id (-i)", d.Gateway)
	case errors.As(err, &refused):
		return fmt.Errorf("%w: %s", err, hint(refused))
	}
	return err
}
