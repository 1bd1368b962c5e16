package listener

import "crypto/tls"

// tlsConn is a connection with TLS that can wait for its client with next to no
// buffer.
type tlsConn struct {
	*tls.Conn
	n     int
	first [firstRead]byte // of it n octets are read and not yet taken
}

// firstRead is how much a connection waits with: a small packet, so that it
// takes no second read.
const firstRead = 64

// Wait implements waiter.
func (t *tlsConn) Wait() error {
	if t.n > 0 {
		return nil
	}
	n, err := t.Conn.Read(t.first[:])
	if t.n = n; n > 0 {
		return nil // an error comes again
	}
	return err
}

func (t *tlsConn) Read(b []byte) (int, error) {
	if t.n == 0 {
		return t.Conn.Read(b)
	}
	n := copy(b, t.first[:t.n])
	t.n = copy(t.first[:], t.first[n:t.n])
	return n, nil
}
