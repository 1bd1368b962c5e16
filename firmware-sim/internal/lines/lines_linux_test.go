package lines

import (
	"fmt"
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"
)

// catcher notes what arrives, by line.
type catcher struct {
	mu   sync.Mutex
	got  map[ID]string
	came chan struct{}
}

func (c *catcher) Received(batch []Datagram) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, d := range batch {
		c.got[d.Line] += string(d.Data)
	}
	c.came <- struct{}{}
}

// echo answers every datagram with itself, and counts the addresses it sees.
func echo(t testing.TB, network, address string) (netip.AddrPort, func() int) {
	t.Helper()
	pc, err := net.ListenPacket(network, address)
	if err != nil {
		t.Fatal(err)
	}
	seen := make(map[string]bool)
	var mu sync.Mutex
	done := make(chan struct{})
	go func() {
		defer close(done)
		buf := make([]byte, 1<<16)
		for {
			n, from, err := pc.ReadFrom(buf)
			if err != nil {
				return
			}
			mu.Lock()
			seen[from.String()] = true
			mu.Unlock()
			pc.WriteTo(buf[:n], from)
		}
	}()
	t.Cleanup(func() {
		pc.Close()
		<-done
	})
	return pc.LocalAddr().(*net.UDPAddr).AddrPort(), func() int {
		mu.Lock()
		defer mu.Unlock()
		return len(seen)
	}
}

// Each line has an address of its own, and gets the answers to what it sent.
func TestLines(t *testing.T) {
	for name, with := range map[string]func(netip.AddrPort, Receiver) (Lines, error){"loopback": newLoopback, "sockets": newSockets} {
		t.Run(name, func(t *testing.T) {
			const many = 200
			to, addresses := echo(t, "udp4", "127.0.0.1:0")
			c := &catcher{got: make(map[ID]string), came: make(chan struct{}, 10*many)}
			l, err := with(to, c)
			if err != nil {
				t.Fatal(err)
			}
			for range many {
				id, err := l.Open(nil)
				if err != nil {
					t.Fatal(err)
				}
				l.Send(id, fmt.Appendf(nil, "%d;", id))
			}
			l.Flush()
			all := func() bool {
				c.mu.Lock()
				defer c.mu.Unlock()
				return len(c.got) == many
			}
			for late := time.After(10 * time.Second); !all(); {
				select {
				case <-c.came:
				case <-late:
					t.Fatalf("%d lines were answered", len(c.got))
				}
			}
			l.Close(0)
			l.Shut()
			for id, text := range c.got {
				if text != fmt.Sprintf("%d;", id) {
					t.Errorf("line %d got %s", id, text)
				}
			}
			if n := addresses(); n != many {
				t.Errorf("%d addresses", n)
			}
			if s := l.Stats(); s.Sent != many || s.Received != many || s.Refused != 0 {
				t.Errorf("%+v", s)
			}
		})
	}
}

// A datagram that is longer than usual is sent all the same.
func TestLongDatagram(t *testing.T) {
	to, _ := echo(t, "udp4", "127.0.0.1:0")
	c := &catcher{got: make(map[ID]string), came: make(chan struct{}, 10)}
	l, err := newLoopback(to, c)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Shut()
	id, _ := l.Open(nil)
	l.Send(id, make([]byte, 5000))
	l.Send(id, make([]byte, 100))
	l.Flush()
	<-c.came
	if s := l.Stats(); s.Sent != 2 {
		t.Errorf("%+v", s)
	}
}

func TestResolve(t *testing.T) {
	if a, err := resolve("127.0.0.1:1883"); err != nil || a.String() != "127.0.0.1:1883" {
		t.Error(a, err)
	}
	if _, err := resolve("nowhere"); err == nil {
		t.Error("an address without a port")
	}
	to, _ := echo(t, "udp4", "127.0.0.1:0")
	if err := probe(to); err != nil {
		t.Error(err)
	}
	if err := probe(netip.MustParseAddrPort("127.0.0.1:9")); err == nil {
		t.Error("somebody listens on port 9")
	}
}

// BenchmarkSend is what a datagram costs, from an address of its own.
func BenchmarkSend(b *testing.B) {
	pc, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer pc.Close()
	l, err := open(pc.LocalAddr().(*net.UDPAddr).AddrPort(), &catcher{got: make(map[ID]string), came: make(chan struct{}, 1)})
	if err != nil {
		b.Fatal(err)
	}
	defer l.Shut()
	data := make([]byte, 40)
	var id ID
	for b.Loop() {
		id++
		l.Send(id%50_000, data)
	}
}

// What a gateway has no room for is seen.
func TestOverrun(t *testing.T) {
	pc, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer pc.Close()
	pc.(*net.UDPConn).SetReadBuffer(4096) // and nobody reads
	l, err := Open(t.Context(), pc.LocalAddr().String(), nil, &catcher{got: make(map[ID]string), came: make(chan struct{}, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Shut()
	id, _ := l.Open(nil)
	for range 1000 {
		l.Send(id, make([]byte, 100))
	}
	l.Flush()
	if s := l.Stats(); s.Sent != 1000 || s.Overrun < 900 || s.Dropped != 0 {
		t.Errorf("%+v", s)
	}
}
