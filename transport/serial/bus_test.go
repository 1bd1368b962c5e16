package serial

import (
	"context"
	"net"
	"sync"
	"testing"

	"snbroker/transport"
	"snbroker/transport/serial/framing"
)

// bus is the far end of a line with many nodes on it, each with its own idea of
// the framing. One speaks at a time.
type bus struct {
	t     testing.TB
	port  Port
	name  string
	ended sync.WaitGroup

	speak sync.Mutex
	mu    sync.Mutex
	nodes []*node
	taps  []*memPort
}

func newBus(t testing.TB, port Port, framing string) *bus {
	b := &bus{t: t, port: port, name: framing}
	b.ended.Go(b.read)
	t.Cleanup(func() {
		port.Close()
		b.ended.Wait()
	})
	return b
}

func (b *bus) read() {
	buf := make([]byte, 256)
	for {
		n, err := b.port.Read(buf)
		if err != nil {
			return
		}
		b.mu.Lock()
		for _, node := range b.nodes {
			node.hear(buf[:n])
		}
		for _, tap := range b.taps {
			select {
			case tap.in <- append([]byte{}, buf[:n]...):
			case <-tap.done:
			}
		}
		b.mu.Unlock()
	}
}

// tap is a Port of one more device on the line.
func (b *bus) tap() Port {
	near, _ := memLine()
	b.mu.Lock()
	defer b.mu.Unlock()
	b.taps = append(b.taps, near)
	return tap{near, b}
}

type tap struct {
	*memPort
	bus *bus
}

func (t tap) Write(p []byte) (int, error) {
	t.bus.speak.Lock()
	defer t.bus.speak.Unlock()
	return t.bus.port.Write(p)
}

// node is a device on a bus, and a transporttest.Peer.
type node struct {
	bus     *bus
	address string
	framing *framing.Framing
	got     chan []byte
	done    chan struct{}
	once    sync.Once
}

func (b *bus) node(address string) *node {
	b.t.Helper()
	f, err := framing.New(b.name, framing.Options{Device: true, Address: []byte(address)})
	if err != nil {
		b.t.Fatal(err)
	}
	n := &node{bus: b, address: address, framing: f, got: make(chan []byte, 4096), done: make(chan struct{})}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.nodes = append(b.nodes, n)
	return n
}

func (n *node) hear(octets []byte) {
	for {
		took, e := n.framing.Next(octets)
		octets = octets[took:]
		switch e.Kind {
		case framing.None:
			return
		case framing.Message:
			select {
			case n.got <- append([]byte{}, e.Data...):
			default: // nobody takes them
			}
		}
	}
}

func (n *node) Addr() transport.Addr { return transport.Addr{Node: n.address} }

func (n *node) Send(b []byte) error {
	frame, err := n.framing.Append(nil, "\x00", b)
	if err != nil {
		return err
	}
	n.bus.speak.Lock()
	defer n.bus.speak.Unlock()
	_, err = n.bus.port.Write(frame)
	return err
}

func (n *node) Recv(ctx context.Context) ([]byte, error) {
	select {
	case b := <-n.got:
		return b, nil
	case <-n.done:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (n *node) Close() error {
	n.once.Do(func() { close(n.done) })
	return nil
}
