package dtls

import (
	"bytes"
	"crypto/rand"
	"crypto/x509"
	"net"
	"slices"
	"sync"

	"github.com/pion/dtls/v3"
)

// server makes pion's side of sessions. pion goes through its settings anew for
// each connection made by itself, a twentieth of the processor's time for a
// handshake, but once for all that come out of a listener. So there are listeners
// of pion's, and server is what they listen to: it has the next session connect.
// They stay as long as the credentials do.
type server struct {
	link *Link

	mu    sync.Mutex
	of    Credentials  // that the listeners are for
	plain net.Listener // without resumption; nil before the first session
	full  net.Listener
	next  *session
}

// conn returns the connection of a session whose ClientHello came.
func (v *server) conn(s *session) (*dtls.Conn, error) {
	var now Credentials
	if v.link.cfg.Credentials != nil {
		now = v.link.cfg.Credentials()
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.plain == nil || !v.of.same(now) {
		if err := v.listen(now); err != nil {
			return nil, err
		}
	}
	from := v.full
	if s.hello.cid {
		from = v.plain
	}
	v.next = s
	c, err := from.Accept()
	if err != nil {
		return nil, err
	}
	return c.(*dtls.Conn), nil
}

func (v *server) listen(c Credentials) (err error) {
	o := v.link.options(c)
	if v.plain, err = dtls.NewListenerWithOptions(v, o...); err != nil {
		return err
	}
	v.full, err = dtls.NewListenerWithOptions(v, append(o, dtls.WithSessionStore(v.link.tickets))...)
	v.of = c
	return err
}

// Accept implements pion's net.PacketListener.
func (v *server) Accept() (net.PacketConn, net.Addr, error) {
	s := v.next
	v.next = nil
	return &s.pipe, s.at, nil
}

// Close implements pion's net.PacketListener.
func (v *server) Close() error { return nil }

// Addr implements pion's net.PacketListener.
func (v *server) Addr() net.Addr { return endpoint{} }

// same tells whether sessions can be set up alike. Verify is asked for anew
// whenever it is needed.
func (c *Credentials) same(as Credentials) bool {
	return slices.EqualFunc(c.Certificate.Certificate, as.Certificate.Certificate, bytes.Equal) &&
		c.ClientCAs == as.ClientCAs && c.RequireClientCert == as.RequireClientCert
}

// options are what pion has to know.
func (l *Link) options(c Credentials) []dtls.ServerOption {
	o := []dtls.ServerOption{
		dtls.WithCipherSuites(l.suites...),
		dtls.WithLoggerFactory(l.log),
		// The session learns it from its ServerHello.
		dtls.WithConnectionIDGenerator(func() []byte { id := newCID(); return id[:] }),
	}
	if psk := l.cfg.PSK; psk != nil {
		o = append(o, dtls.WithPSK(func(identity []byte) ([]byte, error) { return psk(string(identity)), nil }))
	}
	if l.cfg.Credentials == nil {
		return o
	}
	o = append(o, dtls.WithCertificates(c.Certificate))
	if c.ClientCAs == nil {
		return o
	}
	ask := dtls.VerifyClientCertIfGiven
	if c.RequireClientCert {
		ask = dtls.RequireAndVerifyClientCert
	}
	return append(o, dtls.WithClientAuth(ask), dtls.WithClientCAs(c.ClientCAs), dtls.WithVerifyPeerCertificate(l.verify))
}

// verify has Credentials' last word on a client's certificate, which may lead to
// the authorities by several chains.
func (l *Link) verify(_ [][]byte, chains [][]*x509.Certificate) (err error) {
	verify := l.cfg.Credentials().Verify
	if verify == nil {
		return nil
	}
	for _, chain := range chains {
		if err = verify(chain); err == nil {
			return nil
		}
	}
	return err
}

// newCID is of 64 bits that nobody can guess: no two sessions have the same.
func newCID() (id cid) {
	rand.Read(id[:]) // never fails
	return id
}
