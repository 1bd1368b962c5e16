package listener

import (
	"errors"
	"io"
	"net"
	"os"
	"syscall"
	"time"

	"snbroker/internal/auth"
)

// arrival is a connection whose client cannot be heard yet: a PROXY header, a
// TLS handshake or an HTTP request comes first. It has a goroutine of its own,
// whose stack, grown by the handshake, goes with it.
type arrival struct {
	listener *Listener
	cfg      *rules   // those that it came under
	net      net.Conn // the socket
	since    time.Time
	host     *host
	identity string     // that a certificate proves
	proof    auth.Proof // that certificate; nil: there is none
	hijacked bool       // the HTTP server has let go of it
}

// until is when the client must have sent its CONNECT.
func (a *arrival) until() time.Time { return a.since.Add(a.cfg.ConnectTimeout) }

// prepare takes the layers off, one after the other.
func (a *arrival) prepare(fromProxy bool) {
	l := a.listener
	a.net.SetDeadline(a.until())
	nc := a.net
	if fromProxy {
		source, err := readProxy(nc)
		if err != nil {
			if !gone(err) {
				l.stats.badProxyHeader.Add(1)
				a.cfg.Log.Warn("connection refused: this address must send a PROXY protocol header", "listener", l.Addr(), "peer", nc.RemoteAddr(), "error", err)
			}
			l.drop(a)
			return
		}
		if source.IsValid() {
			nc = &proxied{nc, net.TCPAddrFromAddrPort(source)}
			if !l.countHost(a, nc.RemoteAddr()) {
				l.drop(a)
				return
			}
		}
	}
	if t := a.cfg.TLS; t != nil {
		tc, err := t.handshake(nc, a.until())
		if err != nil {
			a.reportHandshake(nc.RemoteAddr(), err)
			l.drop(a)
			return
		}
		if certs := tc.ConnectionState().PeerCertificates; len(certs) > 0 {
			a.identity, a.proof = t.Name(certs[0]), Proof(certs[0], l.files)
		}
		nc = tc
		if a.cfg.web == nil {
			nc = &tlsConn{Conn: tc}
		}
	}
	nc.SetDeadline(time.Time{})
	if a.cfg.web != nil {
		a.cfg.web.take(a, nc)
		return
	}
	l.admit(a, nc)
}

func (a *arrival) reportHandshake(peer net.Addr, err error) {
	l := a.listener
	l.stats.handshakeFailed.Add(1)
	if gone(err) {
		a.cfg.Log.Debug("client left before TLS was agreed on", "listener", l.Addr(), "peer", peer)
		return
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		err = errors.New("connect_timeout passed")
	}
	a.cfg.Log.Info("TLS handshake failed", "listener", l.Addr(), "peer", peer, "error", err)
}

// gone tells whether an error is just the peer's leaving.
func gone(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, net.ErrClosed)
}

// admit makes a client of an arrival.
func (l *Listener) admit(a *arrival, nc net.Conn) {
	l.mu.Lock()
	delete(l.arrivals, a)
	c := newConn(l, a.cfg, nc)
	c.heard, c.host, c.identity, c.proof = a.since, a.host, a.identity, a.proof
	l.conns[c] = struct{}{}
	closed := l.closed
	l.mu.Unlock()
	if closed {
		nc.Close() // Close has not seen it; the reader will
	}
	go c.serve()
}

// drop ends an arrival that is no client. Only the first call counts.
func (l *Listener) drop(a *arrival) {
	a.net.Close()
	l.mu.Lock()
	_, here := l.arrivals[a]
	delete(l.arrivals, a)
	if here {
		l.hosts.leave(a.host, time.Now())
	}
	l.mu.Unlock()
	if here {
		l.done.Done()
	}
}

// countHost counts an arrival by its client's address, which a proxy has told.
func (l *Listener) countHost(a *arrival, client net.Addr) bool {
	l.mu.Lock()
	one, refusal := l.hosts.enter(client, time.Now())
	a.host = one
	l.mu.Unlock()
	if refusal != "" {
		l.refused(client, refusal)
	}
	return refusal == ""
}

// refused counts and logs a connection that its address's limits end.
func (l *Listener) refused(peer net.Addr, refusal string) {
	count := &l.stats.refusedRate
	if refusal == "max_connections_per_address" {
		count = &l.stats.refusedAddress
	}
	if count.Add(1)%1000 == 1 {
		l.log.Warn("connection refused: "+refusal+" is reached", "listener", l.Addr(), "peer", peer)
	}
}
