package main

import (
	"context"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"snbroker/transport/serial"
)

// crossed is a serial line made of two TCP connections: what comes by one goes
// out by the other.
func crossed(t *testing.T) (address string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var wires sync.WaitGroup
	wires.Go(func() {
		a, err := l.Accept()
		if err != nil {
			return
		}
		defer a.Close()
		b, err := l.Accept()
		if err != nil {
			return
		}
		defer b.Close()
		wires.Go(func() { io.Copy(a, b); a.Close() })
		io.Copy(b, a)
	})
	t.Cleanup(func() {
		l.Close()
		wires.Wait()
	})
	return l.Addr().String()
}

// A listener of type serial lets devices in beside the others.
func TestServeSerial(t *testing.T) {
	at := crossed(t)
	var log logBuffer
	s := started(t, `
[[mqtt.listener]]
address = "127.0.0.1:0"
[[mqttsn.listener]]
type = "serial"
framing = "cobs"
device = "tcp://`+at+`"
`, slog.New(slog.NewTextHandler(&log, nil)))
	cfg := serial.DefaultConfig()
	cfg.Device, cfg.Framing, cfg.Log = "tcp://"+at, "cobs", quietly
	line, err := serial.Dial(context.Background(), cfg, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer line.Close()
	line.SetDeadline(time.Now().Add(20 * time.Second))
	device := peer{t, line}
	client := dial(t, "tcp", s.clients[0].Addr().String())
	client.ask(mqttConnect, mqttConnack)
	client.ask(mqttSubscribe, mqttSuback)
	device.ask(snSearchGw, snGwInfo)
	device.ask(snConnect, snConnack)
	device.say(snPublish("by wire"))
	client.hear(mqttPublish("by wire"))
	shown := s.listeners()
	if l := shown[len(shown)-1]; l.Name != "serial tcp://"+at || l.Line.Open != 1 || l.Link.DatagramsIn != 3 || s.counts().PacketsIn != 3+s.clients[0].Stats().PacketsIn {
		t.Errorf("%+v, %+v, %+v", l.Link, l.Line, s.counts())
	}
	s.gateway.Close()
	device.hear(snDisconnect)
	if !strings.Contains(log.String(), `on="serial tcp://`+at) {
		t.Errorf("not announced:\n%s", log.String())
	}
}

// A device that is not there keeps nobody from starting, and a mistake does.
func TestSerialStart(t *testing.T) {
	var log logBuffer
	started(t, `
[[mqtt.listener]]
address = "127.0.0.1:0"
[[mqttsn.listener]]
type = "serial"
device = "/dev/snbroker-not-there"
`, slog.New(slog.NewTextHandler(&log, nil)))
	if !strings.Contains(log.String(), "is it plugged in?") {
		t.Errorf("nothing told:\n%s", log.String())
	}
}
