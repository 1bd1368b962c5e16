package device

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"

	"github.com/pion/dtls/v3"

	"snbroker/firmware-sim/internal/secure"
)

// dialSecure shakes hands with the gateway.
func dialSecure(ctx context.Context, flags *secure.Flags, gateway string) (net.Conn, error) {
	to, err := net.ResolveUDPAddr("udp", gateway)
	if err != nil {
		return nil, err
	}
	host, _, err := net.SplitHostPort(gateway)
	if err != nil {
		return nil, err
	}
	credentials, err := flags.Load()
	if err != nil {
		return nil, err
	}
	o, err := credentials.Options(host, nil)
	if err != nil {
		return nil, err
	}
	socket, err := net.ListenUDP("udp", nil)
	if err != nil {
		return nil, err
	}
	conn, err := dtls.ClientWithOptions(socket, to, o...)
	if err != nil {
		socket.Close()
		return nil, err
	}
	limited, cancel := context.WithTimeout(ctx, secure.HandshakeTime)
	defer cancel()
	if err := conn.HandshakeContext(limited); err != nil {
		conn.Close()
		switch {
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case limited.Err() != nil:
			return nil, fmt.Errorf("no DTLS handshake with %s within %v: does a gateway with DTLS listen there? A wrong key looks like that, too", gateway, secure.HandshakeTime)
		}
		return nil, fmt.Errorf("no DTLS handshake with %s: %w", gateway, err)
	}
	return &secured{conn}, nil
}

// secured is a DTLS session whose deadlines pass as those of other sockets do.
type secured struct{ *dtls.Conn }

func (c *secured) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	var late net.Error
	if errors.As(err, &late) && late.Timeout() {
		err = os.ErrDeadlineExceeded
	}
	return n, err
}
