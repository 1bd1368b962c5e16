package serial

import (
	"bytes"
	"context"
	"net"
	"strings"
	"testing"
	"time"

	"snbroker/transport"
	"snbroker/transport/transporttest"
)

// A server's line is a line, and comes back when the server does.
func TestTCP(t *testing.T) {
	server, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	l := opened(t, onTCP(server.Addr().String()))
	c := transporttest.NewCollect(4)
	done := make(chan error)
	go func() { done <- l.Serve(c) }()
	frame := frameOf(t, "hdlc", pubAck)
	for range 2 {
		conn, err := server.Accept()
		if err != nil {
			t.Fatal(err)
		}
		conn.Write(frame)
		if d := <-c.C; !bytes.Equal(d.Data, pubAck) {
			t.Errorf("got %x", d.Data)
		}
		l.Send(transport.Addr{}, 0, pubAck)
		l.Flush()
		b := make([]byte, len(frame))
		conn.SetReadDeadline(time.Now().Add(10 * time.Second))
		if n, err := conn.Read(b); err != nil || !bytes.Equal(b[:n], frame) {
			t.Errorf("got %x, %v", b[:n], err)
		}
		conn.Close()
	}
	l.Close()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestTCPRefused(t *testing.T) {
	server, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := server.Addr().String()
	server.Close()
	cfg := onTCP(address)
	if _, err := cfg.open(context.Background()); err == nil || !strings.Contains(err.Error(), "is ser2net, or the bridge, running") {
		t.Errorf("got %v", err)
	}
}

func onTCP(address string) Config {
	cfg := DefaultConfig()
	cfg.Device, cfg.Log = "tcp://"+address, quietly
	return cfg
}

func TestConfig(t *testing.T) {
	for want, change := range map[string]func(*Config){
		"want the path of a device": func(c *Config) { c.Device = "" },
		`want "tcp://host:port"`:    func(c *Config) { c.Device = "tcp://nowhere" },
		"nothing else is known":     func(c *Config) { c.Device = "com://1" },
		"1 baud: want 50":           func(c *Config) { c.Baud = 1 },
		`mode "7E1"`:                func(c *Config) { c.Mode = "7E1" },
		"address 255":               func(c *Config) { c.Address = 255 },
		`there is no "ppp"`:         func(c *Config) { c.Framing = "ppp" },
		"MTU 61: want 1 to 60":      func(c *Config) { c.Framing, c.MTU = "radiohead", 61 },
	} {
		cfg := DefaultConfig()
		cfg.Device, cfg.Log = "/dev/null", quietly
		change(&cfg)
		if _, err := Open(cfg); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
}
