package serial

import (
	"bytes"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"snbroker/transport"
	"snbroker/transport/transporttest"
)

// What firmware prints is logged, cleaned, and not without end.
func TestConsole(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far := memLine()
		log := &logged{}
		cfg := plain("hdlc", near)
		cfg.Log = log.log()
		l := opened(t, cfg)
		c := transporttest.NewCollect(9)
		serving(t, l, c)
		far.Write([]byte("\x1b[31mpanic\x1b[0m: \x1b[2Jheap\tempty\r\n"))
		far.Write(frameOf(t, "hdlc", pubAck))
		<-c.C
		for i := range 100 {
			fmt.Fprintf(far, "line %d\r\n", i)
		}
		synctest.Wait()
		if s := log.String(); !strings.Contains(s, `text="panic: heap empty"`) || strings.Contains(s, "\x1b") || strings.Count(s, "console") > 12 {
			t.Errorf("%d lines:\n%s", strings.Count(s, "console"), s)
		}
	})
}

// What comes instead of messages is told, once.
func TestWrongFraming(t *testing.T) {
	noise := make([]byte, 400)
	for i := range noise {
		noise[i] = byte(i*i*31) | 0x80
	}
	for _, tc := range []struct {
		framing string
		line    []byte
		want    string
	}{
		{"raw", bytes.Repeat(frameOf(t, "hdlc", pubAck), 20), `look like frames of hdlc: set framing = \"hdlc\"`},
		{"hdlc", bytes.Repeat(frameOf(t, "cobs", pubAck), 200), `set framing = \"cobs\"`},
		{"hdlc", bytes.Repeat(frameOf(t, "raw", pubAck), 400), `set framing = \"raw\"`},
		{"hdlc", bytes.Repeat(frameOf(t, "raw", pubAck), 6), `set framing = \"raw\"`},
		{"cobs", bytes.Repeat(frameOf(t, "slip", pubAck), 20), `set framing = \"slip\"`},
		{"slip", bytes.Repeat(frameOf(t, "slip-crc", pubAck), 20), `set framing = \"slip-crc\"`},
		{"hdlc", bytes.Repeat(frameOf(t, "xbee", pubAck), 20), `API mode 2`},
		{"hdlc", bytes.Repeat([]byte("I (99) wifi: up\r\n"), 200), "nothing but text"},
		{"hdlc", bytes.Repeat(noise, 8), "is 4000000 baud"},
		{"raw", bytes.Repeat(noise, 8), "is 4000000 baud"},
	} {
		synctest.Test(t, func(t *testing.T) {
			near, far := memLine()
			log := &logged{}
			cfg := plain(tc.framing, near)
			cfg.Log = log.log()
			serving(t, opened(t, cfg), transporttest.Func(func(transport.Link, []transport.Datagram) {}))
			far.Write(tc.line)
			time.Sleep(time.Second)
			synctest.Wait()
			if s := log.String(); strings.Count(s, tc.want) != 1 || strings.Count(s, "octets come, but") != 1 {
				t.Errorf("%s: want %q once in\n%s", tc.framing, tc.want, s)
			}
		})
	}
}

// A board that starts is waited for, and heard only as far as it prints.
func TestSettle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far := memLine()
		log := &logged{}
		cfg := plain("hdlc", near)
		cfg.Log, cfg.Settle = log.log(), 2*time.Second
		var early atomic.Bool
		l := opened(t, cfg)
		serving(t, l, transporttest.Func(func(transport.Link, []transport.Datagram) { early.Store(true) }))
		far.Write([]byte("bootloader\r\n"))
		time.Sleep(time.Second)
		far.Write(frameOf(t, "hdlc", pubAck))
		time.Sleep(500 * time.Millisecond)
		if early.Load() || !strings.Contains(log.String(), "bootloader") {
			t.Errorf("early %v\n%s", early.Load(), log)
		}
		time.Sleep(time.Second)
		far.Write(frameOf(t, "hdlc", pubAck))
		synctest.Wait()
		if !early.Load() {
			t.Error("nothing heard afterwards")
		}
	})
}
