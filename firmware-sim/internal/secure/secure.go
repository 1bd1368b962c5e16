// Package secure is what devices have for DTLS: keys that they share with the
// gateway, or a certificate.
package secure

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/pion/dtls/v3"
)

// HandshakeTime is enough for some repetitions, which come after 1, 2 and 4 s.
const HandshakeTime = 10 * time.Second

// Flags are a command's. Without any of them there is no DTLS.
type Flags struct{ psk, cert, key, ca string }

// Register adds them to a command's flag set. psk is what -psk is there.
func (f *Flags) Register(set *flag.FlagSet, psk string) {
	set.StringVar(&f.psk, "psk", "", psk)
	set.StringVar(&f.cert, "cert", "", "DTLS with a certificate: its `file` in PEM; needs -key")
	set.StringVar(&f.key, "key", "", "the certificate's key, a `file` in PEM")
	set.StringVar(&f.ca, "ca", "", "DTLS: authorities of the gateway's certificate, a `file` in PEM (default: the system's)")
}

// Wanted tells whether there are any.
func (f *Flags) Wanted() bool { return *f != Flags{} }

// Credentials are those of a device, or of all devices of a fleet.
type Credentials struct {
	identity string            // of a key; "" is none
	keys     map[string][]byte // by identity
	key      []byte            // everybody's, if keys is nil
	file     string            // where keys are from
	options  []dtls.ClientOption

	// Resume: devices keep their sessions' secrets while they have no power. They
	// ask for no Connection ID then, since a session that is resumed has none.
	Resume bool
}

// pskSuites begin with the one that every small device has.
var pskSuites = []dtls.CipherSuiteID{
	dtls.TLS_PSK_WITH_AES_128_CCM_8, dtls.TLS_PSK_WITH_AES_128_GCM_SHA256, dtls.TLS_PSK_WITH_AES_128_CCM,
}

// Load reads the files that the flags name. Errors name the flag.
func (f *Flags) Load() (*Credentials, error) {
	c := new(Credentials)
	switch {
	case f.psk == "":
		return c, c.loadCertificates(f)
	case f.cert != "" || f.key != "" || f.ca != "":
		return nil, errors.New("-psk is instead of -cert, -key and -ca")
	}
	return c, c.loadKeys(f.psk)
}

func (c *Credentials) loadKeys(psk string) error {
	c.options = append(c.options, dtls.WithCipherSuites(pskSuites...))
	identity, key, _ := strings.Cut(psk, ":")
	c.identity = identity
	var isFile bool
	var err error
	if c.file, isFile = strings.CutPrefix(key, "@"); isFile && identity != "" {
		text, err := os.ReadFile(c.file)
		if err != nil {
			return fmt.Errorf("-psk: %w", err)
		}
		c.keys, err = parseKeys(c.file, string(text))
		return err
	}
	if c.key, err = hex.DecodeString(key); err != nil || identity == "" || len(c.key) == 0 {
		return errors.New("-psk wants identity:hexkey, such as meter-1:00112233445566778899aabbccddeeff, or identity:@file")
	}
	return nil
}

// parseKeys reads lines of identity:hexkey, the gateway's own psk_file for one. Empty
// lines and those that begin with # are left out.
func parseKeys(name, text string) (map[string][]byte, error) {
	keys := make(map[string][]byte)
	for i, line := range strings.Split(text, "\n") {
		if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
			continue
		}
		at := strings.LastIndexByte(line, ':')
		key, err := hex.DecodeString(line[at+1:])
		if at < 1 || err != nil || len(key) == 0 {
			return nil, fmt.Errorf("-psk: %s:%d: want identity:hexkey", name, i+1)
		}
		keys[line[:at]] = key
	}
	return keys, nil
}

func (c *Credentials) loadCertificates(f *Flags) error {
	if (f.cert == "") != (f.key == "") {
		return errors.New("-cert and -key go together")
	}
	if f.cert != "" {
		own, err := tls.LoadX509KeyPair(f.cert, f.key)
		if err != nil {
			return fmt.Errorf("-cert and -key: %w", err)
		}
		c.options = append(c.options, dtls.WithCertificates(own))
	}
	if f.ca == "" {
		return nil
	}
	text, err := os.ReadFile(f.ca)
	if err != nil {
		return fmt.Errorf("-ca: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return fmt.Errorf("-ca: %s: no certificate in PEM", f.ca)
	}
	c.options = append(c.options, dtls.WithRootCAs(pool))
	return nil
}

// Options are those of one device towards a gateway's host, in pion's terms. name
// makes its identity of the flag's; nil leaves that as it is.
func (c *Credentials) Options(host string, name func(template string) string) ([]dtls.ClientOption, error) {
	options := slices.Clone(c.options)
	if !c.Resume {
		// A device asks for one towards the gateway, and needs none itself.
		options = append(options, dtls.WithConnectionIDGenerator(dtls.OnlySendCIDGenerator()))
	}
	if c.identity == "" {
		return append(options, dtls.WithServerName(host)), nil
	}
	identity, key := c.identity, c.key
	if name != nil {
		identity = name(identity)
	}
	if c.keys != nil {
		if key = c.keys[identity]; key == nil {
			return nil, fmt.Errorf("-psk: %s has no key of %s: add a line %s:hexkey", c.file, identity, identity)
		}
	}
	return append(options, dtls.WithPSKIdentityHint([]byte(identity)),
		dtls.WithPSK(func([]byte) ([]byte, error) { return key, nil })), nil
}
