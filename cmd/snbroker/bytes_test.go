package main

import (
	"bytes"
	"io"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// Packets and messages written by hand: these tests are about the program, and
// see what goes over the wire.
const (
	mqttConnect   = "\x10\x0d\x00\x04MQTT\x04\x02\x00\x3c\x00\x01c" // 3.1.1, clean session, "c"
	mqttConnack   = "\x20\x02\x00\x00"
	mqttRefused   = "\x20\x02\x00\x05" // not authorized
	mqttSubscribe = "\x82\x07\x00\x01\x00\x02x1\x00"
	mqttSuback    = "\x90\x03\x00\x01\x00"

	snSearchGw   = "\x03\x01\x00"
	snGwInfo     = "\x03\x02\x01"
	snConnect    = "\x07\x04\x04\x01\x00\x3cd" // clean session, 60 s, "d"
	snConnack    = "\x03\x05\x00"
	snDisconnect = "\x02\x18"
)

// onePort is a listener of each protocol, at ports that are free.
const onePort = "[[mqtt.listener]]\naddress = \"127.0.0.1:0\"\n[[mqttsn.listener]]\naddress = \"127.0.0.1:0\"\n"

// mqttPublish is a QoS 0 PUBLISH to x1, snPublish the same from a device and
// snMinusOne from one without a connection.
func mqttPublish(text string) string {
	return "\x30" + string(rune(4+len(text))) + "\x00\x02x1" + text
}

func snPublish(text string) string {
	return string(rune(7+len(text))) + "\x0c\x02x1\x00\x00" + text
}

func snMinusOne(text string) string {
	return string(rune(7+len(text))) + "\x0c\x62x1\x00\x00" + text
}

// peer is a client or a device.
type peer struct {
	t testing.TB
	net.Conn
}

func dial(t testing.TB, network, address string) peer {
	t.Helper()
	conn, err := net.Dial(network, address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(20 * time.Second))
	return peer{t, conn}
}

func (p peer) say(text string) {
	p.t.Helper()
	if _, err := io.WriteString(p, text); err != nil {
		p.t.Fatal(err)
	}
}

// hear waits for exactly this.
func (p peer) hear(want string) {
	p.t.Helper()
	b := make([]byte, 512)
	var n int
	var err error
	if _, datagrams := p.Conn.(*net.UDPConn); datagrams {
		n, err = p.Read(b)
	} else {
		n, err = io.ReadFull(p, b[:len(want)])
	}
	if err != nil || !bytes.Equal(b[:n], []byte(want)) {
		p.t.Fatalf("heard % x, %v; want % x", b[:n], err, want)
	}
}

func (p peer) ask(question, answer string) {
	p.t.Helper()
	p.say(question)
	p.hear(answer)
}

// ends waits for the end of the connection, whatever comes before it.
func (p peer) ends() {
	p.t.Helper()
	if _, err := io.Copy(io.Discard, p); err != nil {
		if e, ok := err.(net.Error); ok && e.Timeout() {
			p.t.Fatal("the connection goes on")
		}
	}
}

func file(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "snbroker.toml")
	rewrite(t, path, text)
	return path
}

func rewrite(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
