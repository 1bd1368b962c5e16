package serial

import (
	"bytes"
	"net"
	"sync"
	"testing"
	"time"
)

// memPort is one end of a line in memory, which takes no time.
type memPort struct {
	in     chan []byte // as written
	out    chan []byte
	rest   []byte        // of the last one
	gone   chan struct{} // shared by both ends: the line is unplugged
	done   chan struct{}
	other  chan struct{} // the other end's done
	unplug func()
	once   sync.Once
}

// memLine is a line in memory. It may be used in a testing/synctest bubble.
func memLine() (a, b *memPort) {
	x, y := make(chan []byte, 1<<12), make(chan []byte, 1<<12)
	gone := make(chan struct{})
	unplug := sync.OnceFunc(func() { close(gone) })
	a = &memPort{in: x, out: y, gone: gone, done: make(chan struct{}), unplug: unplug}
	b = &memPort{in: y, out: x, gone: gone, done: make(chan struct{}), other: a.done, unplug: unplug}
	a.other = b.done
	return a, b
}

func (p *memPort) Read(b []byte) (int, error) {
	limit := time.NewTimer(readTimeout)
	defer limit.Stop()
	if len(p.rest) == 0 {
		select {
		case <-p.done:
			return 0, net.ErrClosed
		case <-p.gone:
			return 0, errHungUp
		case p.rest = <-p.in:
		case <-limit.C:
			return 0, nil
		}
	}
	n := copy(b, p.rest)
	p.rest = p.rest[n:]
	return n, nil
}

func (p *memPort) Write(b []byte) (int, error) {
	select {
	case <-p.done:
		return 0, net.ErrClosed
	case <-p.gone:
		return 0, errHungUp
	case <-p.other: // nobody reads any more
		return 0, errHungUp
	case p.out <- bytes.Clone(b):
		return len(b), nil
	}
}

func (p *memPort) Close() error {
	p.once.Do(func() { close(p.done) })
	return nil
}

func TestMemLine(t *testing.T) {
	a, b := memLine()
	a.Write([]byte("hello"))
	buf := make([]byte, 9)
	if n, err := b.Read(buf); string(buf[:n]) != "hello" || err != nil {
		t.Errorf("%q, %v", buf[:n], err)
	}
	a.unplug()
	if _, err := b.Read(buf); err != errHungUp {
		t.Errorf("%v", err)
	}
}
