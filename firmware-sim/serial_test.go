package main

import (
	"net"
	"strings"
	"sync"
	"testing"

	"snbroker/firmware-sim/internal/cli"
	"snbroker/mqttsn"
	"snbroker/transport/serial/framing"
)

// bridge offers a gateway on UDP as a serial line over TCP, to one device.
func bridge(t *testing.T, gateway, name string) (device string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	udp, err := net.Dial("udp", gateway)
	if err != nil {
		t.Fatal(err)
	}
	f, err := framing.New(name, framing.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var ended sync.WaitGroup
	ended.Go(func() {
		line, err := l.Accept()
		if err != nil {
			return
		}
		ended.Go(func() { answers(f, udp, line) })
		defer udp.Close()
		defer line.Close()
		buf := make([]byte, 1000)
		for {
			n, err := line.Read(buf)
			if err != nil {
				return
			}
			for rest := buf[:n]; ; {
				took, e := f.Next(rest)
				if rest = rest[took:]; e.Kind == framing.None {
					break
				}
				if e.Kind == framing.Message {
					udp.Write(e.Data)
				}
			}
		}
	})
	t.Cleanup(func() {
		l.Close()
		ended.Wait()
	})
	return "tcp://" + l.Addr().String()
}

func answers(f *framing.Framing, udp, line net.Conn) {
	buf := make([]byte, 1000)
	for {
		n, err := udp.Read(buf)
		if err != nil {
			return
		}
		if frame, err := f.Append(nil, "", buf[:n]); err == nil {
			line.Write(frame)
		}
	}
}

func TestSerial(t *testing.T) {
	for _, name := range []string{"hdlc", "slip-crc", "raw"} {
		g := newGateway(t)
		line, said := bridge(t, g.start(), name), name
		if name == "raw" {
			line, said = line+"?framing=raw", "cobs" // said twice, what is behind the device counts
		}
		got := command(t.Context(), "", "pub", "-serial", line, "-framing", said, "-t", "a/b", "-m", "hi", "-q", "1")
		if got.code != cli.ExitOK || got.stderr != "" {
			t.Errorf("%s: %+v", name, got)
		}
		if log := strings.Join(g.log(), "\n"); !strings.Contains(log, "PUBLISH qos=1") || !strings.Contains(log, "DISCONNECT") {
			t.Errorf("%s: %s", name, log)
		}
	}
}

func TestSerialFailures(t *testing.T) {
	g := newGateway(t)
	g.answer[mqttsn.TypeConnect] = nil
	line := bridge(t, g.start(), "cobs")
	for _, tc := range []struct{ want, args string }{
		{"with framing = \"cobs\"", "-serial " + line + " -framing cobs -t-retry 10ms -n-retry 1"},
		{"is it plugged in?", "-serial /dev/snbroker-not-there"},
		{"there is no \"ppp\"", "-serial /dev/null -framing ppp"},
		{"hexadecimal digits", "-serial /dev/null -node 1"},
		{"speed is no setting of a line", "-serial /dev/null?speed=1"},
		{"want 8 for xbee", "-serial /dev/null -framing xbee -node 01"},
	} {
		got := command(t.Context(), "", append([]string{"ping", "-C", "1"}, strings.Fields(tc.args)...)...)
		if got.code != cli.ExitFailed || !strings.Contains(got.stderr, tc.want) {
			t.Errorf("%s: want %q, got %+v", tc.args, tc.want, got)
		}
	}
}
