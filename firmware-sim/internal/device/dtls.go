package device

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"net"
	"os"
	"strings"
	"time"

	"github.com/pion/dtls/v3"
)

// security is what a device has for DTLS; without any of it there is none.
type security struct{ psk, cert, key, ca string }

func (s *security) register(f *flag.FlagSet) {
	f.StringVar(&s.psk, "psk", "", "DTLS with a pre-shared key: `identity:hexkey`")
	f.StringVar(&s.cert, "cert", "", "DTLS with a certificate: its `file` in PEM; needs -key")
	f.StringVar(&s.key, "key", "", "the certificate's key, a `file` in PEM")
	f.StringVar(&s.ca, "ca", "", "DTLS: authorities of the gateway's certificate, a `file` in PEM (default: the system's)")
}

func (s *security) wanted() bool { return *s != security{} }

// handshakeTime is enough for some repetitions, which come after 1, 2 and 4 s.
const handshakeTime = 10 * time.Second

// pskSuites begin with the one that every small device has.
var pskSuites = []dtls.CipherSuiteID{
	dtls.TLS_PSK_WITH_AES_128_CCM_8, dtls.TLS_PSK_WITH_AES_128_GCM_SHA256, dtls.TLS_PSK_WITH_AES_128_CCM,
}

// options are what the flags say, in pion's terms. The device asks for a
// Connection ID towards the gateway, and needs none itself.
func (s *security) options(host string) ([]dtls.ClientOption, error) {
	o := []dtls.ClientOption{dtls.WithConnectionIDGenerator(dtls.OnlySendCIDGenerator())}
	if s.psk != "" {
		identity, digits, ok := strings.Cut(s.psk, ":")
		key, err := hex.DecodeString(digits)
		switch {
		case !ok || err != nil || identity == "" || len(key) == 0:
			return nil, errors.New("-psk wants identity:hexkey, such as meter-1:00112233445566778899aabbccddeeff")
		case s.cert != "" || s.key != "" || s.ca != "":
			return nil, errors.New("-psk is instead of -cert, -key and -ca")
		}
		return append(o, dtls.WithCipherSuites(pskSuites...), dtls.WithPSKIdentityHint([]byte(identity)),
			dtls.WithPSK(func([]byte) ([]byte, error) { return key, nil })), nil
	}
	o = append(o, dtls.WithServerName(host))
	if (s.cert == "") != (s.key == "") {
		return nil, errors.New("-cert and -key go together")
	}
	if s.cert != "" {
		own, err := tls.LoadX509KeyPair(s.cert, s.key)
		if err != nil {
			return nil, fmt.Errorf("-cert and -key: %w", err)
		}
		o = append(o, dtls.WithCertificates(own))
	}
	if s.ca == "" {
		return o, nil
	}
	text, err := os.ReadFile(s.ca)
	if err != nil {
		return nil, fmt.Errorf("-ca: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("-ca: %s: no certificate in PEM", s.ca)
	}
	return append(o, dtls.WithRootCAs(pool)), nil
}

// dial shakes hands with the gateway.
func (s *security) dial(ctx context.Context, gateway string) (net.Conn, error) {
	to, err := net.ResolveUDPAddr("udp", gateway)
	if err != nil {
		return nil, err
	}
	host, _, err := net.SplitHostPort(gateway)
	if err != nil {
		return nil, err
	}
	o, err := s.options(host)
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
	limited, cancel := context.WithTimeout(ctx, handshakeTime)
	defer cancel()
	if err := conn.HandshakeContext(limited); err != nil {
		conn.Close()
		switch {
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case limited.Err() != nil:
			return nil, fmt.Errorf("no DTLS handshake with %s within %v: does a gateway with DTLS listen there? A wrong key looks like that, too", gateway, handshakeTime)
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
