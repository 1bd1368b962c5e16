package lines

import (
	"net"
	"os"
	"testing"
	"testing/synctest"
	"time"
)

// What pion reads from waits for datagrams, deadlines and the end.
func TestPackets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var written string
		p := newPackets(func(b []byte) { written += string(b) })
		type read struct {
			text string
			err  error
		}
		came := make(chan read)
		next := func() read {
			go func() {
				b := make([]byte, 100)
				n, _, err := p.ReadFrom(b)
				came <- read{string(b[:n]), err}
			}()
			synctest.Wait()
			select {
			case r := <-came:
				return r
			default:
				return read{"nothing", nil}
			}
		}
		if got := next(); got.text != "nothing" {
			t.Error(got)
		}
		p.put([]byte("a"))
		if got := <-came; got.text != "a" {
			t.Error(got)
		}
		p.SetReadDeadline(time.Unix(0, 1))
		if got := next(); got.err != os.ErrDeadlineExceeded {
			t.Error(got)
		}
		p.SetReadDeadline(time.Time{})
		for range maxWaiting {
			if !p.put([]byte("b")) {
				t.Error("there was no room")
			}
		}
		if p.put([]byte("c")) {
			t.Error("there was room for too much")
		}
		p.WriteTo([]byte("out"), nil)
		p.Close()
		if got := next(); got.err != net.ErrClosed || written != "out" || !p.put([]byte("d")) {
			t.Error(got, written)
		}
		if _, err := p.WriteTo(nil, nil); err != net.ErrClosed {
			t.Error(err)
		}
	})
}
