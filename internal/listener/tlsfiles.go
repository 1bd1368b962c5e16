package listener

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
)

// read reads a file for a setting. The cause names the file.
func read(setting, file string) ([]byte, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", setting, err)
	}
	return b, nil
}

func loadPair(certFile, keyFile string) (tls.Certificate, error) {
	cert, err := read("cert_file", certFile)
	if err != nil {
		return tls.Certificate{}, err
	}
	key, err := read("key_file", keyFile)
	if err != nil {
		return tls.Certificate{}, err
	}
	if bytes.Contains(key, []byte("ENCRYPTED")) {
		return tls.Certificate{}, fmt.Errorf("key_file: %s: the key has a passphrase, which nobody can give at a start; openssl pkey writes it without", keyFile)
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return pair, fmt.Errorf("cert_file: %s, key_file: %s: %w", certFile, keyFile, err)
	}
	return pair, nil
}

func loadAuthorities(file string) ([]*x509.Certificate, error) {
	text, err := read("client_ca_file", file)
	if err != nil {
		return nil, err
	}
	var out []*x509.Certificate
	for {
		var block *pem.Block
		if block, text = pem.Decode(text); block == nil {
			break
		}
		if block.Type != "CERTIFICATE" {
			continue
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("client_ca_file: %s: certificate %d: %w", file, len(out)+1, err)
		}
		out = append(out, c)
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("client_ca_file: %s: no certificate in PEM", file)
	}
	return out, nil
}
