package lines

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"snbroker/transport/serial"
	"snbroker/transport/serial/framing"
)

// cable is a port that notes what is written to it, and when, and plays what comes.
type cable struct {
	mu      sync.Mutex
	out     []byte
	at      []time.Time
	in      chan []byte
	closing sync.Once
	closed  chan struct{}
}

func newCable() *cable { return &cable{in: make(chan []byte, 100), closed: make(chan struct{})} }

func (w *cable) Read(b []byte) (int, error) {
	select {
	case octets, ok := <-w.in:
		if !ok {
			return 0, io.EOF
		}
		return copy(b, octets), nil
	case <-w.closed:
		return 0, io.ErrClosedPipe
	}
}

func (w *cable) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.out = append(w.out, b...)
	w.at = append(w.at, time.Now())
	return len(b), nil
}

func (w *cable) Close() error {
	w.closing.Do(func() { close(w.closed) })
	return nil
}

// onCables is a line that is a cable, and when that is gone the next one; in between it
// cannot be opened once.
func onCables(t testing.TB, gateway string, r Receiver, cables ...*cable) *serialLine {
	t.Helper()
	p, err := parseTarget(gateway)
	if err != nil {
		t.Fatal(err)
	}
	tries := 0
	p.OpenPort = func(context.Context) (serial.Port, error) {
		if tries++; tries%2 == 0 || tries/2 >= len(cables) {
			return nil, io.EOF
		}
		return cables[tries/2], nil
	}
	l, err := newSerial(t.Context(), p, r)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// What is sent leaves at the line's rate, and what that does not carry is dropped.
func TestSerialKeepsPace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newCable()
		l := onCables(t, "serial:///dev/x?baud=9600&framing=raw", nil, w)
		id, _ := l.Open(nil)
		message := append([]byte{93, 0x0C}, make([]byte, 91)...) // 100 octets behind the forwarder
		begun := time.Now()
		for range 100 {
			l.Send(id, message)
		}
		time.Sleep(time.Minute)
		l.Shut()
		s := l.Stats()
		if s.Sent+s.Dropped != 100 || s.Sent < 40 || s.Sent > 43 { // 4 KiB, and what left meanwhile
			t.Errorf("%+v", s)
		}
		for i, at := range w.at {
			want := time.Duration(i) * 100 * 10 * time.Second / 9600
			if off := at.Sub(begun) - want; off.Abs() > time.Millisecond {
				t.Errorf("frame %d left after %v, want %v", i, at.Sub(begun), want)
			}
		}
	})
}

// Every framing takes messages to the gateway and back, each to its node.
func TestSerialFramings(t *testing.T) {
	for _, name := range framing.Names() {
		synctest.Test(t, func(t *testing.T) {
			w := newCable()
			c := &catcher{got: make(map[ID]string), came: make(chan struct{}, 100)}
			l := onCables(t, "serial:///dev/x?framing="+name, c, w)
			want := make(map[ID]string)
			for range 20 {
				id, err := l.Open(nil)
				if err != nil {
					t.Fatal(err)
				}
				want[id] = string([]byte{3, 0x16, byte(id)})
				l.Send(id, []byte(want[id]))
			}
			time.Sleep(time.Second)
			synctest.Wait()
			w.in <- answered(t, name, w.out)
			synctest.Wait()
			l.Shut()
			if s := l.Stats(); s.Sent < 20 || s.Received != 20 || s.Noise+s.Refused+s.Dropped != 0 || fmt.Sprint(c.got) != fmt.Sprint(want) {
				t.Errorf("%s: %+v, %v", name, s, c.got)
			}
		})
	}
}

// answered is what a gateway's end of the line sends for what it got: the same.
func answered(t *testing.T, name string, octets []byte) (out []byte) {
	t.Helper()
	f, err := framing.New(name, framing.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for {
		n, e := f.Next(octets)
		octets = octets[n:]
		switch e.Kind {
		case framing.None:
			return out
		case framing.Message:
			if out, err = f.Append(out, string(e.Node), bytes.Clone(e.Data)); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// Addresses of one octet are soon given, and none twice.
func TestSerialAddresses(t *testing.T) {
	l := onCables(t, "serial:///dev/x?framing=radiohead&line_address=7", nil, newCable())
	defer l.Shut()
	for range 254 {
		if _, err := l.Open(nil); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := l.Open(nil); err == nil || !strings.Contains(err.Error(), "no more than 254 addresses") {
		t.Error(err)
	}
	l.Send(0, make([]byte, 61))
	if s := l.Stats(); s.Refused != 1 || l.Limits() != (Limits{MTU: 60, Forwarder: true}) {
		t.Errorf("%+v, %+v", s, l.Limits())
	}
}

// A line that went away comes back: what is sent meanwhile is dropped, and a frame
// that was cut off does not spoil the next. What is no frame is counted.
func TestSerialReopens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first, second := newCable(), newCable()
		c := &catcher{got: make(map[ID]string), came: make(chan struct{}, 100)}
		l := onCables(t, "serial:///dev/x?framing=raw", c, first, second)
		id, _ := l.Open(nil)
		for i, w := range []*cable{first, second} {
			l.Send(id, []byte{3, 0x16, byte(i)})
			time.Sleep(time.Second)
			w.in <- []byte{7, 0xFE, 0, 0, 0, 0, byte(id), 3, 0x16, byte(i)}
			w.in <- []byte{7, 0xFE, 0, 0} // half a frame
			synctest.Wait()
			close(w.in)
			synctest.Wait()
			l.Send(id, []byte{3, 0x16, 9}) // to nobody
			time.Sleep(time.Second)
		}
		if s := l.Stats(); s.Sent != 2 || s.Dropped != 2 || s.Received != 2 || s.Noise != 1 || s.Lost != 2 || s.Reopened != 1 || l.Err() != nil {
			t.Errorf("%+v, %v", s, l.Err())
		}
		if got := c.got[id]; got != "\x03\x16\x00\x03\x16\x01" {
			t.Errorf("got %q", got)
		}
		l.Shut()
	})
}

func TestTargetErrors(t *testing.T) {
	for gateway, want := range map[string]string{
		"serial://":                                  "want the path of a device",
		"serial:///dev/x?framing=ppp":                `there is no "ppp"`,
		"serial:///dev/x?baud=1":                     "baud is from 50 to",
		"serial:///dev/x?baud=fast":                  `not "fast"`,
		"serial:///dev/x?speed=9600":                 "speed is no setting of a line: these are baud,",
		"serial:///dev/x?mode=7N1":                   "mode is one of 8N1",
		"serial:///dev/x?max_frame=99999":            "max_frame is from 0 to 65535",
		"tcp://nowhere":                              "want \"tcp://host:port\"",
		"serial:///dev/snbroker-not-there":           "is it plugged in",
		"serial:///dev/null":                         "not a serial device",
		"tcp://127.0.0.1:9":                          "is ser2net, or the bridge, running",
		"carrier-pigeon://loft":                      "no links of the kind carrier-pigeon://",
		"serial:///dev/x?max_frame=3":                "max_frame=3 leaves no room",
		"serial:///dev/x?framing=aquila&max_frame=6": "leaves no room",
	} {
		l, err := Open(t.Context(), gateway, nil, nil)
		if err == nil {
			l.Shut()
		}
		if err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), gateway+": ") {
			t.Errorf("%s: %v", gateway, err)
		}
	}
}

func FuzzTarget(f *testing.F) {
	f.Add("serial:///dev/ttyUSB0?baud=115200&framing=hdlc")
	f.Add("tcp://host:2000?framing=xbee&xbee_api=1&max_frame=100")
	f.Add("serial://COM3?mode=8E1&line_address=254&framing=radiohead")
	f.Fuzz(func(t *testing.T, gateway string) {
		p, err := parseTarget(gateway)
		if err != nil {
			return
		}
		if _, err := p.node(ID(p.mostNodes() - 1)); err != nil || p.mtu() < 2 || p.queueSize() < 4096 {
			t.Errorf("%+v: %v", p, err)
		}
	})
}
