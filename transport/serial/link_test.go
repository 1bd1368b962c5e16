package serial

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"snbroker/transport"
	"snbroker/transport/serial/framing"
	"snbroker/transport/transporttest"
)

// logged is a log to look at.
type logged struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logged) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(b)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func (l *logged) log() *slog.Logger { return slog.New(slog.NewTextHandler(l, nil)) }

// serving serves a link until the bubble's test ends.
func serving(t *testing.T, l *Link, r transport.Receiver) {
	t.Helper()
	var ended sync.WaitGroup
	ended.Go(func() {
		if err := l.Serve(r); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(func() {
		l.Close()
		ended.Wait()
	})
}

// frameOf is a message as a device sends it.
func frameOf(t testing.TB, name string, message []byte) []byte {
	t.Helper()
	f, err := framing.New(name, framing.Options{Device: true})
	if err != nil {
		t.Fatal(err)
	}
	b, err := f.Append(nil, "", message)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// pubAck is a message.
var pubAck = []byte{7, 0x0D, 0, 1, 0, 2, 0}

// A line that goes away comes back on the same Link; what is sent meanwhile is
// dropped and counted, and the waits between attempts grow.
func TestReopens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		tries, there := 0, false
		var far *memPort
		plugged := func(yes bool) (*memPort, int) {
			mu.Lock()
			defer mu.Unlock()
			there = yes
			return far, tries
		}
		log := &logged{}
		cfg := plain("hdlc", nil)
		cfg.Log = log.log()
		cfg.OpenPort = func(context.Context) (Port, error) {
			mu.Lock()
			defer mu.Unlock()
			tries++
			if !there {
				return nil, errors.New("not there")
			}
			near, f := memLine()
			far = f
			return near, nil
		}
		l := opened(t, cfg)
		c := transporttest.NewCollect(9)
		serving(t, l, c)
		time.Sleep(time.Minute)
		synctest.Wait()
		if _, n := plugged(false); n < 15 || n > 25 {
			t.Errorf("%d attempts in a minute", n)
		}
		if n := strings.Count(log.String(), "not there"); n != 1 {
			t.Errorf("logged %d times", n)
		}
		l.Send(transport.Addr{}, 0, pubAck)
		l.Flush()
		if s := l.Stats(); s.SendDrops != 1 {
			t.Errorf("%+v", s)
		}
		for range 3 {
			plugged(true)
			time.Sleep(reopenMost)
			synctest.Wait()
			far, _ := plugged(false)
			far.Write(frameOf(t, "hdlc", pubAck))
			if d := <-c.C; !bytes.Equal(d.Data, pubAck) {
				t.Errorf("got %x", d.Data)
			}
			l.Send(transport.Addr{}, 0, pubAck)
			l.Flush()
			synctest.Wait()
			b := make([]byte, 99)
			if n, err := far.Read(b); err != nil || !bytes.Equal(b[:n], frameOf(t, "hdlc", pubAck)) {
				t.Errorf("got %x, %v", b[:n], err)
			}
			far.unplug()
			time.Sleep(time.Second)
		}
		if s := l.LineStats(); s.Reopened != 2 || s.Lost != 3 || s.Open != 0 {
			t.Errorf("%+v", s)
		}
	})
}

// A line that is gone as soon as it is open does not keep anybody busy.
func TestFlappingLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := 0
		cfg := plain("hdlc", nil)
		cfg.OpenPort = func(context.Context) (Port, error) {
			n++
			near, _ := memLine()
			near.unplug()
			return near, nil
		}
		serving(t, opened(t, cfg), transporttest.NewCollect(1))
		time.Sleep(time.Minute)
		synctest.Wait()
		if n > 25 {
			t.Errorf("opened %d times in a minute", n)
		}
	})
}

// stuckPort takes nothing until it is closed.
type stuckPort struct{ *memPort }

func (p stuckPort) Write([]byte) (int, error) {
	<-p.done
	return 0, errHungUp
}

// A line that takes nothing drops what finds no room, and keeps nobody waiting.
func TestQueueIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, _ := memLine()
		log := &logged{}
		cfg := plain("hdlc", stuckPort{near})
		cfg.Baud, cfg.Log = 9600, log.log()
		l := opened(t, cfg)
		serving(t, l, transporttest.NewCollect(1))
		time.Sleep(time.Second)
		begun := time.Now()
		for range 100_000 {
			l.Send(transport.Addr{}, 0, pubAck)
		}
		l.Flush()
		if time.Since(begun) > 0 {
			t.Error("Send waited")
		}
		s := l.Stats()
		if most := uint64(cfg.queueSize() / len(pubAck)); 100_000-s.SendDrops > 2*most {
			t.Errorf("%d of 100000 dropped", s.SendDrops)
		}
		time.Sleep(2 * stuckAfter)
		if n := strings.Count(log.String(), "the other end must raise CTS"); n != 1 {
			t.Errorf("told %d times", n)
		}
		l.Close()
	})
}

// Own messages that come back are dropped; the same octets from a device are not.
func TestEcho(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far := memLine()
		cfg := plain("hdlc", near)
		cfg.Echo = true
		l := opened(t, cfg)
		c := transporttest.NewCollect(9)
		serving(t, l, c)
		for i := range 5 {
			l.Send(transport.Addr{}, 0, []byte{7, 0x0D, 0, byte(i), 0, 2, 0})
		}
		l.Flush()
		synctest.Wait()
		b := make([]byte, 999)
		n := 0
		for n < 55 {
			m, _ := far.Read(b[n:])
			n += m
		}
		b[7] ^= 1 // the first one comes back damaged
		far.Write(b[:n])
		far.Write(b[n-11 : n]) // a device says what the last one said
		synctest.Wait()
		if s := l.LineStats(); s.Echoes != 4 || l.Stats().DatagramsIn != 1 {
			t.Errorf("%+v, %+v", s, l.Stats())
		}
	})
}

// Nothing is sent on a line where somebody speaks.
func TestTurnaround(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far := memLine()
		cfg := plain("hdlc", near)
		cfg.Turnaround = 20 * time.Millisecond
		l := opened(t, cfg)
		serving(t, l, transporttest.NewCollect(9))
		time.Sleep(time.Second)
		far.Write(frameOf(t, "hdlc", pubAck))
		synctest.Wait()
		begun := time.Now()
		l.Send(transport.Addr{}, 0, pubAck)
		l.Flush()
		b := make([]byte, 99)
		if n, _ := far.Read(b); n == 0 || time.Since(begun) < cfg.Turnaround {
			t.Errorf("%d octets after %v", n, time.Since(begun))
		}
	})
}

// A modem that answers gets one frame at a time, and one that does not is not
// waited for for ever.
func TestAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far := memLine()
		cfg := plain("loralink", near)
		l := opened(t, cfg)
		serving(t, l, transporttest.NewCollect(9))
		for range 3 {
			l.Send(transport.Addr{Node: "\x05"}, 0, pubAck)
		}
		l.Flush()
		b := make([]byte, 99)
		begun := time.Now()
		first, _ := far.Read(b)
		far.Write([]byte{0x7E, 0, 7, 5, 0, 0, 0, 0, 0x80, 0xFF - 0x85})
		second, _ := far.Read(b)
		if first == 0 || second != first || time.Since(begun) > 0 {
			t.Errorf("%d and %d octets after %v", first, second, time.Since(begun))
		}
		for n := 0; n == 0; n, _ = far.Read(b) {
		}
		if d := time.Since(begun); d < 9*time.Second || d > 11*time.Second {
			t.Errorf("the third one after %v", d)
		}
	})
}
